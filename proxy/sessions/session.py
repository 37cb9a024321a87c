"""LiveSession: one connection under one grant, from the first byte to the end, whatever its protocol.

It authorizes statements, holds them for review, counts, and is cut from outside by deadline, revocation or a lost
storage. It knows no transport: relays ask it, and translate what it raises into their protocol's words.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog

from access.context import Access
from access.decisions import holds
from access.grants.sessions import Counters
from access.policy.policy import Policy
from access.policy.resources import Resource, Role, StatementRule
from proxy.errors import PolicyFault, SessionEnded
from proxy.masking.rules import Masker
from proxy.recording.recorder import Recorder
from proxy.sessions.holding import HoldWaiters
from proxy.statements import StatementFacts, strictest
from storage.database import StorageUnavailable
from storage.model import EndReason, Grant, HoldState, Principal, Session, Statement, VerdictKind

log: structlog.stdlib.BoundLogger = structlog.get_logger()

Notify = Callable[[str], Awaitable[None]]


@dataclass(frozen=True)
class Verdict:
    """What becomes of a statement; `message` is for the person when it is refused."""

    allowed: bool
    message: str = ""


ALLOWED = Verdict(allowed=True)


class LiveSession:
    """One session while it lives; made by Gateway.enter."""

    def __init__(
        self,
        access: Access,
        *,
        row: Session,
        grant: Grant,
        principal: Principal,
        policy: Policy,
        resource: Resource,
        role: Role,
        masker: Masker,
        recorder: Recorder,
        waiters: HoldWaiters,
    ) -> None:
        self.row = row
        self.grant = grant
        self.principal = principal
        #: The policy under which the session was opened.
        self.policy = policy
        self.resource = resource
        self.role = role
        self.masker = masker
        self.recorder = recorder
        self.counters = Counters(masked=masker.counts)
        self._access = access
        self._waiters = waiters
        self._ended: asyncio.Future[SessionEnded] = asyncio.get_running_loop().create_future()

    @property
    def id(self) -> UUID:
        return self.row.id

    @property
    def guarded(self) -> bool:
        """Whether this role's statements are checked before they run."""
        return bool(self.role.statements)

    @property
    def ending(self) -> SessionEnded | None:
        """Why the session was cut, once it was."""
        return self._ended.result() if self._ended.done() else None

    def end(self, reason: EndReason, message: str) -> None:
        """Cut the session from outside; the first reason stands."""
        if not self._ended.done():
            self._ended.set_result(SessionEnded(reason, message))

    async def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Run `work` until it is done or the session is ended from outside.

        Raises SessionEnded in that case, after `work` was cancelled; or whatever `work` raised. What has ended already
        starts nothing.
        """
        if self._ended.done():
            work.close()
            raise self._ended.result()
        task = asyncio.ensure_future(work)
        try:
            await asyncio.wait({task, self._ended}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            if not task.done():
                task.cancel()
            await asyncio.wait({task})
        if self._ended.done():
            if not task.cancelled() and task.exception() is not None:
                log.info("work_failed_at_the_end", session_id=str(self.id), error=type(task.exception()).__name__)
            raise self._ended.result()
        if not task.cancelled():
            task.result()

    async def authorize(
        self, facts: Sequence[StatementFacts], notify: Notify, *, refusal: StatementRule | None = None
    ) -> Verdict:
        """Decide on statements that were sent as one; the strictest rule counts. They are recorded before this returns.

        While they are held, `notify` gets the sentence to show. `refusal` is a rule that the protocol itself lays down
        (masked columns, for one); it goes before the role's. Raises PolicyFault when no decision can be had, and
        RecorderFailed.
        """
        rule = refusal or strictest(self.role.statements, facts)
        verdict = rule.verdict if rule is not None else VerdictKind.ALLOW
        for each in facts:
            self.counters.statement(each.kind)
            self.recorder.statement(each.kind, each.text, verdict.value)
        if rule is None or verdict is VerdictKind.ALLOW:
            return ALLOWED
        try:
            if verdict is VerdictKind.DENY:
                return await self._deny(facts, rule)
            return await self._hold(facts, rule, notify)
        except StorageUnavailable as error:
            raise PolicyFault("Gatepass cannot reach its storage, so this statement cannot be decided.") from error

    async def _deny(self, facts: Sequence[StatementFacts], rule: StatementRule) -> Verdict:
        self.counters.denied += 1
        text, kind = _as_one(facts)
        await holds.deny(self._access, self.row, self.grant, text, kind, rule)
        return Verdict(allowed=False, message=f"{rule.message or 'This statement is not allowed.'} (rule {rule.name})")

    async def _hold(self, facts: Sequence[StatementFacts], rule: StatementRule, notify: Notify) -> Verdict:
        self.counters.held += 1
        text, kind = _as_one(facts)
        with self._waiters.expecting() as expected:
            held = await holds.hold(self._access, self.row, self.grant, text, kind, rule)
            expected.of(held.id)
            try:
                if held.state is HoldState.PENDING:
                    await notify(_held_sentence(held))
                decided = await expected.decision(held)
            except BaseException:
                with contextlib.suppress(StorageUnavailable):
                    await asyncio.shield(holds.cancel(self._access, held.id, "the session went on without it"))
                raise
        if decided.state is HoldState.APPROVED:
            self.recorder.statement(kind, text, "approved")
            return ALLOWED
        self.counters.denied += 1
        self.recorder.statement(kind, text, decided.state.value if decided.state else "denied")
        return Verdict(allowed=False, message=await self._refusal(decided))

    async def _refusal(self, decided: Statement) -> str:
        if decided.state is HoldState.EXPIRED:
            return "Nobody reviewed this statement in time, so it was not run. Ask a reviewer and send it again."
        if decided.state is HoldState.CANCELLED:
            return "This statement was cancelled before anybody reviewed it, so it was not run."
        by = "a reviewer"
        if decided.decided_by is not None:
            async with self._access.database.transaction() as transaction:
                by = (await transaction.get_one(Principal, decided.decided_by)).name
        why = f": {decided.decision_reason}" if decided.decision_reason else "."
        return f"This statement was denied by {by}{why}"


def _as_one(facts: Sequence[StatementFacts]) -> tuple[str, str]:
    return "; ".join(each.text for each in facts), facts[0].kind if len(facts) == 1 else "batch"


def _held_sentence(held: Statement) -> str:
    who = ", ".join(held.reviewers) or "a reviewer"
    until = f" until {held.expires_at:%H:%M:%S} UTC" if held.expires_at else ""
    return f"This statement waits for review by {who}{until} (rule {held.rule}). Ctrl-C withdraws it."
