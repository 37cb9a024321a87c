"""LiveSession: one connection under one grant, from the first byte to the end, whatever its protocol.

It authorizes statements, holds them for review, counts, and is cut from outside by deadline, revocation or a lost
storage. It knows no transport: relays ask it, and translate what it raises into their protocol's words.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any
from uuid import UUID

import structlog

from access.context import Access
from access.decisions import holds
from access.grants.sessions import Counters
from access.policy.policy import Policy
from access.policy.resources import Resource
from access.policy.shapes.roles import Role
from access.policy.shapes.statement_rules import StatementRule
from proxy.errors import PolicyFault, SessionEnded
from proxy.masking.rules import Masker
from proxy.recording.recorder import Recorder
from proxy.sessions.holding import HoldWaiters
from proxy.sessions.reviewed import ALLOWED, Back, Notify, Reviewed, Surroundings, ToReview, Verdict, unreviewable
from proxy.statements import StatementFacts, strictest
from storage.database import StorageUnavailable
from storage.model import EndReason, Grant, Principal, Session, VerdictKind

log: structlog.stdlib.BoundLogger = structlog.get_logger()

#: The rule by which a statement is denied that its reviewers could not be shown whole.
UNREVIEWABLE = "unreviewable"


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
        self._reviewed = Reviewed(access, row, grant, waiters)
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
        self,
        facts: Sequence[StatementFacts],
        notify: Notify,
        *,
        refusal: StatementRule | None = None,
        surroundings: Surroundings | None = None,
        schemas: Sequence[str] | None = None,
        back: Back | None = None,
    ) -> Verdict:
        """Decide on statements that were sent as one; the strictest rule counts. They are recorded before this returns.

        While they are held, `notify` gets the sentence to show, and `surroundings` says where they would run. Allowed
        after a review is one run: the caller forwards it at once, or never; `back` is as Reviewed.decided has it.
        `refusal` is a rule that the protocol itself lays down (masked columns, for one); it goes before the role's.
        `schemas` are those that a name without one may stand in; None: any. Raises PolicyFault when no decision can be
        had, and RecorderFailed.
        """
        rule = refusal or strictest(self.role.statements, facts, schemas)
        if rule is not None and rule.verdict is VerdictKind.REVIEW and (why := unreviewable(facts)):
            rule = _unreviewable(rule, why)
        verdict = rule.verdict if rule is not None else VerdictKind.ALLOW
        for each in facts:
            self.counters.statement(each.kind)
            self.recorder.statement(each.kind, each.text, verdict.value)
        if rule is None or verdict is VerdictKind.ALLOW:
            return ALLOWED
        shown = ToReview.of(facts, rule)
        try:
            if verdict is VerdictKind.DENY:
                return await self._deny(shown, rule)
            return await self._hold(shown, rule, notify, surroundings, back)
        except StorageUnavailable as error:
            raise PolicyFault("Gatepass cannot reach its storage, so this statement cannot be decided.") from error

    def allow(self, facts: Sequence[StatementFacts], parameters: int = 0) -> None:
        """Take note of statements that the role's rules are known to allow. Raises RecorderFailed.

        `parameters` is how many values came with them; none is recorded.
        """
        for each in facts:
            self.counters.statement(each.kind)
            self.recorder.statement(each.kind, each.text, VerdictKind.ALLOW.value, parameters)

    async def _deny(self, shown: ToReview, rule: StatementRule) -> Verdict:
        self.counters.denied += 1
        await holds.deny(self._access, self.row, self.grant, shown.text, shown.kind, rule)
        told = rule.message or f"This statement is not allowed: it {shown.why}."
        return Verdict(allowed=False, message=f"{told} (rule {rule.name})")

    async def _hold(
        self,
        shown: ToReview,
        rule: StatementRule,
        notify: Notify,
        surroundings: Surroundings | None,
        back: Back | None,
    ) -> Verdict:
        self.counters.held += 1
        verdict, word = await self._reviewed.decided(shown, rule, notify, surroundings, back)
        self.recorder.statement(shown.kind, shown.text, word)
        if not verdict.allowed:
            self.counters.denied += 1
        return verdict


def _unreviewable(rule: StatementRule, why: str) -> StatementRule:
    """What a rule for review comes to where reviewers could not be shown what runs."""
    message = f"Rule {rule.name} has this reviewed, and nobody can review it. {why}"
    return StatementRule(name=UNREVIEWABLE, match=rule.match, verdict=VerdictKind.DENY, message=message[:500])
