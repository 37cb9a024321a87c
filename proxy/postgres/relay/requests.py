"""Requests: what the client asks, taken message by message before anything of it goes upstream.

A statement that is refused is replaced by one that fails there, and its error by ours. So the server itself keeps the
order of answers, discards what was sent behind it and fails the transaction, just as for any other error.

SQL arrives at Parse, gets its values at Bind and runs at Execute. Reviewers are asked at Execute, about that one run.
Until then its Bind waits here, for as long as only its Execute can come next: names get their meaning at Bind, and
planning runs what is immutable. A client that wants its Bind answered first gets that where planning is harmless, and
may run nothing else before the Execute.
"""

from collections.abc import Callable, Coroutine
from typing import Any

from proxy.postgres.protocol import messages
from proxy.postgres.protocol.frames import Frame, ProtocolViolation
from proxy.postgres.protocol.parameters import read_parse_types
from proxy.postgres.relay.calls.function_calls import FunctionCalls
from proxy.postgres.relay.deciding import FAILING, FAILING_IN_BATCH, Deciding
from proxy.postgres.relay.estimate import Estimator
from proxy.postgres.relay.held_bind import HeldBind
from proxy.postgres.relay.link import Link
from proxy.postgres.relay.masked_columns import MaskedColumns
from proxy.postgres.relay.questions import close_waiting
from proxy.postgres.relay.reviewing import Reviewing
from proxy.postgres.relay.state.connection_state import ConnectionState
from proxy.postgres.relay.state.pending_reply import Question
from proxy.postgres.relay.state.portals import Portal
from proxy.postgres.relay.state.prepared import Prepared
from proxy.postgres.sql.cursors import fetch
from proxy.postgres.sql.plannable import plannable
from proxy.postgres.sql.query import QueryAnalysis, together
from proxy.sessions.session import LiveSession

#: The rule by which a run is denied whose meaning may have changed since its Bind.
_ONE_RUN = "one-run"
_OVERTAKEN = (
    "This statement is to be reviewed or judged when it runs, and other statements ran since it was bound, so it may "
    "mean something else by now. Bind it again and execute it at once."
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


#: What goes upstream in place of a message, or the work that finds out, where that has to wait.
Sent = bytes | Coroutine[Any, Any, bytes]


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
        self._session = session
        self._pin = pin
        self._pinned = 0
        self._state = state
        self._link = link
        self._deciding = Deciding(session, masked_columns, state, link)
        self._reviewing = Reviewing(self._deciding, state, link, estimator)
        self._held_bind: HeldBind | None = None
        self._handlers: dict[int, Callable[[bytes, bytes], Sent]] = {
            ord("Q"): self._query,
            ord("P"): self._parse,
            ord("B"): self._bind,
            ord("D"): self._describe,
            ord("E"): self._execute,
            ord("C"): self._close,
            ord("S"): self._sync,
            ord("F"): FunctionCalls(session, self._deciding, self._reviewing, state, link, pin).take,
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
        if self._held_bind is not None:
            if self._state.discarding:
                self._held_bind = None
            elif not self._held_bind.is_about(tag, chunk[start:end]):
                return self._take_after(self._held_bind, chunk, frame)
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
        await self._release_bind(held)
        taken = self.take(chunk, frame)
        return taken if isinstance(taken, bytes) else await taken

    async def _take_after_batch(self, chunk: bytes, frame: Frame) -> bytes:
        """The same of a Query or FunctionCall in a batch, which a Sync of ours ends before it.

        The batch may fail between its messages, by a statement_timeout. Without the Sync nobody could tell that from an
        error of this message, and all answers behind it would be taken for others'.
        """
        self._state.sync(Question())
        await self._link.send(messages.SYNC)
        taken = self.take(chunk, frame)
        return taken if isinstance(taken, bytes) else await taken

    async def _take_once_answered(self, chunk: bytes, frame: Frame) -> bytes:
        """The same of what a COPY that may begin would take for an error, and some servers would leave unanswered."""
        if not await self._deciding.settled():
            return b""
        taken = self.take(chunk, frame)
        return taken if isinstance(taken, bytes) else await taken

    async def _once_answered(self, take: Callable[[bytes, bytes], Sent], whole: bytes) -> bytes:
        """Take a message when all that was sent before has its answer."""
        if not await self._deciding.settled() and whole[0] != _SYNC:
            return b""
        taken = take(whole[5:], whole)
        return taken if isinstance(taken, bytes) else await taken

    def drop(self) -> None:
        """Nothing is taken any more: forget what waits."""
        self._held_bind = None
        if self._pinned:
            self._pin(-self._pinned)
            self._pinned = 0

    def _pin_waiting(self) -> None:
        """Count what waits for its review now, or may have to: less or more than before. Raises TooMuchPinned."""
        waiting = self._state.kept + (len(self._held_bind.whole) if self._held_bind is not None else 0)
        self._pin(waiting - self._pinned)
        self._pinned = waiting

    def withdraw(self) -> bool:
        """The client cancels: whether a statement was waiting for review, which is now withdrawn."""
        return self._deciding.withdraw()

    # --- simple -------------------------------------------------------------------------------------------------------

    def _query(self, payload: bytes, whole: bytes) -> Sent:
        sql = messages.read_query(payload)
        if not self._deciding.is_certain(sql):
            return self._query_once_certain(sql, whole)
        return self._certain_query(self._deciding.text(sql), whole)

    async def _query_once_certain(self, sql: bytes, whole: bytes) -> bytes:
        if not await self._deciding.settled():
            return b""
        taken = self._certain_query(self._deciding.text(sql), whole)
        return taken if isinstance(taken, bytes) else await taken

    def _certain_query(self, sql: bytes, whole: bytes) -> Sent:
        analysis = self._deciding.known(sql)
        if analysis is None or not self._deciding.allows(analysis):
            return self._decide_query(sql, whole)
        before = close_waiting(self._state)
        self._state.query(analysis, sql=sql if analysis.prepares else b"")
        return before + whole

    async def _decide_query(self, sql: bytes, whole: bytes) -> bytes:
        analysis = await self._deciding.analysed(sql)
        if self._deciding.waits(analysis):
            if not await self._deciding.settled():
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

    # --- extended -----------------------------------------------------------------------------------------------------

    async def _parse(self, payload: bytes, whole: bytes) -> bytes:
        """Refuse early; what is allowed here is decided when it runs, and recorded then. Nobody is asked yet."""
        name, sql = messages.read_parse(payload)
        self._deciding.check_names(name)
        sql = await self._deciding.certain_text(sql)
        own = await self._deciding.own(sql)
        analysis = self._deciding.expanded(own)
        reviewed = self._deciding.waits(analysis)
        denial = None
        if not reviewed and self._deciding.is_denied(analysis):
            denial = await self._deciding.decide(await self._deciding.exactly(sql))
        if self._state.discarding:
            return b""
        if denial is not None:
            self._state.refuse(denial)
            return FAILING_IN_BATCH
        # What an EXECUTE runs is what its name stands for when it runs, so it may be reviewed only then.
        kept = sql if reviewed or own.runs_prepared else b""
        before = close_waiting(self._state)
        self._state.parse(name, own, sql=kept, types=read_parse_types(payload))
        if kept:
            self._pin_waiting()
        return before + whole

    def _bind(self, payload: bytes, whole: bytes) -> Sent:
        bind = messages.read_bind(payload)
        self._deciding.check_names(bind.portal, bind.statement)
        if not self._state.is_certain("S", bind.statement):
            return self._once_answered(self._bind, whole)
        candidates = self._state.prepared(bind.statement)
        if self._session.guarded and self._deciding.waits(self._analysis_of(candidates)):
            self._held_bind = HeldBind(bind, whole)
            self._pin_waiting()
            return b""
        before = close_waiting(self._state)
        self._state.bind(bind.portal, bind.statement, bind.result_formats, parameters=bind.parameter_count)
        return before + whole

    def _describe(self, payload: bytes, whole: bytes) -> Sent:
        target, name = messages.read_target(payload)
        self._deciding.check_names(name)
        if self._held_bind is not None:
            self._held_bind.described = whole
            return b""
        if not self._state.is_certain(target, name):
            return self._once_answered(self._describe, whole)
        before = close_waiting(self._state) if target == "S" else b""
        self._state.describe(target, name)
        return before + whole

    def _execute(self, payload: bytes, whole: bytes) -> Sent:
        name, rows = messages.read_execute(payload)
        self._deciding.check_names(name)
        if self._held_bind is not None:
            return self._execute_held(self._held_bind, whole)
        if not self._state.is_certain("P", name):
            return self._once_answered(self._execute, whole)
        portal = self._state.portal(name)
        if portal is None:
            return self._execute_cursor(name, rows, whole)
        analysis = self._analysis_of(portal.candidates)
        if not portal.started:
            if not self._deciding.allows(analysis, portal.parameters):
                return self._decide_execute(name, portal, analysis, whole)
            portal.started = True
        return self._executed(name, portal, analysis, whole)

    async def _decide_execute(self, name: str, portal: Portal, analysis: QueryAnalysis, whole: bytes) -> bytes:
        if self._deciding.waits(analysis):
            if not await self._deciding.settled():
                return b""
            denial = await self._review(portal, analysis)
        else:
            denial = await self._deciding.decide(analysis)
        if (instead := self._instead(denial)) is not None:
            return instead
        # Only now: a refused portal outlives ROLLBACK TO SAVEPOINT, and is decided again then.
        portal.started = True
        return self._executed(name, portal, analysis, whole)

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
        if self._state.needs_description(portal, origins=self._deciding.has_masked_columns):
            self._state.describe("P", name, injected=True)
            before += messages.describe_portal(name)
        self._state.execute(portal, analysis)
        return before + whole

    async def _execute_cursor(self, name: str, rows: int, whole: bytes) -> bytes:
        """The Execute of a portal that no Bind made: a cursor of SQL's is run as FETCH would run it."""
        if self._deciding.is_checking and name not in self._state.cursors and not await self._deciding.settled():
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
        analysis = await self._deciding.analysed(sql)
        if not self._deciding.waits(analysis):
            return analysis, await self._deciding.decide(analysis)
        if not await self._deciding.settled():
            return analysis, None
        return await self._reviewing.query(sql, is_query=False)

    def _close(self, payload: bytes, whole: bytes) -> bytes:
        target, name = messages.read_target(payload)
        self._deciding.check_names(name)
        self._state.close(target, name)
        return whole

    def _sync(self, _: bytes, whole: bytes) -> Sent:
        """While a COPY comes in the server ignores it, but for an error that may be on its way: so it is not sent."""
        if self._state.awaits_copy:
            return self._once_answered(self._sync, whole)
        if self._state.copying_in:
            return b""
        self._state.sync()
        if self._pinned:
            self._pin_waiting()
        return whole

    def _copy_in(self, _: bytes, whole: bytes) -> Sent:
        """CopyData, CopyDone and CopyFail, which mean nothing where no COPY waits for them."""
        if self._state.awaits_copy:
            return self._once_answered(self._copy_in, whole)
        if not self._state.copying_in:
            return b""
        if whole[0] != _COPY_DATA:
            self._state.copy_end()
        return whole

    # --- runs that reviewers are asked about --------------------------------------------------------------------------

    def _analysis_of(self, candidates: tuple[Prepared, ...]) -> QueryAnalysis:
        if len(candidates) == 1:
            return self._deciding.expanded(candidates[0].analysis)
        return self._deciding.expanded(together([candidate.analysis for candidate in candidates]))

    async def _execute_held(self, held: HeldBind, whole: bytes) -> bytes:
        """Ask about Bind and Execute as one, and send both at once."""
        if not await self._deciding.settled():
            self._held_bind = None
            return b""
        candidates = self._state.prepared(held.bind.statement)
        denial = await self._reviewing.run(held.bind.statement, candidates, held.payload)
        self._held_bind = None
        self._pin_waiting()
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

    async def _release_bind(self, held: HeldBind) -> None:
        """Something else comes before its Execute: send it, so that it is answered."""
        self._held_bind = None
        candidates = self._state.prepared(held.bind.statement)
        if any(plannable(each.sql) is None for each in candidates):
            analysis = self._analysis_of(candidates)
            denial = await self._deciding.refuse(analysis.facts, _NOT_AT_ONCE, _ONE_RUN)
            if not self._state.discarding:
                self._state.refuse(denial)
                await self._link.send(FAILING_IN_BATCH)
            return
        before, _ = self._bound(held)
        self._pin_waiting()
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


_SYNC, _FLUSH, _COPY_DATA = ord("S"), ord("H"), ord("d")
#: What a server that waits for rows of a COPY does not take for an error.
_WITHIN_COPY = frozenset(map(ord, "dcfSH"))
#: Query and FunctionCall are answered by a ReadyForQuery of their own.
_ENDING_BATCH = frozenset({ord("Q"), ord("F")})
