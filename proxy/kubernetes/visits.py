"""Visits: the sessions of a process's clients, kept from one request to the next.

HTTP has no session: a kubectl that runs one command sends a dozen requests by two connections. What is asked with one
credential from one address is one session, until nobody has asked anything for a while. A credential is verified when
its session opens; until it expires, and while the session lives, its next requests need not be verified again, for what
ends the credential ends the session.
"""

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import structlog

from access.identity import presented
from proxy.doors.sources import source_of
from proxy.errors import Fault, PolicyFault, SessionEnded
from proxy.kubernetes.held import WAIT_S, HeldRequests
from proxy.kubernetes.live import Live
from proxy.kubernetes.upstream.api_server import ApiServer
from proxy.recording.asciicast import Cast
from proxy.sessions.authenticator import Admission
from proxy.sessions.gateway import Gateway
from storage.model import Protocol

log: structlog.stdlib.BoundLogger = structlog.get_logger()

#: A session ends when nothing has been asked in it for so long: people read what they got, and type the next command.
IDLE_S: Final = 120.0
#: How long requests of a session that was cut may take to tell their clients.
LAST_WORDS_S: Final = 1.0


@dataclass(frozen=True)
class Limits:
    """How long sessions wait for what."""

    #: For the next request.
    idle_s: float = IDLE_S
    #: For a review, before their client is told to come again.
    hold_wait_s: float = WAIT_S


class Visit:
    """One session and the requests in it."""

    def __init__(self, gateway: Gateway, admission: Admission, software: str, limits: Limits) -> None:
        loop = asyncio.get_running_loop()
        self._expires_at = admission.let_in.claims.expires_at
        self._idle_s = limits.idle_s
        self._asking = 0
        self._idle = asyncio.Event()
        self._calm = asyncio.Event()
        self._calm.set()
        self._timer: asyncio.TimerHandle | None = None
        self._held = HeldRequests(wait_s=limits.hold_wait_s)
        self._live: asyncio.Future[Live] = loop.create_future()
        self.task = asyncio.ensure_future(self._run(gateway, admission, software))

    @property
    def is_open(self) -> bool:
        """Whether further requests may come in by the credential that was verified."""
        if self.task.done() or self._idle.is_set() or self._expires_at <= datetime.now(UTC):
            return False
        return not self._live.done() or self._live.result().session.ending is None

    @contextlib.asynccontextmanager
    async def asking(self) -> AsyncGenerator[Live]:
        """While the block lasts somebody asks something. Raises Fault where there is no session."""
        self._begin()
        try:
            await asyncio.wait({self.task, self._live}, return_when=asyncio.FIRST_COMPLETED)
            if not self._live.done():
                self.task.result()
                raise PolicyFault("The session has ended. Run it again.")
            yield self._live.result()
        finally:
            self._end()

    def _begin(self) -> None:
        self._asking += 1
        self._calm.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _end(self) -> None:
        self._asking -= 1
        if not self._asking:
            self._calm.set()
            self._wait_a_while()

    def _wait_a_while(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._idle_s, self._unless_held)

    def _unless_held(self) -> None:
        """What waits for its review waits in a session."""
        if self._held.any:
            self._wait_a_while()
        else:
            self._idle.set()

    async def _run(self, gateway: Gateway, admission: Admission, software: str) -> None:
        """Raises Fault where no session opens."""
        try:
            async with gateway.enter(admission, client_software=software) as session:
                server = await ApiServer.of(session)
                try:
                    self._live.set_result(Live(session, server, Cast(session.recorder), self._held))
                    await session.run(self._until_idle())
                finally:
                    # What its requests still write goes before the end of the recording.
                    await self._held.close()
                    await self._until_calm()
                    await server.close()
        except SessionEnded as ended:
            if not self._live.done():
                raise
            log.info("kubernetes_session_cut", reason=ended.reason.value)
        finally:
            if self._timer is not None:
                self._timer.cancel()

    async def _until_idle(self) -> None:
        await self._idle.wait()

    async def _until_calm(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LAST_WORDS_S):
                await self._calm.wait()


#: The digest of a token, the door that it was used at, and where from.
_Key = tuple[bytes, str, str]


class Visits:
    """Those of one process."""

    def __init__(self, gateway: Gateway, limits: Limits) -> None:
        self._gateway = gateway
        self._limits = limits
        self._visits: dict[_Key, Visit] = {}
        self._entering: dict[_Key, asyncio.Lock] = {}

    async def visit(self, token: str, door: str, client: str, software: str) -> Visit:
        """The open one of this token, or a new one. Raises AccessRefused, which is on record.

        `door` is the resource, or role@resource; `client` host:port.
        """
        source = source_of(client.rpartition(":")[0])
        key = hashlib.sha256(token.encode()).digest(), door, source
        if (found := self._open(key)) is not None:
            return found
        lock = self._entering.setdefault(key, asyncio.Lock())
        try:
            async with lock:
                return self._open(key) or await self._entered(key, token, client, software)
        finally:
            if not lock.locked():
                self._entering.pop(key, None)

    def _open(self, key: _Key) -> Visit | None:
        found = self._visits.get(key)
        return found if found is not None and found.is_open else None

    async def _entered(self, key: _Key, token: str, client: str, software: str) -> Visit:
        admission = await self._gateway.admit_by(
            presented.token(token), username=key[1], protocol=Protocol.KUBERNETES, client=client
        )
        visit = self._visits[key] = Visit(self._gateway, admission, software, self._limits)
        visit.task.add_done_callback(lambda task: self._left(key, visit, task))
        return visit

    def _left(self, key: _Key, visit: Visit, task: "asyncio.Task[None]") -> None:
        if self._visits.get(key) is visit:
            del self._visits[key]
        if not task.cancelled() and (error := task.exception()) is not None and not isinstance(error, Fault):
            log.error("kubernetes_session_failed", error=type(error).__name__, exc_info=error)

    async def close(self) -> None:
        """End all of them, as their process stops."""
        tasks = [visit.task for visit in self._visits.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
