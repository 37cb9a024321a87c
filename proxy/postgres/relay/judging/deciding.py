"""Deciding: what a client asks, put to its role's rules, whatever message it came in.

It tells a request what to do and sends nothing of the client's itself. What a reviewer is to be asked about waits here,
and can be withdrawn.
"""

import asyncio
from collections.abc import Sequence

from access.policy.shapes.statement_rules import StatementRule
from proxy.errors import UpstreamFault
from proxy.postgres.protocol import messages
from proxy.postgres.relay.judging.analysing import Analysing
from proxy.postgres.relay.judging.texts import Texts
from proxy.postgres.relay.link import Link
from proxy.postgres.relay.masked_columns import MaskedColumns
from proxy.postgres.relay.state.connection_state import ConnectionState
from proxy.postgres.sql.plannable import Named
from proxy.postgres.sql.search_path import means_now
from proxy.postgres.sql.texts.query import KEEPS_NAMING, MAX_REMEMBERED, QueryAnalysis
from proxy.sessions.reviewed import Surroundings
from proxy.sessions.session import LiveSession
from proxy.statements import StatementFacts, depends_on_schemas, strictest
from storage.model import VerdictKind

#: What is sent in the place of what was refused: no SQL, so it fails whatever the transaction's state; PostgreSQL's own
#: log shows it.
FAILING = "Gatepass refused a statement before it reached this server"
#: The same in a batch. No client can make it succeed, as it could the Execute of a portal by giving that its name; and
#: it has a name so that the unnamed statement stays what it is.
FAILING_IN_BATCH = messages.parse("gatepass", FAILING)

_REFUSED = "42501"
_CANCELLED = "57014"
#: The rules by which it refuses what no rule of a role could allow: beside masked columns, and where there are none.
_MASKED_DATA = "masked-data"
_UNMASKABLE = "unmaskable"
#: The rule by which it refuses code that would change what names mean.
_NAMES = "settled-names"
#: Of what the rules allow wherever its names stand.
_FREE = (VerdictKind.ALLOW, False)


class Deciding:
    """One connection's; a denial is the ErrorResponse for the client, None is leave to run."""

    def __init__(self, session: LiveSession, masked_columns: MaskedColumns, state: ConnectionState, link: Link) -> None:
        self.texts = Texts(state, link)
        self.analysing = Analysing(masked_columns, state, link, is_guarded=session.guarded)
        self._session = session
        self._masked_columns = masked_columns
        self._link = link
        self._hold: asyncio.Task[bytes | None] | None = None
        self._withdrawn = False
        self._verdicts: dict[int, tuple[QueryAnalysis, VerdictKind, bool]] = {}

    def withdraw(self) -> bool:
        """The client cancels: whether a statement was waiting for review, which is now withdrawn."""
        if self._hold is None or self._hold.done():
            return False
        self._withdrawn = True
        self._hold.cancel()
        return True

    def verdict(self, analysis: QueryAnalysis) -> VerdictKind:
        """What the role's rules say of any search path; remembered, for the rules of a session do not change."""
        return self._judged(analysis)[0]

    def asks_for_schemas(self, analysis: QueryAnalysis) -> bool:
        """Whether the search path decides what the rules say, and can be known before it runs."""
        return self._judged(analysis)[1]

    def _judged(self, analysis: QueryAnalysis) -> tuple[VerdictKind, bool]:
        known = self._verdicts.get(id(analysis))
        if known is not None and known[0] is analysis:
            return known[1:]
        rules = self._session.role.statements
        rule = None if analysis.refusal else strictest(rules, analysis.facts)
        verdict = VerdictKind.DENY if analysis.refusal else rule.verdict if rule is not None else VerdictKind.ALLOW
        asks = not analysis.refusal and means_now(analysis) and depends_on_schemas(rules, analysis.facts)
        if len(self._verdicts) >= MAX_REMEMBERED:
            self._verdicts.clear()
        self._verdicts[id(analysis)] = (analysis, verdict, asks)
        return verdict, asks

    def waits(self, analysis: QueryAnalysis) -> bool:
        """Whether somebody is asked before it runs: a reviewer, or the server for its search path."""
        verdict, asks = self._judged(analysis)
        return asks or verdict is VerdictKind.REVIEW

    @property
    def is_checking(self) -> bool:
        """Whether what runs has to be known: the role has rules, or the database masked columns."""
        return self._session.guarded or self.analysing.has_masked_columns

    def allows(self, analysis: QueryAnalysis, parameters: int = 0) -> bool:
        """Whether it may run now and nobody is asked; then that is recorded, with how many parameters it has.

        If not, `decide` says what becomes of it.
        """
        if analysis.refusal is not None or self._judged(analysis) != _FREE:
            return False
        self._session.allow(analysis.facts, parameters)
        self._masked_columns.sent(analysis)
        return True

    def is_denied(self, analysis: QueryAnalysis) -> bool:
        return self.verdict(analysis) is VerdictKind.DENY

    async def decide(
        self,
        analysis: QueryAnalysis,
        surroundings: Surroundings | None = None,
        schemas: Sequence[str] | None = None,
    ) -> bytes | None:
        """None if it may run now, else the denial. Recorded either way before this returns.

        `schemas` are those that its names without one may stand in; None: any.
        """
        if not analysis.statements:
            return None
        if analysis.refusal is not None:
            rule = _MASKED_DATA if self.analysing.has_masked_columns else _UNMASKABLE
            rule = _NAMES if analysis.refusal == KEEPS_NAMING else rule
            return await self.refuse(analysis.facts, analysis.refusal, rule)
        if self.allows(analysis):
            return None
        if not self.waits(analysis):
            denial = await self._ask(analysis)
        else:
            await self._link.send(b"")
            denial = await self._ask_and_wait(analysis, surroundings, schemas)
        if denial is None:
            self._masked_columns.sent(analysis)
        return denial

    async def are_harmless(self, named: Sequence[Named], schemas: Sequence[str]) -> bool:
        """Whether the planner may be given what these name, on whatever search path has these schemas."""
        try:
            return await self._masked_columns.are_harmless(named, schemas)
        except UpstreamFault:
            return False

    async def refuse(self, facts: Sequence[StatementFacts], message: str, rule: str) -> bytes:
        """The denial of what no rule of the role could allow."""
        own = StatementRule(name=rule, match=["*"], verdict=VerdictKind.DENY, message=message[:500])
        verdict = await self._session.authorize(facts, self._link.notify, refusal=own)
        return messages.error(_REFUSED, verdict.message)

    async def _ask(
        self,
        analysis: QueryAnalysis,
        surroundings: Surroundings | None = None,
        schemas: Sequence[str] | None = None,
    ) -> bytes | None:
        verdict = await self._session.authorize(
            analysis.facts, self._link.notify, surroundings=surroundings, schemas=schemas
        )
        return None if verdict.allowed else messages.error(_REFUSED, verdict.message)

    async def _ask_and_wait(
        self, analysis: QueryAnalysis, surroundings: Surroundings | None, schemas: Sequence[str] | None
    ) -> bytes | None:
        """Held for review: the client can withdraw it, and waits for nothing else."""
        self._hold = asyncio.create_task(self._ask(analysis, surroundings, schemas))
        try:
            return await self._hold
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if not self._withdrawn or (task is not None and task.cancelling()):
                raise  # the session is being cut, whatever the client withdrew in that moment
            return messages.error(_CANCELLED, "canceling statement due to user request: it waited for review")
        finally:
            self._hold.cancel()
            self._hold = None
            self._withdrawn = False
