"""Relay: one session between two transports, message by message, with back-pressure in both directions.

What arrives on either side is taken, recorded and sent on in one go, and no task is woken for it. Only what has to wait
is given one (a statement for its review, rows for the catalogue), and its side is not read meanwhile. Any failure ends
the session.
"""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Generator, Sequence
from typing import Any

from proxy.aside import aside
from proxy.errors import ClientFault, Fault, PolicyFault, TooMuchPinned
from proxy.postgres.protocol import messages
from proxy.postgres.protocol.frames import Frame, FrameReader, ProtocolViolation
from proxy.postgres.relay.answers import Answers
from proxy.postgres.relay.judging.estimate import Estimator
from proxy.postgres.relay.link import Link
from proxy.postgres.relay.masked_columns import MaskedColumns
from proxy.postgres.relay.requests import Requests
from proxy.postgres.relay.state.connection_state import MAX_PENDING, ConnectionState
from proxy.postgres.upstream import Upstream, fault
from proxy.sessions.session import LiveSession
from proxy.transport import TURN_BYTES, Transport

_TERMINATE = ord("X")
#: What waits for a longer mask than this takes more than others should wait for.
MAX_SHORT_BYTES = 1024 * 1024
#: What a message of the client's costs beside its bytes, as so many of them: eight or so make a turn.
_MESSAGE_COST_BYTES = 1024


class Relay:
    """Runs until the client leaves, or something fails."""

    def __init__(
        self,
        session: LiveSession,
        masked_columns: MaskedColumns,
        estimator: Estimator,
        client: Transport,
        upstream: Upstream,
        pin: Callable[[int], None],
    ) -> None:
        """`pin` counts what messages hold that wait: for their rest, for a review, for a peer that is slow (Memory)."""
        self._pin = client.pin = upstream.transport.pin = pin
        self._client = client
        self._upstream = upstream
        self._masked_columns = masked_columns
        self._state = ConnectionState()
        self._state.told_encoding = upstream.parameters.get("client_encoding", "UTF8")
        self._state.told_strings = upstream.parameters.get("standard_conforming_strings", "on")
        self._state.cuts_utf8 = upstream.parameters.get("server_encoding", "UTF8") == "UTF8"
        self._answers = Answers(session, masked_columns, self._state, pin)
        link = Link(send=self._send_on, until=self._until, notify=self._notify, answer=client.write)
        self._requests = Requests(session, masked_columns, self._state, link, estimator, pin)
        self._reader = FrameReader(pin=pin)
        self._out: list[bytes] = []
        #: What was taken of the client since others had their turn.
        self._turn = 0
        #: Done when the client says that it leaves, or either direction fails.
        self._over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        #: What of either side has to wait.
        self._asking: asyncio.Task[None] | None = None
        self._going_on: asyncio.Task[None] | None = None
        self._answered = asyncio.Event()

    @property
    def busy(self) -> bool:
        """Whether the upstream is at work on something."""
        return self._state.outstanding > 0

    @property
    def client_knows(self) -> bool:
        """Whether the upstream's own FATAL error went to the client."""
        return self._answers.sent_fatal

    @property
    def longest(self) -> int:
        """Bytes of the longest message that was held in parts, in either direction."""
        return max(self._reader.longest, self._answers.longest)

    async def run(self) -> None:
        """Relay until the client leaves. Raises ClientFault, UpstreamFault, PolicyFault or RecorderFailed."""
        self._client.on_congestion = self._on_congestion
        self._upstream.transport.on_congestion = self._on_upstream_congestion
        self._upstream.transport.lost.add_done_callback(lambda _: self._upstream_lost())
        self._upstream.transport.feed(self._from_upstream)
        self._client.feed(self._from_client)
        tasks: set[asyncio.Future[None]] = {self._over, asyncio.ensure_future(self._until_client_lost())}
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await self._stop(tasks)
        for task in sorted(done, key=lambda task: task.exception() is None):
            task.result()

    async def cancel(self) -> None:
        """The client's CancelRequest: withdraw what is held, else cancel what runs upstream."""
        if not self._requests.withdraw():
            await self._upstream.cancel()

    async def _stop(self, tasks: set[asyncio.Future[None]]) -> None:
        """Nothing of this session goes on; held statements are withdrawn before this returns."""
        tasks = {*tasks, *(task for task in (self._asking, self._going_on) if task is not None)}
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        # What waits yet is nobody's: the relay lies in circles, and would hold it until they are collected.
        self._reader.drop()
        self._requests.drop()
        self._answers.drop()
        self._masked_columns.left(is_quiet=not (self._state.outstanding or self._state.is_in_batch))
        self._out.clear()

    async def _until_client_lost(self) -> None:
        """What it sent before it left is taken yet, but nobody waits for a review of it."""
        await asyncio.shield(self._client.gone)
        if self._asking is None:
            await asyncio.shield(self._client.lost)

    # --- client to upstream -------------------------------------------------------------------------------------------

    def _from_client(self, data: bytes) -> None:
        self._turn = 0
        try:
            self._take_frames(*self._reader.feed(data))
            self._send()
        except Exception as error:
            self._fail_client(error)

    def _take_frames(self, chunk: bytes, frames: Sequence[Frame]) -> None:
        """Take messages up to one that has to wait, which a task goes on with."""
        for position, frame in enumerate(frames):
            if self._over.done():
                return
            if frame[0] == _TERMINATE:
                self._over.set_result(None)
                return
            taken = self._requests.take(chunk, frame)
            work = None if isinstance(taken, bytes) else taken
            if isinstance(taken, bytes):
                self._out.append(taken)
            if work is not None or self._is_to_wait(frame):
                self._client.hold("requests")
                self._asking = asyncio.ensure_future(self._ask(work, chunk, frames[position + 1 :]))
                return

    def _is_to_wait(self, frame: Frame) -> bool:
        """Whether it is the turn of others, or too much is unanswered."""
        self._turn += frame[2] - frame[1] + _MESSAGE_COST_BYTES
        return self._turn >= TURN_BYTES or self._state.outstanding > MAX_PENDING

    async def _ask(self, work: Coroutine[Any, Any, bytes] | None, chunk: bytes, frames: Sequence[Frame]) -> None:
        """Go on with a message that has to wait, then with those behind it."""
        try:
            if work is not None:
                with self._pinned(len(chunk)):
                    self._out.append(await work)
            if self._state.outstanding > MAX_PENDING:
                await self._until_answered()
            await self._flush()
            if self._turn >= TURN_BYTES:
                await asyncio.sleep(0)
        except Exception as error:
            self._fail_client(error)
        finally:
            self._asking = None
            if work is not None:
                # Of what was not begun; nothing of what was.
                work.close()
        self._turn = 0
        try:
            self._take_frames(chunk, frames)
            self._send()
        except Exception as error:
            self._fail_client(error)
        if self._asking is None:
            self._client.release("requests")

    @contextlib.contextmanager
    def _pinned(self, count: int) -> Generator[None]:
        self._pin(count)
        try:
            yield
        finally:
            self._pin(-count)

    def _fail_client(self, error: Exception) -> None:
        """End the session for what went wrong with a message of the client's; what was taken before it is sent."""
        if isinstance(error, ProtocolViolation):
            failed = ClientFault(f"Your client broke PostgreSQL's protocol: {error}.")
            failed.__cause__ = error
            error = failed
        with contextlib.suppress(TooMuchPinned):
            self._send()
        self._fail(error)

    async def _until_answered(self) -> None:
        """Too much was asked ahead: wait until half of it is answered."""
        self._out.append(messages.FLUSH)
        await self._flush()
        await self._until(lambda: self._state.outstanding <= MAX_PENDING // 2)

    async def _until(self, reached: Callable[[], bool]) -> None:
        """Wait until this is true; asked again after each answer of the upstream."""
        while not reached():
            self._answered.clear()
            await self._answered.wait()

    async def _send_on(self, more: bytes) -> None:
        """Send what was taken so far, and this: it must not wait behind what is held."""
        if more:
            self._out.append(more)
        await self._flush()

    async def _flush(self) -> None:
        self._send()
        await self._upstream.transport.drain()

    def _send(self) -> None:
        if self._out:
            taken = b"".join(self._out)
            self._out.clear()
            self._upstream.transport.write(taken)

    async def _notify(self, sentence: str) -> None:
        """A NOTICE between messages; both directions write whole messages only."""
        self._client.write(messages.notice(sentence))

    # --- upstream to client -------------------------------------------------------------------------------------------

    def _from_upstream(self, data: bytes) -> None:
        self._take(self._answers.take, data)

    def _take(self, take: Callable[..., bytes], *data: bytes) -> None:
        if self._over.done():
            return
        try:
            self._client.write(take(*data))
        except Exception as error:
            self._fail_upstream(error)
        self._answered.set()
        if self._answers.waits and self._going_on is None:
            self._upstream.transport.hold("answers")
            self._going_on = asyncio.ensure_future(self._go_on())

    def _fail_upstream(self, error: Exception) -> None:
        """End the session for what went wrong with an answer."""
        if isinstance(error, ProtocolViolation):
            error = fault(self._upstream.resource, f"broke PostgreSQL's protocol: {error}")
        elif not isinstance(error, Fault):
            # Masking failed in a way that nobody thought of: fail closed.
            failed = PolicyFault(f"Gatepass could not mask a result ({type(error).__name__}), so the session ends.")
            failed.__cause__ = error
            error = failed
        self._fail(error)

    async def _go_on(self) -> None:
        """Look up columns of unknown origin or mask what is long, then go on with what waits for that."""
        try:
            while self._answers.waits and not self._over.done():
                try:
                    if self._answers.needs is not None:
                        await self._masked_columns.refresh(self._answers.needs)
                    elif self._answers.aside is not None:
                        with self._pinned(self._answers.stopped_bytes):
                            await aside(self._answers.aside, is_long=self._answers.stopped_bytes > MAX_SHORT_BYTES)
                except Exception as error:
                    self._fail_upstream(error)
                self._take(self._answers.resume)
                self._take(self._answers.catch_up)
        finally:
            self._going_on = None
            self._upstream.transport.release("answers")
        if self._upstream.transport.lost.done():
            self._upstream_lost()

    def _on_congestion(self, congested: bool) -> None:
        if congested:
            self._upstream.transport.hold("client")
        else:
            self._upstream.transport.release("client")

    def _on_upstream_congestion(self, congested: bool) -> None:
        if congested:
            self._client.hold("upstream")
        else:
            self._client.release("upstream")

    def _upstream_lost(self) -> None:
        if self._going_on is None:
            self._fail(fault(self._upstream.resource, "closed the connection"))

    def _fail(self, error: Exception) -> None:
        with contextlib.suppress(asyncio.InvalidStateError):
            self._over.set_exception(error)
