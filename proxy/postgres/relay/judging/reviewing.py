"""Reviewing: a run that a rule has reviewed, made ready for its reviewers: exact text, values, where it runs.

It is asked about when all that was sent before it has been answered, so nothing is on its way that could change what it
means. It refuses what nobody could be sure of: one name for several statements.
"""

from collections.abc import Sequence
from dataclasses import replace

from proxy.postgres.protocol.parameters import Parameter, read_bind_values
from proxy.postgres.relay.judging.deciding import Deciding
from proxy.postgres.relay.judging.estimate import Estimator
from proxy.postgres.relay.judging.held_run import HeldRun, answered
from proxy.postgres.relay.judging.questions import ask_types
from proxy.postgres.relay.judging.shown_parameters import code_in, shown_parameters
from proxy.postgres.relay.link import Link
from proxy.postgres.relay.state.connection_state import ConnectionState
from proxy.postgres.relay.state.prepared import Prepared
from proxy.postgres.sql.catalogue import FIRST_USER_OID
from proxy.postgres.sql.plannable import plannable
from proxy.postgres.sql.texts.executed import SEVERAL, together
from proxy.postgres.sql.texts.query import QueryAnalysis
from proxy.sessions.reviewed import NotAsked


class Reviewing:
    """One connection's; denials are those of Deciding."""

    def __init__(self, deciding: Deciding, state: ConnectionState, link: Link, estimator: Estimator) -> None:
        self._deciding = deciding
        self._analysing = deciding.analysing
        self._texts = deciding.texts
        self._state = state
        self._link = link
        self._estimator = estimator

    async def query(self, sql: bytes, *, is_query: bool = True) -> tuple[QueryAnalysis, bytes | None]:
        """Ask about a Query, or the text of what runs in a batch; all before is answered."""
        analysis = await self._analysing.exactly(sql)
        one = sql if len(analysis.statements) == 1 else b""
        run = HeldRun(self._state, self._link, self._estimator, one, is_query=is_query)
        try:
            schemas = await self._schemas(analysis, run)
        except NotAsked:
            schemas = None
        return analysis, await self._deciding.decide(analysis, run, schemas)

    async def call(self, analysis: QueryAnalysis) -> bytes | None:
        """Ask about a FunctionCall; all before it is answered. What it calls is PostgreSQL's own, wherever it runs."""
        return await self._deciding.decide(
            analysis, HeldRun(self._state, self._link, self._estimator, b"", is_query=True)
        )

    async def run(self, statement: str, candidates: Sequence[Prepared], bind: bytes) -> bytes | None:
        """Ask about an Execute of what was bound to `statement` by the Bind with the payload `bind`.

        None is leave to run, unless the batch is being discarded by then: the client has the error for that.
        """
        live = [each for each in candidates if not each.failed]
        analysis = together([await self._analysing.exactly_prepared(each) for each in live])
        values = read_bind_values(bind)
        sql = live[0].sql if len(live) == 1 else b""
        run = HeldRun(self._state, self._link, self._estimator, sql)
        try:
            schemas = await self._schemas(analysis, run)
            types = await self._types(statement, live, values)
        except NotAsked:
            return None
        code = code_in(types, values) if analysis.calls else {}
        why = next((each.unreviewable for each in code.values() if each.unreviewable), SEVERAL if len(live) > 1 else "")
        analysis = _with_values(analysis, shown_parameters(types, values, code), why)
        return await self._deciding.decide(analysis, run, schemas)

    async def plans_harmlessly(self, candidates: Sequence[Prepared]) -> bool:
        """Whether a Bind of any of these runs nothing of anybody's own, by the texts and what the server says of them.

        What this transaction has made stands in no catalogue that another connection reads.
        """
        named = [each for each in (plannable(one.sql) for one in candidates) if each is not None]
        own = [number for one in candidates for number in one.types if number >= FIRST_USER_OID]
        if own or len(named) < len(candidates) or not await self._texts.settled() or self._state.has_made_things:
            return False
        try:
            schemas = await HeldRun(self._state, self._link, self._estimator, b"").schemas()
        except NotAsked:
            return False
        return schemas is not None and await self._deciding.are_harmless(named, schemas)

    async def _schemas(self, analysis: QueryAnalysis, run: HeldRun) -> Sequence[str] | None:
        """Those that its names without one may stand in, where the rules depend on it; None: any. Raises NotAsked."""
        return await run.schemas() if self._deciding.asks_for_schemas(analysis) else None

    async def _types(self, statement: str, live: Sequence[Prepared], values: Sequence[Parameter]) -> tuple[int, ...]:
        """The parameters' types, of the server where the client left them to it. Raises NotAsked."""
        if len(live) != 1 or not values:
            return ()
        [prepared] = live
        known = len(prepared.types) >= len(values) and all(prepared.types)
        if not known and self._state.prepared(statement) == (prepared,):
            question, sent = ask_types(self._state, statement)
            await answered(self._link, question, sent)
            prepared.types = question.types
        return prepared.types


def _with_values(analysis: QueryAnalysis, lines: Sequence[str], unreviewable: str) -> QueryAnalysis:
    """The text is the statement, and a line below it for each value; `unreviewable` is why that is not all."""
    if not analysis.statements:
        return analysis
    first, *rest = analysis.statements
    facts = first.facts
    shown = replace(
        facts,
        text="\n".join([facts.text, *lines]),
        unreviewable=facts.unreviewable or unreviewable,
    )
    return QueryAnalysis((replace(first, facts=shown), *rest), analysis.refusal)
