"""Requests: what the client asks, judged before anything of it goes upstream.

A statement that is refused is replaced by one that fails there, and its error by ours. So the server itself keeps the
order of answers, discards what was sent behind it and fails the transaction, just as for any other error.
"""

import asyncio
from collections.abc import Awaitable, Callable

from access.policy.labels import UNPARSEABLE
from access.policy.resources import StatementRule
from proxy.postgres.protocol import messages
from proxy.postgres.protocol.frames import Frame, ProtocolViolation
from proxy.postgres.relay.conversation import Conversation, Portal
from proxy.postgres.relay.masked_columns import Guard
from proxy.postgres.sql.judge import MAX_REMEMBERED, UNREADABLE, Judged, expand, together
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
        guard: Guard,
        conversation: Conversation,
        *,
        tell: Callable[[str], Awaitable[None]],
        flush: Callable[[], Awaitable[None]],
    ) -> None:
        self._session = session
        self._guard = guard
        self._conversation = conversation
        #: Shows the client a sentence while a statement is held.
        self._tell = tell
        #: Sends what was taken so far: it must not wait behind what is held.
        self._flush = flush
        self._hold: asyncio.Task[bytes | None] | None = None
        self._withdrawn = False
        self._verdicts: dict[int, tuple[Judged, VerdictKind]] = {}
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
        if self._conversation.discarding and tag != _SYNC:
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
        judged = self._expanded(await self._judged(messages.read_query(payload)))
        denial = await self._decide(judged)
        self._conversation.query(judged, denial)
        return whole if denial is None else messages.query(_FAILING)

    async def _function_call(self, _: bytes, __: bytes) -> bytes:
        judged = Judged(())
        refusal = await self._refuse([_FUNCTION_CALL], _NO_FUNCTION_CALLS)
        self._conversation.query(judged, refusal)
        return messages.query(_FAILING)

    # --- extended -----------------------------------------------------------------------------------------------------

    async def _parse(self, payload: bytes, whole: bytes) -> bytes:
        """Refuse early, and hold early: what is allowed here is judged again when it runs, and recorded then."""
        name, sql = messages.read_parse(payload)
        judged = self._expanded(await self._judged(sql))
        verdict = self._verdict(judged)
        if verdict is not VerdictKind.ALLOW and (denial := await self._decide(judged)) is not None:
            self._conversation.refuse(denial)
            return messages.parse("", _FAILING)
        prepared = self._conversation.parse(name, judged)
        prepared.approvals = 1 if verdict is VerdictKind.REVIEW else 0
        return whole

    async def _bind(self, payload: bytes, whole: bytes) -> bytes:
        bind = messages.read_bind(payload)
        self._conversation.bind(bind.portal, bind.statement, bind.result_formats)
        if bind.parameter_count:
            recorder = self._session.recorder
            recorder.write({"t": recorder.elapsed(), "type": "parameters", "count": bind.parameter_count})
        return whole

    async def _describe(self, payload: bytes, whole: bytes) -> bytes:
        self._conversation.describe(*messages.read_target(payload))
        return whole

    async def _execute(self, payload: bytes, whole: bytes) -> bytes:
        name = messages.read_execute(payload)
        portal = self._conversation.portal(name) or Portal(())
        judged = self._expanded(together([meaning.judged for meaning in portal.meanings]))
        if not portal.started:
            if not self._approved(portal) and (denial := await self._decide(judged)) is not None:
                self._conversation.refuse(denial)
                return messages.execute(_FAILING)
            # Only now: a refused portal outlives ROLLBACK TO SAVEPOINT, and is judged again then.
            portal.started = True
        before = b""
        if self._conversation.needs_description(portal):
            self._conversation.describe("P", name, injected=True)
            before = messages.describe_portal(name)
        self._conversation.execute(portal, judged)
        return before + whole

    def _approved(self, portal: Portal) -> bool:
        """Whether a reviewer allowed this run when the statement was prepared; each approval is for one run."""
        if len(portal.meanings) != 1 or not portal.meanings[0].approvals:
            return False
        portal.meanings[0].approvals -= 1
        return True

    async def _close(self, payload: bytes, whole: bytes) -> bytes:
        self._conversation.close(*messages.read_target(payload))
        return whole

    async def _sync(self, _: bytes, whole: bytes) -> bytes:
        self._conversation.sync()
        return whole

    async def _copy_end(self, _: bytes, whole: bytes) -> bytes:
        self._conversation.copy_end()
        return whole

    # --- judging ------------------------------------------------------------------------------------------------------

    async def _judged(self, sql: bytes) -> Judged:
        if self._guard.stale and self._conversation.status == b"I" and not self._conversation.outstanding:
            await self._flush()
            await self._guard.refresh()
        judge = self._guard.judge
        if (known := judge.remembered(sql)) is not None:
            return known
        if len(sql) <= MAX_INLINE_SQL_BYTES:
            return judge.judge(sql)
        await self._flush()
        return await asyncio.to_thread(judge.judge, sql)

    def _expanded(self, judged: Judged) -> Judged:
        """With what its EXECUTEs run; unreadable ones are refused where there are masked columns."""

        def meanings(name: str) -> list[Judged]:
            own = [judged] if any(each.prepares == name for each in judged.statements) else []
            return self._conversation.judged_as(name) + own

        if not self._guard.catalogue.masked and not judged.runs_prepared:
            return judged
        expanded = expand(judged, meanings)
        if expanded.refusal is None and self._guard.catalogue.masked and _has_unknown(expanded):
            return Judged(expanded.statements, UNREADABLE)
        return expanded

    def _verdict(self, judged: Judged) -> VerdictKind:
        """What the role's rules say; remembered, for the rules of a session do not change."""
        known = self._verdicts.get(id(judged))
        if known is not None and known[0] is judged:
            return known[1]
        rule = None if judged.refusal else strictest(self._session.role.statements, judged.facts)
        verdict = VerdictKind.DENY if judged.refusal else rule.verdict if rule is not None else VerdictKind.ALLOW
        if len(self._verdicts) >= MAX_REMEMBERED:
            self._verdicts.clear()
        self._verdicts[id(judged)] = (judged, verdict)
        return verdict

    async def _decide(self, judged: Judged) -> bytes | None:
        """None if it may run, else the ErrorResponse for the client. Recorded either way before this returns."""
        if not judged.statements:
            return None
        if judged.refusal is not None:
            return await self._refuse(judged.facts, judged.refusal)
        if self._verdict(judged) is not VerdictKind.REVIEW:
            return await self._ask(judged)
        await self._flush()
        return await self._ask_and_wait(judged)

    async def _ask(self, judged: Judged) -> bytes | None:
        verdict = await self._session.authorize(judged.facts, self._tell)
        return None if verdict.allowed else messages.error(_REFUSED, verdict.message)

    async def _ask_and_wait(self, judged: Judged) -> bytes | None:
        """Held for review: the client can withdraw it, and waits for nothing else."""
        self._hold = asyncio.create_task(self._ask(judged))
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
        verdict = await self._session.authorize(facts, self._tell, refusal=rule)
        return messages.error(_REFUSED, verdict.message)


def _has_unknown(judged: Judged) -> bool:
    """An EXECUTE of something unknown, or an unknown statement; a DO block's text was looked into."""
    return any(UNPARSEABLE in each.facts.labels and each.facts.kind != "do" for each in judged.statements)


_SYNC = ord("S")
#: Flush and CopyData; neither gets an answer.
_PASSED = frozenset({ord("H"), ord("d")})
