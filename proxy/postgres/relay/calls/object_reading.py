"""ObjectReading: reads of large objects, given out as they are or not at all.

    lo_tell64(fd)                            where the read begins, unless the read before it tells that
    lo_lseek64(fd, …), loread(fd, 8192)      what stands before it there
    loread(fd, n)                            the client's own
    loread(fd, 8192), lo_lseek64(fd, -…)     what stands behind it, where a value may go on there

Bytes of a file cannot be replaced without breaking it, and clients read in pieces of a size that they choose. So each
piece is searched together with what stands around it, wherever in the object it is, and one that holds a byte of what
is masked is refused. The gateway asks for what stands around on the client's own connection: the object is what it is
in its transaction, and the descriptor stands afterwards where the client's read left it. Only the client's own result
is recorded and given out.
"""

import functools
import json
from collections.abc import Callable, Sequence
from typing import TypeVar

from proxy.aside import aside
from proxy.masking.edits import Edit
from proxy.postgres.large_objects import functions, window
from proxy.postgres.large_objects.functions import HASHED_ASIDE_BYTES, ObjectCall
from proxy.postgres.protocol import messages
from proxy.postgres.protocol.frames import ProtocolViolation
from proxy.postgres.protocol.function_calls import function_call, function_result, read_function_result
from proxy.postgres.relay.judging.deciding import Deciding
from proxy.postgres.relay.judging.questions import close_waiting
from proxy.postgres.relay.link import Link
from proxy.postgres.relay.state.connection_state import ConnectionState
from proxy.postgres.relay.state.pending_reply import Kind, Question
from proxy.postgres.sql.texts.query import QueryAnalysis
from proxy.sessions.session import LiveSession

T = TypeVar("T")

#: The rule by which a read is refused.
_RULE = "unmaskable"
_HOLDS = (
    "This part of the large object holds what Gatepass masks ({kinds}), and nothing in a large object can be replaced "
    "without breaking it. Have its owner take that out, or leave the object out (pg_dump --no-large-objects)."
)
_SET, _CURRENT = 0, 1  # SEEK_SET and SEEK_CUR


class _Failed(Exception):
    """The server answered with an error; `message` is the ErrorResponse for the client."""

    def __init__(self, message: bytes) -> None:
        super().__init__()
        self.message = message


class ObjectReading:
    """One connection's."""

    def __init__(
        self,
        session: LiveSession,
        deciding: Deciding,
        state: ConnectionState,
        link: Link,
        pin: Callable[[int], None],
    ) -> None:
        """`pin` counts what is held while it is searched."""
        self._pin = pin
        self._session = session
        self._deciding = deciding
        self._texts = deciding.texts
        self._state = state
        self._link = link
        #: Descriptor -> what its last read ended with; nothing else has run since `_known_at` runs.
        self._known: dict[int, bytes] = {}
        self._known_at = -1

    async def read(self, call: ObjectCall, whole: bytes, analysis: QueryAnalysis) -> None:
        """A loread that may run, and its answer up to its ReadyForQuery. Raises ProtocolViolation and PolicyFault."""
        if not await self._texts.settled():
            return
        if self._state.runs != self._known_at:
            self._known.clear()
        waiting = close_waiting(self._state)
        self._state.note_run(analysis)
        if waiting:
            await self._link.send(waiting)
        try:
            answer = await self._answer(call, whole, analysis)
        except _Failed as failed:
            self._known.clear()
            answer = failed.message
        self._known_at = self._state.runs
        answer += messages.ready_for_query(self._state.status)
        self._session.counters.bytes_out += len(answer)
        self._link.answer(answer)

    async def _answer(self, call: ObjectCall, whole: bytes, analysis: QueryAnalysis) -> bytes:
        """The FunctionCallResponse, or the refusal in its place."""
        descriptor, _ = (value for value in call.values if isinstance(value, int))
        before = self._known.pop(descriptor, None)
        if before is None:
            before = await self._before(descriptor)
        [data] = await self._asked(whole)
        self._pin(len(data))
        try:
            return await self._searched(call, before, data, analysis)
        finally:
            self._pin(-len(data))

    async def _searched(self, call: ObjectCall, before: bytes, data: bytes, analysis: QueryAnalysis) -> bytes:
        descriptor, size = (value for value in call.values if isinstance(value, int))
        behind = b""
        if len(data) >= size and window.is_open(before + data):
            behind = await self._behind(descriptor)
        self._known[descriptor] = (before + data)[-window.AROUND_BYTES :]
        if edits := await self._pieces(before, data, behind):
            return await self._refused(analysis, edits)
        shown = await _aside(functions.shown_data, data)
        record = {"t": self._session.recorder.elapsed(), "type": "returned", "value": shown}
        self._session.recorder.write(json.dumps(record, separators=(",", ":")).encode())
        return function_result(data)

    async def _pieces(self, before: bytes, data: bytes, behind: bytes) -> Sequence[Edit]:
        masker = self._session.masker
        return await _aside(lambda part: window.pieces(masker, before, part, behind), data)

    async def _refused(self, analysis: QueryAnalysis, edits: Sequence[Edit]) -> bytes:
        self._session.masker.count(edits)
        kinds = ", ".join(sorted({edit.kind for edit in edits}))
        return await self._deciding.refuse(analysis.facts, _HOLDS.format(kinds=kinds), _RULE)

    # --- what stands around it ----------------------------------------------------------------------------------------

    async def _before(self, descriptor: int) -> bytes:
        [position] = await self._asked(_call(functions.LO_TELL64, descriptor))
        at = int.from_bytes(position, "big", signed=True)
        count = min(at, window.AROUND_BYTES)
        if count <= 0:
            return b""
        _, before = await self._asked(
            _call(functions.LO_LSEEK64, descriptor, at - count, _SET), _call(functions.LOREAD, descriptor, count)
        )
        # Behind the end of the object less is read than was skipped, and the client's read gives nothing.
        if len(before) < count:
            await self._asked(_call(functions.LO_LSEEK64, descriptor, at, _SET))
        return before

    async def _behind(self, descriptor: int) -> bytes:
        [behind] = await self._asked(_call(functions.LOREAD, descriptor, window.AROUND_BYTES))
        if behind:
            await self._asked(_call(functions.LO_LSEEK64, descriptor, -len(behind), _CURRENT))
        return behind

    async def _asked(self, *calls: bytes) -> list[bytes]:
        """The results of calls of our own, and of the client's as one of ours. Raises _Failed."""
        questions = [Question() for _ in calls]
        for question in questions:
            self._state.ask(question, Kind.CALL)
        await self._link.send(b"".join(calls))
        await self._link.until(lambda: not any(map(self._state.still_asks, questions)))
        return [_result(question) for question in questions]


def _call(oid: int, *values: int) -> bytes:
    return function_call(oid, functions.encoded(oid, *values))


def _result(question: Question) -> bytes:
    if question.failed is not None:
        raise _Failed(question.error)
    value = None if question.result is None else read_function_result(question.result)
    if value is None:
        raise ProtocolViolation("a function call without its result")
    return value


async def _aside(work: Callable[[bytes], T], data: bytes) -> T:
    """In a thread if it is long, so that other sessions go on."""
    if len(data) <= HASHED_ASIDE_BYTES:
        return work(data)
    return await aside(functools.partial(work, data), is_long=True)
