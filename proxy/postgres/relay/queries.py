"""Queries: what comes in a Query message, decided as a whole and sent, or replaced by something that fails."""

from proxy.postgres.protocol import messages
from proxy.postgres.relay.judging.deciding import FAILING, Deciding
from proxy.postgres.relay.judging.questions import close_waiting
from proxy.postgres.relay.judging.reviewing import Reviewing
from proxy.postgres.relay.link import Sent, done
from proxy.postgres.relay.state.connection_state import ConnectionState


class Queries:
    """One connection's."""

    def __init__(self, deciding: Deciding, reviewing: Reviewing, state: ConnectionState) -> None:
        self._deciding = deciding
        self._analysing = deciding.analysing
        self._texts = deciding.texts
        self._reviewing = reviewing
        self._state = state

    def take(self, payload: bytes, whole: bytes) -> Sent:
        sql = messages.read_query(payload)
        if not self._texts.is_certain(sql):
            return self._query_once_certain(sql, whole)
        return self._certain_query(self._texts.text(sql), whole)

    async def _query_once_certain(self, sql: bytes, whole: bytes) -> bytes:
        if not await self._texts.settled():
            return b""
        return await done(self._certain_query(self._texts.text(sql), whole))

    def _certain_query(self, sql: bytes, whole: bytes) -> Sent:
        analysis = self._analysing.known(sql)
        if analysis is None or not self._deciding.allows(analysis):
            return self._decide_query(sql, whole)
        before = close_waiting(self._state)
        self._state.query(analysis, sql=sql if analysis.prepares else b"")
        return before + whole

    async def _decide_query(self, sql: bytes, whole: bytes) -> bytes:
        analysis = await self._analysing.analysed(sql)
        if self._deciding.waits(analysis):
            if not await self._texts.settled():
                return b""
            analysis, denial = await self._reviewing.query(sql)
        else:
            denial = await self._deciding.decide(analysis)
        if self._state.discarding:
            # What was sent before has failed in the meantime, so the server takes no Query before a Sync.
            return b""
        before = close_waiting(self._state) if denial is None else b""
        self._state.query(analysis, denial, sql=sql if analysis.prepares else b"")
        return before + whole if denial is None else messages.query(FAILING)
