"""Batches: Parse, Bind, Describe, Execute and Close, as they are sent, held together, or replaced by what fails.

SQL arrives at Parse, gets its values at Bind and runs at Execute. Reviewers are asked at Execute, about that one run.
Until then its Bind waits here, for as long as only its Execute can come next: names get their meaning at Bind, and
planning runs what is immutable. A client that wants its Bind answered first gets that where planning is harmless, and
may run nothing else before the Execute. A FETCH or EXECUTE is bound and run the same way, whatever the rules say: what
it names is looked up when it runs, and its columns are those that its name stood for when it was described.
"""

from collections.abc import Callable

from proxy.postgres.protocol import messages
from proxy.postgres.protocol.parameters import read_parse_types
from proxy.postgres.relay.held_bind import HeldBind
from proxy.postgres.relay.judging.deciding import FAILING_IN_BATCH, Deciding
from proxy.postgres.relay.judging.questions import close_waiting
from proxy.postgres.relay.judging.reviewing import Reviewing
from proxy.postgres.relay.link import Link, Sent, done
from proxy.postgres.relay.state.connection_state import ConnectionState
from proxy.postgres.relay.state.portals import Portal
from proxy.postgres.relay.state.prepared import Prepared
from proxy.postgres.sql.cursors import fetch
from proxy.postgres.sql.texts.executed import together
from proxy.postgres.sql.texts.query import QueryAnalysis, may_run_code
from proxy.sessions.session import LiveSession

#: The rule by which a run is denied whose meaning may have changed since its Bind.
_ONE_RUN = "one-run"
_OVERTAKEN = (
    "This statement is to be reviewed or judged when it runs, and other statements ran since it was bound, so it may "
    "mean something else by now. Bind it again and execute it at once."
)
_OVERTAKEN_NAME = (
    "Other statements ran since this FETCH or EXECUTE was bound, so what it names may be something else by now. Bind "
    "it again and execute it at once."
)
_NOT_AT_ONCE = (
    "This statement is to be reviewed or judged before anything of it runs, and planning it could run code already. "
    "Bind it and execute it at once, without a Flush or Sync in between."
)
_UNKNOWN_PORTAL = (
    "Gatepass does not know what this portal runs: neither a Bind nor a DECLARE of this session made it, or something "
    "may have closed it since. Fetch from a function's cursor by FETCH in SQL."
)
_UNKNOWN_PORTALS = "unknown-portal"
#: What PostgreSQL says itself. It does not always: of a Query that failed in a transaction it keeps the unnamed portal,
#: without the memory that this stands in, and PostgreSQL 18 crashes at an Execute of that.
_NO_UNNAMED = messages.error("34000", 'portal "" does not exist')


class Batches:
    """One connection's; each method takes a message by its payload and as a whole."""

    def __init__(
        self,
        session: LiveSession,
        deciding: Deciding,
        reviewing: Reviewing,
        state: ConnectionState,
        link: Link,
        pin: Callable[[int], None],
    ) -> None:
        """`pin` counts what messages hold that wait for their review."""
        self._session = session
        self._deciding = deciding
        self._analysing = deciding.analysing
        self._texts = deciding.texts
        self._reviewing = reviewing
        self._state = state
        self._link = link
        self._pin = pin
        self._pinned = 0
        #: The Bind that waits for its Execute.
        self.held: HeldBind | None = None

    def drop(self) -> None:
        """Nothing is taken any more: forget what waits."""
        self.held = None
        if self._pinned:
            self._pin(-self._pinned)
            self._pinned = 0

    def pin_waiting(self) -> None:
        """Count what waits for its review now, or may have to: less or more than before. Raises TooMuchPinned."""
        waiting = self._state.kept + (len(self.held.whole) if self.held is not None else 0)
        self._pin(waiting - self._pinned)
        self._pinned = waiting

    def synced(self) -> None:
        """A Sync ends a batch: what waited in it waits no longer."""
        if self._pinned:
            self.pin_waiting()

    async def parse(self, payload: bytes, whole: bytes) -> bytes:
        """Refuse early; what is allowed here is decided when it runs, and recorded then. Nobody is asked yet."""
        name, sql = messages.read_parse(payload)
        self._texts.check_names(name)
        sql = await self._texts.certain_text(sql)
        own = await self._analysing.own(sql)
        analysis = self._analysing.expanded(own)
        reviewed = self._deciding.waits(analysis)
        denial = None
        if not reviewed and self._deciding.is_denied(analysis):
            denial = await self._deciding.decide(await self._analysing.exactly(sql))
        if self._state.discarding:
            return b""
        if denial is not None:
            self._state.refuse(denial)
            return FAILING_IN_BATCH
        # What an EXECUTE runs is what its name stands for when it runs, so it may be reviewed only then.
        kept = sql if reviewed or own.runs_prepared else b""
        before = close_waiting(self._state)
        self._state.parse(name, own, sql=kept, types=read_parse_types(payload), reads_code=may_run_code(sql))
        if kept:
            self.pin_waiting()
        return before + whole

    def bind(self, payload: bytes, whole: bytes) -> Sent:
        """What is prepared is planned anew where what it names has changed."""
        return self._bind(payload, whole) if self._analysing.is_up_to_date else self._bind_later(payload, whole)

    async def _bind_later(self, payload: bytes, whole: bytes) -> bytes:
        await self._analysing.up_to_date()
        return b"" if self._state.discarding else await done(self._bind(payload, whole))

    def _bind(self, payload: bytes, whole: bytes) -> Sent:
        bind = messages.read_bind(payload)
        self._texts.check_names(bind.portal, bind.statement)
        if not self._state.is_certain("S", bind.statement):
            return self._texts.once_answered(self.bind, whole)
        candidates = self._state.prepared(bind.statement)
        analysis = self._analysis_of(candidates)
        if analysis.runs_by_name or (self._session.guarded and self._deciding.waits(analysis)):
            self.held = HeldBind(bind, whole)
            self.pin_waiting()
            return b""
        before = close_waiting(self._state)
        self._state.bind(bind.portal, bind.statement, bind.result_formats, parameters=bind.parameter_count)
        return before + whole

    def describe(self, payload: bytes, whole: bytes) -> Sent:
        target, name = messages.read_target(payload)
        self._texts.check_names(name)
        if self.held is not None:
            self.held.described = whole
            return b""
        if not self._state.is_certain(target, name):
            return self._texts.once_answered(self.describe, whole)
        before = close_waiting(self._state) if target == "S" else b""
        self._state.describe(target, name)
        return before + whole

    def execute(self, payload: bytes, whole: bytes) -> Sent:
        """What a portal calls finds what it names when it runs, so it may have come to mean masked data since."""
        return self._execute(payload, whole) if self._analysing.is_up_to_date else self._execute_later(payload, whole)

    async def _execute_later(self, payload: bytes, whole: bytes) -> bytes:
        await self._analysing.up_to_date()
        return b"" if self._state.discarding else await done(self._execute(payload, whole))

    def _execute(self, payload: bytes, whole: bytes) -> Sent:
        name, rows = messages.read_execute(payload)
        self._texts.check_names(name)
        if self.held is not None:
            return self._execute_held(self.held, whole)
        if not self._state.is_certain("P", name):
            return self._texts.once_answered(self.execute, whole)
        portal = self._state.portal(name)
        if portal is None:
            return self._execute_cursor(name, rows, whole)
        analysis = self._analysis_of(portal.candidates)
        if _is_overtaken(portal, self._state.runs):
            return self._refuse_overtaken(analysis)
        if not portal.started or analysis.refusal is not None:
            if not self._deciding.allows(analysis, portal.parameters):
                return self._decide_execute(name, portal, analysis, whole)
            portal.started = True
        return self._executed(name, portal, analysis, whole)

    async def _decide_execute(self, name: str, portal: Portal, analysis: QueryAnalysis, whole: bytes) -> bytes:
        if self._deciding.waits(analysis):
            if not await self._texts.settled():
                return b""
            denial = await self._review(portal, analysis)
        else:
            denial = await self._deciding.decide(analysis)
        if (instead := self._instead(denial)) is not None:
            return instead
        # Only now: a refused portal outlives ROLLBACK TO SAVEPOINT, and is decided again then.
        portal.started = True
        return self._executed(name, portal, analysis, whole)

    async def _refuse_overtaken(self, analysis: QueryAnalysis) -> bytes:
        denial = await self._deciding.refuse(analysis.facts, _OVERTAKEN_NAME, _ONE_RUN)
        return self._instead(denial) or b""

    def _instead(self, denial: bytes | None) -> bytes | None:
        """What goes upstream in place of an Execute: nothing if the batch is discarded by now. None: it may run."""
        if self._state.discarding:
            return b""
        if denial is None:
            return None
        self._state.refuse(denial)
        return FAILING_IN_BATCH

    def _executed(self, name: str, portal: Portal, analysis: QueryAnalysis, whole: bytes) -> bytes:
        """The Execute, and before it a Describe of ours where the rows would come without their columns."""
        before = close_waiting(self._state, portal)
        if self._state.needs_description(portal, origins=self._analysing.has_masked_columns):
            self._state.describe("P", name, injected=True)
            before += messages.describe_portal(name)
        self._state.execute(portal, analysis)
        return before + whole

    async def _execute_cursor(self, name: str, rows: int, whole: bytes) -> bytes:
        """The Execute of a portal that no Bind made: a cursor of SQL's is run as FETCH would run it, and has a name."""
        if not name:
            return self._instead(_NO_UNNAMED) or b""
        if self._deciding.is_checking and name not in self._state.cursors and not await self._texts.settled():
            return b""
        if name in self._state.cursors:
            analysis, denial = await self._decide_fetch(fetch(name, rows))
        else:
            analysis = self._analysis_of(())
            if self._deciding.is_denied(analysis) or self._deciding.waits(analysis):
                denial = await self._deciding.refuse(analysis.facts, _UNKNOWN_PORTAL, _UNKNOWN_PORTALS)
            else:
                denial = await self._deciding.decide(analysis)
        if (instead := self._instead(denial)) is not None:
            return instead
        portal = Portal((Prepared(analysis),))
        before = close_waiting(self._state)
        self._state.describe("P", name, injected=True, cursor=portal)
        self._state.execute(portal, analysis)
        return before + messages.describe_portal(name) + whole

    async def _decide_fetch(self, sql: bytes) -> tuple[QueryAnalysis, bytes | None]:
        analysis = await self._analysing.analysed(sql)
        if not self._deciding.waits(analysis):
            return analysis, await self._deciding.decide(analysis)
        if not await self._texts.settled():
            return analysis, None
        return await self._reviewing.query(sql, is_query=False)

    def close(self, payload: bytes, whole: bytes) -> bytes:
        target, name = messages.read_target(payload)
        self._texts.check_names(name)
        self._state.close(target, name)
        return whole

    # --- runs that reviewers are asked about --------------------------------------------------------------------------

    def _analysis_of(self, candidates: tuple[Prepared, ...]) -> QueryAnalysis:
        if len(candidates) == 1:
            return self._analysing.expanded(candidates[0].analysis)
        return self._analysing.expanded(together([candidate.analysis for candidate in candidates]))

    async def _execute_held(self, held: HeldBind, whole: bytes) -> bytes:
        """Decide about Bind and Execute as one, and send both at once."""
        candidates = self._state.prepared(held.bind.statement)
        analysis = self._analysis_of(candidates)
        if not self._deciding.waits(analysis):
            is_free = self._deciding.allows(analysis, held.bind.parameter_count)
            denial = None if is_free else await self._deciding.decide(analysis)
        elif await self._texts.settled():
            denial = await self._reviewing.run(held.bind.statement, candidates, held.payload)
        else:
            self.held = None
            return b""
        self.held = None
        self.pin_waiting()
        if (instead := self._instead(denial)) is not None:
            return instead
        before, portal = self._bound(held)
        portal.started = True
        return before + self._executed(held.bind.portal, portal, self._analysis_of(portal.candidates), whole)

    async def _review(self, portal: Portal, analysis: QueryAnalysis) -> bytes | None:
        """Ask about a portal that was bound before, if it still means what it did then."""
        if not portal.bind or portal.bound_after != self._state.runs:
            return await self._deciding.refuse(analysis.facts, _OVERTAKEN, _ONE_RUN)
        return await self._reviewing.run(messages.read_bind(portal.bind).statement, portal.candidates, portal.bind)

    async def release(self, held: HeldBind) -> None:
        """Something else comes before the Execute of a held Bind: send it, so that it is answered."""
        self.held = None
        if self._state.discarding:
            return
        candidates = self._state.prepared(held.bind.statement)
        analysis = self._analysis_of(candidates)
        if self._deciding.waits(analysis) and not await self._reviewing.plans_harmlessly(candidates):
            if self._state.discarding:
                return
            denial = await self._deciding.refuse(analysis.facts, _NOT_AT_ONCE, _ONE_RUN)
            if not self._state.discarding:
                self._state.refuse(denial)
                await self._link.send(FAILING_IN_BATCH)
            return
        before, _ = self._bound(held)
        self.pin_waiting()
        await self._link.send(before)

    def _bound(self, held: HeldBind) -> tuple[bytes, Portal]:
        """Take note of a held Bind and its Describe, which go upstream now."""
        bind = held.bind
        before = close_waiting(self._state)
        portal = self._state.bind(
            bind.portal, bind.statement, bind.result_formats, parameters=bind.parameter_count, payload=held.payload
        )
        if held.described:
            self._state.describe("P", bind.portal)
        return before + held.whole + held.described, portal


def _is_overtaken(portal: Portal, runs: int) -> bool:
    """Whether what it runs by a name may be something else than when it was bound, or ran last."""
    return portal.runs_by_name and (not portal.bind or portal.last_run != runs)
