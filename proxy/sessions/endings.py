"""How sessions ended, written to storage: a few at a time, and again and again until storage takes them.

Whoever was cut has heard of it and is gone by then; no client waits for what is done here.
"""

import asyncio
import contextlib
from typing import Never
from uuid import UUID

from access.context import Access
from access.grants.sessions import Ending, end_session
from storage.database import StorageUnavailable

#: Endings that are written at once: when hundreds of sessions are cut, the pool's other connections stay free.
ENDINGS_AT_ONCE = 4
#: How often endings that storage could not take are tried again.
RETRY_S = 1.0


class Endings:
    """One for every proxy process."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._turns = asyncio.Semaphore(ENDINGS_AT_ONCE)
        self._being_written: set[UUID] = set()
        #: What storage did not take; while there is any, nobody but `save` waits for storage.
        self._kept: dict[UUID, Ending] = {}

    def __contains__(self, session_id: object) -> bool:
        return session_id in self._being_written or session_id in self._kept

    async def write(self, ending: Ending) -> None:
        """Write it, or keep it for later if storage cannot take it now."""
        self._being_written.add(ending.session_id)
        try:
            async with self._turns:
                await self._write_or_keep(ending)
        finally:
            self._being_written.discard(ending.session_id)

    async def _write_or_keep(self, ending: Ending) -> None:
        if self._kept:
            self._kept[ending.session_id] = ending
            return
        try:
            await end_session(self._access, ending)
        except StorageUnavailable:
            self._kept[ending.session_id] = ending

    async def save(self) -> Never:
        """Write what storage could not take, for as long as the process lives; owned by the server."""
        while True:
            await asyncio.sleep(RETRY_S)
            with contextlib.suppress(StorageUnavailable):
                for ending in list(self._kept.values()):
                    await end_session(self._access, ending)
                    self._kept.pop(ending.session_id)
