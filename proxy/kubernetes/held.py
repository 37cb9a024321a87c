"""Requests that wait for their review: as long as their client waits, and after that until it asks again.

A client of HTTP hears nothing until it is answered, and gives up some time. So a request that nobody has decided yet is
answered after a while: come again. The review goes on. Asked again for exactly the same (method, address, body), it
waits on, or runs by the approval that there is by then: once. Who hangs up meanwhile withdraws what waits.
"""

import asyncio
import hashlib
from dataclasses import dataclass
from typing import Final

from proxy.sessions.reviewed import Verdict
from proxy.sessions.session import LiveSession
from proxy.statements import StatementFacts
from proxy.tasks import settled

#: How long a client waits: less than the shortest time-outs that people give (kubectl --request-timeout=30s).
WAIT_S: Final = 25.0
#: How long an approval waits for its client to ask again.
COME_BACK_S: Final = 600.0
#: What one session may have waiting at once.
MAX_WAITING: Final = 16

_Key = bytes


@dataclass(frozen=True)
class Decided:
    """What becomes of a request; `message` is for the client: why not, or a warning beside the answer."""

    allowed: bool
    code: int
    message: str = ""


class _Waiting:
    """One request, and whether somebody is there to have it run."""

    def __init__(self, session: LiveSession, facts: StatementFacts) -> None:
        self._here = asyncio.Event()
        self._clients = 0
        #: Its approval is being spent, or was; and somebody has what came of it.
        self.is_running = self.is_taken = False
        #: Who is asked until when, as the session says it; empty until it is put to them.
        self.sentence = ""
        self._told = asyncio.Event()
        self.task = asyncio.ensure_future(session.authorize([facts], self._notify, back=self._back))

    async def _notify(self, sentence: str) -> None:
        self.sentence = sentence
        self._told.set()

    async def told(self) -> None:
        """Until it is put to its reviewers."""
        await self._told.wait()

    async def _back(self) -> None:
        async with asyncio.timeout(COME_BACK_S):
            await self._here.wait()
        self.is_running = True

    def came(self) -> None:
        self._clients += 1
        self._here.set()

    def left(self) -> bool:
        """Whether nobody is there any more."""
        self._clients -= 1
        if not self._clients:
            self._here.clear()
        return not self._clients


class HeldRequests:
    """Those of one session."""

    def __init__(self, *, wait_s: float = WAIT_S) -> None:
        self._wait_s = wait_s
        self._waiting: dict[_Key, _Waiting] = {}

    @staticmethod
    def key(method: str, target: str, body: bytes) -> _Key:
        """What makes two requests the same."""
        parts = (method.encode(), target.encode(), body)
        return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).digest()

    @property
    def any(self) -> bool:
        """Whether something waits, for which the session has to go on."""
        return bool(self._waiting)

    async def authorized(
        self, session: LiveSession, key: _Key, facts: StatementFacts, gone: "asyncio.Future[None]"
    ) -> Decided:
        """Decide on one request of a client that is `gone` when that is done. Raises Fault."""
        waiting = self._waiting.get(key)
        if waiting is None:
            if len(self._waiting) >= MAX_WAITING:
                return Decided(False, 429, f"{MAX_WAITING} requests of this session wait for review. Wait for those.")
            waiting = self._waiting[key] = _Waiting(session, facts)
            waiting.task.add_done_callback(lambda _: self._forget(key, waiting))
        waiting.came()
        try:
            await self._wait(waiting, gone)
            if waiting.is_running:
                await asyncio.wait({waiting.task})
        finally:
            is_last = waiting.left()
        if waiting.task.done():
            return self._taken(waiting)
        if gone.done() and is_last:
            waiting.task.cancel()
            await settled(waiting.task)
        return Decided(False, 429, _come_again(waiting.sentence))

    async def _wait(self, waiting: _Waiting, gone: "asyncio.Future[None]") -> None:
        """Until it is decided or its client is gone; and no longer than `wait_s` from when somebody was asked."""
        told = asyncio.ensure_future(waiting.told())
        try:
            await asyncio.wait({waiting.task, gone, told}, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.wait({waiting.task, gone}, timeout=self._wait_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            told.cancel()

    def _taken(self, waiting: _Waiting) -> Decided:
        """An approval is one client's: of several that wait for the same, the first to hear has it."""
        verdict: Verdict = waiting.task.result()
        if not verdict.allowed:
            return Decided(False, 403, verdict.message)
        if waiting.is_taken:
            return Decided(False, 409, "The approval was for one run, which another request of yours has had.")
        waiting.is_taken = True
        return Decided(True, 200, "approved" if waiting.sentence else "")

    def _forget(self, key: _Key, waiting: _Waiting) -> None:
        if self._waiting.get(key) is waiting:
            del self._waiting[key]
        if not waiting.task.cancelled():
            waiting.task.exception()

    async def close(self) -> None:
        """Withdraw all of them, as their session ends."""
        tasks = [each.task for each in self._waiting.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _come_again(sentence: str) -> str:
    return f"{sentence.removesuffix(' Ctrl-C withdraws it.')} Run it again after the approval: it runs once then."
