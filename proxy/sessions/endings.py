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
        self._unsaved: dict[UUID, Ending] = {}
        #: Whether storage did not take the last one: then nobody waits for it but `save`.
        self._storage_is_away = False

    def __contains__(self, session_id: object) -> bool:
        return session_id in self._unsaved

    async def write(self, ending: Ending) -> None:
        """Write it, or keep it for later if storage cannot take it now."""
        self._unsaved[ending.session_id] = ending
        async with self._turns:
            if not self._storage_is_away:
                with contextlib.suppress(StorageUnavailable):
                    await self._save(ending)

    async def save(self) -> Never:
        """Write what storage could not take, for as long as the process lives; owned by the server."""
        while True:
            await asyncio.sleep(RETRY_S)
            with contextlib.suppress(StorageUnavailable):
                for ending in list(self._unsaved.values()):
                    async with self._turns:
                        await self._save(ending)

    async def _save(self, ending: Ending) -> None:
        """Whoever comes second finds it written; an ending that storage can never take is not kept."""
        if ending.session_id not in self._unsaved:
            return
        try:
            await end_session(self._access, ending)
        except StorageUnavailable:
            self._storage_is_away = True
            raise
        except Exception:
            del self._unsaved[ending.session_id]
            raise
        self._storage_is_away = False
        del self._unsaved[ending.session_id]
