"""Requests: what the client asks, analysed before anything of it goes upstream.

A statement that is refused is replaced by one that fails there, and its error by ours. So the server itself keeps the
order of answers, discards what was sent behind it and fails the transaction, just as for any other error.
"""

import asyncio
from collections.abc import Awaitable, Callable

from access.policy.labels import UNPARSEABLE
from access.policy.resources import StatementRule
from proxy.postgres.protocol import messages
from proxy.postgres.protocol.frames import Frame, ProtocolViolation
from proxy.postgres.relay.connection_state import ConnectionState
from proxy.postgres.relay.masked_columns import MaskedColumns
from proxy.postgres.relay.pending_reply import Portal
from proxy.postgres.sql.query import MAX_REMEMBERED, UNREADABLE, QueryAnalysis, expand, together
from proxy.sessions.session import LiveSession
from proxy.statements import StatementFacts, strictest
from storage.model import VerdictKind

#: Longer texts are parsed in a thread, so that other sessions go on.
MAX_INLINE_SQL_BYTES = 16 * 1024

#: No SQL, so it fails whatever the transaction's state; PostgreSQL's own log shows it.
_FAILING = "Gatepass refused a statement before it reached this server"

_REFUSED = "42501"
_CANCELLED = "57014"

_FUNCTION_CALL = StatementFacts("(function call)", "call", frozenset({"call"}))
_NO_FUNCTION_CALLS = "Gatepass does not relay function-call messages. Call the function with SELECT."


class Requests:
    """Takes the client's messages, gives the upstream's."""

    def __init__(
        self,
        session: LiveSession,
        masked_columns: MaskedColumns,
        state: ConnectionState,
        *,
        notify: Callable[[str], Awaitable[None]],
        flush: Callable[[], Awaitable[None]],
    ) -> None:
        self._session = session
        self._masked_columns = masked_columns
        self._state = state
        #: Shows the client a sentence while a statement is held.
        self._notify = notify
        #: Sends what was taken so far: it must not wait behind what is held.
        self._flush = flush
        self._hold: asyncio.Task[bytes | None] | None = None
        self._withdrawn = False
        self._verdicts: dict[int, tuple[QueryAnalysis, VerdictKind]] = {}
        self._handlers = {
            ord("Q"): self._query,
            ord("P"): self._parse,
            ord("B"): self._bind,
            ord("D"): self._describe,
            ord("E"): self._execute,
            ord("C"): self._close,
            ord("S"): self._sync,
            ord("F"): self._function_call,
            ord("c"): self._copy_end,
            ord("f"): self._copy_end,
        }

    async def take(self, chunk: bytes, frame: Frame) -> bytes:
        """One message of the client, not Terminate; returns what to send upstream.

        Raises ProtocolViolation, PolicyFault, RecorderFailed and UpstreamFault.
        """
        tag, start, end = frame
        if self._state.discarding and tag != _SYNC:
            return b""
        whole = chunk[start - 5 : end]
        if tag in _PASSED:
            return whole
        handler = self._handlers.get(tag)
        if handler is None:
            raise ProtocolViolation(f"a message of type {tag:#04x} where there is none")
        return await handler(chunk[start:end], whole)

    def withdraw(self) -> bool:
        """The client cancels: whether a statement was waiting for review, which is now withdrawn."""
        if self._hold is None:
            return False
        self._withdrawn = True
        self._hold.cancel()
        return True

    # --- simple -------------------------------------------------------------------------------------------------------

    async def _query(self, payload: bytes, whole: bytes) -> bytes:
        analysis = self._expanded(await self._analysed(messages.read_query(payload)))
        denial = await self._decide(analysis)
        self._state.query(analysis, denial)
        return whole if denial is None else messages.query(_FAILING)

    async def _function_call(self, _: bytes, __: bytes) -> bytes:
        analysis = QueryAnalysis(())
        refusal = await self._refuse([_FUNCTION_CALL], _NO_FUNCTION_CALLS)
        self._state.query(analysis, refusal)
        return messages.query(_FAILING)

    # --- extended -----------------------------------------------------------------------------------------------------

    async def _parse(self, payload: bytes, whole: bytes) -> bytes:
        """Refuse early, and hold early: what is allowed here is decided again when it runs, and recorded then."""
        name, sql = messages.read_parse(payload)
        analysis = self._expanded(await self._analysed(sql))
        verdict = self._verdict(analysis)
        if verdict is not VerdictKind.ALLOW and (denial := await self._decide(analysis)) is not None:
            self._state.refuse(denial)
            return messages.parse("", _FAILING)
        prepared = self._state.parse(name, analysis)
        prepared.approvals = 1 if verdict is VerdictKind.REVIEW else 0
        return whole

    async def _bind(self, payload: bytes, whole: bytes) -> bytes:
        bind = messages.read_bind(payload)
        self._state.bind(bind.portal, bind.statement, bind.result_formats)
        if bind.parameter_count:
            recorder = self._session.recorder
            recorder.write({"t": recorder.elapsed(), "type": "parameters", "count": bind.parameter_count})
        return whole

    async def _describe(self, payload: bytes, whole: bytes) -> bytes:
        self._state.describe(*messages.read_target(payload))
        return whole

    async def _execute(self, payload: bytes, whole: bytes) -> bytes:
        name = messages.read_execute(payload)
        portal = self._state.portal(name) or Portal(())
        analysis = self._expanded(together([candidate.analysis for candidate in portal.candidates]))
        if not portal.started:
            if not self._approved(portal) and (denial := await self._decide(analysis)) is not None:
                self._state.refuse(denial)
                return messages.execute(_FAILING)
            # Only now: a refused portal outlives ROLLBACK TO SAVEPOINT, and is decided again then.
            portal.started = True
        before = b""
        if self._state.needs_description(portal):
            self._state.describe("P", name, injected=True)
            before = messages.describe_portal(name)
        self._state.execute(portal, analysis)
        return before + whole

    def _approved(self, portal: Portal) -> bool:
        """Whether a reviewer allowed this run when the statement was prepared; each approval is for one run."""
        if len(portal.candidates) != 1 or not portal.candidates[0].approvals:
            return False
        portal.candidates[0].approvals -= 1
        return True

    async def _close(self, payload: bytes, whole: bytes) -> bytes:
        self._state.close(*messages.read_target(payload))
        return whole

    async def _sync(self, _: bytes, whole: bytes) -> bytes:
        self._state.sync()
        return whole

    async def _copy_end(self, _: bytes, whole: bytes) -> bytes:
        self._state.copy_end()
        return whole

    # --- analysing and deciding ---------------------------------------------------------------------------------------

    async def _analysed(self, sql: bytes) -> QueryAnalysis:
        if self._masked_columns.stale and self._state.status == b"I" and not self._state.outstanding:
            await self._flush()
            await self._masked_columns.refresh()
        analyser = self._masked_columns.analyser
        if (known := analyser.remembered(sql)) is not None:
            return known
        if len(sql) <= MAX_INLINE_SQL_BYTES:
            return analyser.analyse(sql)
        await self._flush()
        return await asyncio.to_thread(analyser.analyse, sql)

    def _expanded(self, analysis: QueryAnalysis) -> QueryAnalysis:
        """With what its EXECUTEs run; unreadable ones are refused where there are masked columns."""

        def candidates(name: str) -> list[QueryAnalysis]:
            own = [analysis] if any(each.prepares == name for each in analysis.statements) else []
            return self._state.analyses_of(name) + own

        if not self._masked_columns.catalogue.masked and not analysis.runs_prepared:
            return analysis
        expanded = expand(analysis, candidates)
        if expanded.refusal is None and self._masked_columns.catalogue.masked and _has_unknown(expanded):
            return QueryAnalysis(expanded.statements, UNREADABLE)
        return expanded

    def _verdict(self, analysis: QueryAnalysis) -> VerdictKind:
        """What the role's rules say; remembered, for the rules of a session do not change."""
        known = self._verdicts.get(id(analysis))
        if known is not None and known[0] is analysis:
            return known[1]
        rule = None if analysis.refusal else strictest(self._session.role.statements, analysis.facts)
        verdict = VerdictKind.DENY if analysis.refusal else rule.verdict if rule is not None else VerdictKind.ALLOW
        if len(self._verdicts) >= MAX_REMEMBERED:
            self._verdicts.clear()
        self._verdicts[id(analysis)] = (analysis, verdict)
        return verdict

    async def _decide(self, analysis: QueryAnalysis) -> bytes | None:
        """None if it may run, else the ErrorResponse for the client. Recorded either way before this returns."""
        if not analysis.statements:
            return None
        if analysis.refusal is not None:
            return await self._refuse(analysis.facts, analysis.refusal)
        if self._verdict(analysis) is not VerdictKind.REVIEW:
            return await self._ask(analysis)
        await self._flush()
        return await self._ask_and_wait(analysis)

    async def _ask(self, analysis: QueryAnalysis) -> bytes | None:
        verdict = await self._session.authorize(analysis.facts, self._notify)
        return None if verdict.allowed else messages.error(_REFUSED, verdict.message)

    async def _ask_and_wait(self, analysis: QueryAnalysis) -> bytes | None:
        """Held for review: the client can withdraw it, and waits for nothing else."""
        self._hold = asyncio.create_task(self._ask(analysis))
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

    async def _refuse(self, facts: list[StatementFacts], message: str) -> bytes:
        rule = StatementRule(name="masked-data", match=["*"], verdict=VerdictKind.DENY, message=message[:500])
        verdict = await self._session.authorize(facts, self._notify, refusal=rule)
        return messages.error(_REFUSED, verdict.message)


def _has_unknown(analysis: QueryAnalysis) -> bool:
    """An EXECUTE of something unknown, or an unknown statement; a DO block's and a function's text was looked into."""
    return any(UNPARSEABLE in each.facts.labels and each.facts.kind not in _WITH_CODE for each in analysis.statements)


_WITH_CODE = frozenset({"do", "ddl"})
_SYNC = ord("S")
#: Flush and CopyData; neither gets an answer.
_PASSED = frozenset({ord("H"), ord("d")})
