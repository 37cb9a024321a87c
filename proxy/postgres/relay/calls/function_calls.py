"""FunctionCalls: what clients call by a function's OID, judged as the SQL that calls it, then relayed or refused.

A call is answered like a Query: its result or an error, then ReadyForQuery; what fails before it in a batch discards it
with the rest. Calls of large objects' functions pass the rules, everything else is refused.
"""

from collections.abc import Callable
from dataclasses import replace

from proxy.aside import aside
from proxy.postgres.large_objects.functions import HASHED_ASIDE_BYTES, NotRelayed, ObjectCall, read_call
from proxy.postgres.protocol import messages
from proxy.postgres.protocol.frames import ProtocolViolation
from proxy.postgres.protocol.function_calls import read_function_call
from proxy.postgres.relay.calls.object_reading import ObjectReading
from proxy.postgres.relay.judging.deciding import FAILING, Deciding
from proxy.postgres.relay.judging.questions import close_waiting
from proxy.postgres.relay.judging.reviewing import Reviewing
from proxy.postgres.relay.link import Link
from proxy.postgres.relay.state.connection_state import ConnectionState
from proxy.postgres.sql.texts.query import QueryAnalysis
from proxy.sessions.session import LiveSession
from proxy.statements import StatementFacts

_OTHER = StatementFacts("(function call)", "call", frozenset({"call"}))
#: The rule by which a call is refused that no rule of a role could allow.
_RULE = "function-calls"


class FunctionCalls:
    """One connection's."""

    def __init__(
        self,
        session: LiveSession,
        deciding: Deciding,
        reviewing: Reviewing,
        state: ConnectionState,
        link: Link,
        pin: Callable[[int], None],
    ) -> None:
        """`pin` counts what is held while it is searched."""
        self._deciding = deciding
        self._analysing = deciding.analysing
        self._texts = deciding.texts
        self._reviewing = reviewing
        self._state = state
        self._reading = ObjectReading(session, deciding, state, link, pin)

    async def take(self, payload: bytes, whole: bytes) -> bytes:
        """One FunctionCall; returns what to send upstream. Raises ProtocolViolation and what Deciding raises."""
        read = read_function_call(payload)
        if self._state.copying_in:
            raise ProtocolViolation("a FunctionCall where rows of a COPY are to come")
        try:
            call = read_call(read)
        except NotRelayed as refusal:
            return self._refused(await self._deciding.refuse([_OTHER], str(refusal), _RULE))
        analysis = await self._analysed(call)
        if self._deciding.waits(analysis):
            if not await self._texts.settled():
                return b""
            denial = await self._reviewing.call(analysis)
        else:
            denial = await self._deciding.decide(analysis)
        if denial is not None:
            return self._refused(denial)
        if call.is_read:
            await self._reading.read(call, whole, analysis)
            return b""
        if self._state.discarding:
            return b""
        before = close_waiting(self._state)
        self._state.call(analysis, call)
        return before + whole

    def _refused(self, denial: bytes) -> bytes:
        if self._state.discarding:
            return b""
        self._state.query(QueryAnalysis(()), denial)
        return messages.query(FAILING)

    async def _analysed(self, call: ObjectCall) -> QueryAnalysis:
        """As the SQL that does the same, with the values of this call as its text."""
        analysis = await self._analysing.analysed(call.sql())
        text = await aside(call.shown, is_long=True) if call.data_bytes > HASHED_ASIDE_BYTES else call.shown()
        statements = tuple(
            replace(each, facts=replace(each.facts, text=text, unreviewable="")) for each in analysis.statements
        )
        return replace(analysis, statements=statements)
