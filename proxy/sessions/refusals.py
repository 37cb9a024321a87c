"""Refusals: every login that was refused is on record, and a client that is refused again and again is counted there
rather than written down each time.
"""

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import structlog

from access.context import Access
from proxy.doors.sources import source_of
from storage.audit import trail
from storage.database import StorageUnavailable
from storage.model import Protocol

log: structlog.stdlib.BoundLogger = structlog.get_logger()

#: Refusals of one source that are written one by one in a window; the rest of them become one event with their number.
REFUSALS_A_WINDOW = 10
WINDOW_S = 60.0
#: Sources that are told apart; beyond that they count as one.
MOST_SOURCES = 10_000
#: A sentence may name the door that was typed, which may be as long as a packet.
MAX_WHY_CHARS = 500
_MAX_DOOR_CHARS = 200
#: So much more of either is looked at than is kept, as each character takes time: what is cut off may begin in a value.
_READ = 4


@dataclass(frozen=True)
class Attempt:
    """Somebody at a door: `username` is role@resource as it was typed, `client` host:port."""

    username: str
    protocol: Protocol
    client: str

    @property
    def source(self) -> str:
        """Whom it counts for."""
        return source_of(self.client.rpartition(":")[0] or self.client)


@dataclass
class _Window:
    """One source's refusals since `started`."""

    started: float
    seen: int = 0


class Refusals:
    """Those of one proxy process."""

    def __init__(self, access: Access, clock: Callable[[], float]) -> None:
        self._access = access
        self._clock = clock
        self._windows: dict[str, _Window] = {}

    async def note(self, attempt: Attempt, why: str, *, actor: str = "unknown") -> None:
        """Write it down, or count it."""
        window = self._window(attempt.source)
        window.seen += 1
        if window.seen > REFUSALS_A_WINDOW:
            return
        why = self._shown(why, MAX_WHY_CHARS)
        log.info("access_refused", protocol=attempt.protocol.value, client=attempt.client, why=why)
        resource = self._shown(attempt.username, _MAX_DOOR_CHARS)
        detail = {"protocol": attempt.protocol.value, "client": attempt.client, "why": why}
        await self.record("proxy:session:refuse", resource, detail, actor=actor)

    def _shown(self, text: str, most: int) -> str:
        """What a stranger may have typed, as it may stand on record."""
        return self._access.redact(text[: _READ * most])[:most]

    def _window(self, source: str) -> _Window:
        if source not in self._windows and len(self._windows) >= MOST_SOURCES:
            source = "others"
        return self._windows.setdefault(source, _Window(self._clock()))

    async def summarise(self) -> None:
        """Write how many refusals went unwritten in windows that are over; the server calls it every so often."""
        now = self._clock()
        for source, window in list(self._windows.items()):
            if now - window.started < WINDOW_S:
                continue
            del self._windows[source]
            if (more := window.seen - REFUSALS_A_WINDOW) > 0:
                log.warning("access_refused_again_and_again", client=source, more=more)
                why = f"{more} further refusals within {round(now - window.started)} s"
                await self.record("proxy:session:refuse", "", {"client": source, "why": why, "refusals": more})

    async def record(self, action: str, resource: str, detail: Mapping[str, object], *, actor: str = "unknown") -> None:
        """A failure in the audit log; while storage is away nobody is let in anyway."""
        with contextlib.suppress(StorageUnavailable):
            async with self._access.database.transaction() as transaction:
                await trail.record(
                    transaction, actor=actor, action=action, resource=resource, outcome="failure", detail=detail
                )
