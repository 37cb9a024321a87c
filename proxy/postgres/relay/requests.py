"""Requests: what the client asks, taken message by message before anything of it goes upstream.

A statement that is refused is replaced by one that fails there, and its error by ours. So the server itself keeps the
order of answers, discards what was sent behind it and fails the transaction, just as for any other error.

Here is what may be taken when: a message whose meaning hangs on an answer that is yet to come waits for that. What a
message asks for is for Queries, Batches and FunctionCalls to say.
"""

from collections.abc import Callable

from proxy.postgres.protocol import messages
from proxy.postgres.protocol.frames import Frame, ProtocolViolation
from proxy.postgres.relay.batches import Batches
from proxy.postgres.relay.calls.function_calls import FunctionCalls
from proxy.postgres.relay.held_bind import HeldBind
from proxy.postgres.relay.judging.deciding import Deciding
from proxy.postgres.relay.judging.estimate import Estimator
from proxy.postgres.relay.judging.questions import close_waiting
from proxy.postgres.relay.judging.reviewing import Reviewing
from proxy.postgres.relay.link import Link, Sent, done
from proxy.postgres.relay.masked_columns import MaskedColumns
from proxy.postgres.relay.queries import Queries
from proxy.postgres.relay.state.connection_state import ConnectionState
from proxy.postgres.relay.state.pending_reply import Question
from proxy.sessions.session import LiveSession


class Requests:
    """Takes the client's messages, gives the upstream's."""

    def __init__(
        self,
        session: LiveSession,
        masked_columns: MaskedColumns,
        state: ConnectionState,
        link: Link,
        estimator: Estimator,
        pin: Callable[[int], None],
    ) -> None:
        """`pin` counts what messages hold that wait for their review, or are searched as a whole."""
        self._state = state
        self._link = link
        self._deciding = Deciding(session, masked_columns, state, link)
        self._texts = self._deciding.texts
        reviewing = Reviewing(self._deciding, state, link, estimator)
        self._batches = Batches(session, self._deciding, reviewing, state, link, pin)
        self._handlers: dict[int, Callable[[bytes, bytes], Sent]] = {
            ord("Q"): Queries(self._deciding, reviewing, state).take,
            ord("P"): self._batches.parse,
            ord("B"): self._batches.bind,
            ord("D"): self._batches.describe,
            ord("E"): self._batches.execute,
            ord("C"): self._batches.close,
            ord("S"): self._sync,
            ord("F"): FunctionCalls(session, self._deciding, reviewing, state, link, pin).take,
            ord("d"): self._copy_in,
            ord("c"): self._copy_in,
            ord("f"): self._copy_in,
        }

    def take(self, chunk: bytes, frame: Frame) -> Sent:
        """One message of the client, not Terminate; returns what to send upstream.

        Most wait for nothing; the work of one that has to is to be awaited in a task, before the next is taken. Raises
        ProtocolViolation, PolicyFault, RecorderFailed and UpstreamFault, and so does the work.
        """
        tag, start, end = frame
        if (held := self._batches.held) is not None:
            if self._state.discarding:
                self._batches.held = None
            elif not held.is_about(tag, chunk[start:end]):
                return self._take_after(held, chunk, frame)
        if self._state.discarding and tag != _SYNC:
            return b""
        whole = chunk[start - 5 : end]
        if tag == _FLUSH:
            return whole
        if tag not in _WITHIN_COPY:
            if self._state.awaits_copy:
                return self._take_once_answered(chunk, frame)
            if self._state.copying_in:
                raise ProtocolViolation(f"a message of type {tag:#04x} where rows of a COPY are to come")
        if tag in _ENDING_BATCH and self._state.is_in_batch:
            return self._take_after_batch(chunk, frame)
        handler = self._handlers.get(tag)
        if handler is None:
            raise ProtocolViolation(f"a message of type {tag:#04x} where there is none")
        return handler(whole[5:], whole)

    async def _take_after(self, held: HeldBind, chunk: bytes, frame: Frame) -> bytes:
        """The same of what comes in place of a held Bind's Execute."""
        await self._batches.release(held)
        return await done(self.take(chunk, frame))

    async def _take_after_batch(self, chunk: bytes, frame: Frame) -> bytes:
        """The same of a Query or FunctionCall in a batch, which a Sync of ours ends before it.

        The batch may fail between its messages, by a statement_timeout. Without the Sync nobody could tell that from an
        error of this message, and all answers behind it would be taken for others'.
        """
        if self._state.discarding:
            return b""  # It failed since this was read.
        before = self._before_sync()
        self._state.sync(Question())
        await self._link.send(before + messages.SYNC)
        return await done(self.take(chunk, frame))

    async def _take_once_answered(self, chunk: bytes, frame: Frame) -> bytes:
        """The same of what a COPY that may begin would take for an error, and some servers would leave unanswered."""
        if not await self._texts.settled():
            return b""
        return await done(self.take(chunk, frame))

    def drop(self) -> None:
        """Nothing is taken any more: forget what waits."""
        self._batches.drop()

    def withdraw(self) -> bool:
        """The client cancels: whether a statement was waiting for review, which is now withdrawn."""
        return self._deciding.withdraw()

    def _sync(self, _: bytes, whole: bytes) -> Sent:
        """While a COPY comes in the server ignores it, but for an error that may be on its way: so it is not sent."""
        if self._state.awaits_copy:
            return self._texts.once_answered(self._sync, whole)
        if self._state.copying_in:
            return b""
        before = self._before_sync()
        self._state.sync()
        self._batches.synced()
        return before + whole

    def _before_sync(self) -> bytes:
        """Where no block is open it commits, and what is deferred to that may run a portal before that is gone."""
        return b"" if self._state.discarding or self._state.is_in_block else close_waiting(self._state)

    def _copy_in(self, _: bytes, whole: bytes) -> Sent:
        """CopyData, CopyDone and CopyFail, which mean nothing where no COPY waits for them."""
        if self._state.awaits_copy:
            return self._texts.once_answered(self._copy_in, whole)
        if not self._state.copying_in:
            return b""
        if whole[0] != _COPY_DATA:
            self._state.copy_end()
        return whole


_SYNC, _FLUSH, _COPY_DATA = ord("S"), ord("H"), ord("d")
#: What a server that waits for rows of a COPY does not take for an error.
_WITHIN_COPY = frozenset(map(ord, "dcfSH"))
#: Query and FunctionCall are answered by a ReadyForQuery of their own.
_ENDING_BATCH = frozenset({ord("Q"), ord("F")})
