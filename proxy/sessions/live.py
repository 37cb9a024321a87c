"""The sessions that live in this process: who they are, and when none is left."""

import asyncio
from collections.abc import Iterator
from uuid import UUID

from proxy.sessions.session import LiveSession
from storage.model import EndReason


class LiveSessions:
    """By id; a session is here from its row's insertion until its end is written or kept for later."""

    def __init__(self) -> None:
        self._sessions: dict[UUID, LiveSession] = {}
        #: Set while no session lives here.
        self.empty = asyncio.Event()
        self.empty.set()

    def __len__(self) -> int:
        return len(self._sessions)

    def __contains__(self, session_id: object) -> bool:
        return session_id in self._sessions

    def __iter__(self) -> Iterator[LiveSession]:
        return iter(list(self._sessions.values()))

    def add(self, session: LiveSession) -> None:
        self._sessions[session.id] = session
        self.empty.clear()

    def remove(self, session: LiveSession) -> None:
        del self._sessions[session.id]
        if not self._sessions:
            self.empty.set()

    def grants(self) -> set[UUID]:
        """The grants under which sessions go on."""
        return {session.grant.id for session in self._sessions.values() if session.ending is None}

    def end_all(self, reason: EndReason, message: str) -> None:
        """Cut every one of them, in one go."""
        for session in self:
            session.end(reason, message)
