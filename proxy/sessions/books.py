"""Books: what live sessions counted and recorded so far, kept once a second, for all of them in one transaction.

A crash loses a second of it at most. A storage that does not take it for a while is lost, and the sessions with it.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any, Never
from uuid import UUID

import structlog

from access.context import Access
from access.grants.sessions import Page, save_pages
from proxy.errors import OurFault, RecorderFailed
from proxy.sessions.live import LiveSessions
from proxy.sessions.session import LiveSession
from storage.database import StorageUnavailable

log: structlog.stdlib.BoundLogger = structlog.get_logger()

#: How often counters are saved and recordings are forced to disk.
BOOKKEEPING_S = 1.0
#: How long sessions go on while storage takes nothing of it.
UNKEPT_S = 10.0

_LOST = "Gatepass lost its storage, so this session cannot go on."


class Books:
    """Those of one proxy process."""

    def __init__(self, access: Access, live: LiveSessions, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._access = access
        self._live = live
        self._clock = clock
        self._kept_at = clock()
        #: By session, what storage has of it: its columns, and how many closed segments.
        self._saved: dict[UUID, tuple[dict[str, Any], int]] = {}

    async def run(self) -> Never:
        """Until cancelled; owned by the server."""
        while True:
            await asyncio.sleep(BOOKKEEPING_S)
            await self.keep()

    async def keep(self) -> None:
        """Force every recording to disk, and save what moved; sessions whose books cannot be kept end."""
        sessions = list(self._live)
        self._saved = {session.id: self._saved[session.id] for session in sessions if session.id in self._saved}
        for session, error in await asyncio.to_thread(_synced, sessions):
            session.end(error.reason, str(error))
        pages = [page for session in sessions if (page := self._page(session)) is not None]
        try:
            await save_pages(self._access, pages)
        except StorageUnavailable as error:
            log.warning("books_not_kept", sessions=len(pages), why=str(error))
            if self._clock() - self._kept_at > UNKEPT_S:
                self._live.end_all(OurFault.reason, _LOST)
            return
        self._kept_at = self._clock()
        for page in pages:
            self._saved[page.session_id] = (page.columns, page.first_segment + len(page.segments))

    def _page(self, session: LiveSession) -> Page | None:
        """What storage does not have of it yet."""
        columns, segments = self._saved.get(session.id, (None, 0))
        now, closed = session.counters.columns(), list(session.recorder.closed[segments:])
        return Page(session.id, now, segments, closed) if now != columns or closed else None


def _synced(sessions: Sequence[LiveSession]) -> list[tuple[LiveSession, RecorderFailed]]:
    """Sync all recordings; returns those that failed."""
    failed: list[tuple[LiveSession, RecorderFailed]] = []
    for session in sessions:
        try:
            session.recorder.sync()
        except RecorderFailed as error:
            failed.append((session, error))
    return failed
