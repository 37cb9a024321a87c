"""Reviews of held statements: who may is those it was put to who still may under the policy in force.

A vote under a grant that opens nothing any more, or in a session that has ended, does not count.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Self
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from access.context import Access
from access.decisions.reviews import Case, Outcome, review
from access.decisions.votes import Vote
from access.errors import STALE
from access.grants import grants
from access.identity.browser_sessions import SignedIn
from access.policy.policy import Policy
from access.policy.shapes.proof import Requires
from access.policy.shapes.statement_rules import StatementRule
from storage.model import (
    AccessRequest,
    Grant,
    HoldState,
    Principal,
    ReviewDecision,
    Session,
    SessionState,
    Statement,
    VerdictKind,
)


async def review_statement(
    access: Access,
    statement_id: UUID,
    reviewer: Principal,
    decision: ReviewDecision,
    reason: str = "",
    *,
    source: str = "slack",
    revision: int | None = None,
    touch: UUID | None = None,
    by: SignedIn | None = None,
) -> Outcome:
    """Count one decision on a held statement; see reviews.review. The last approval lets it run."""
    return await review(access, StatementCase, statement_id, reviewer, decision, reason, source, revision, touch, by)


@dataclass(frozen=True)
class StatementCase(Case[Statement]):
    """A held statement under review."""

    what = "statement"
    states = HoldState
    missing = "There is no such statement to review."
    no_reason = "Say why you deny this: whoever ran it is told."
    denied = "Denied. Whoever ran it is told your reason."

    @classmethod
    async def open(
        cls, transaction: AsyncSession, policy: Policy | None, row_id: UUID, reviewer: Principal
    ) -> Self | None:
        """The statement as it stands, locked; one that was denied at once is not for review."""
        statement = await transaction.get(Statement, row_id, with_for_update=True, populate_existing=True)
        if statement is None or statement.verdict is not VerdictKind.REVIEW:
            return None
        session = await transaction.get_one(
            Session, statement.session_id, with_for_update={"read": True}, populate_existing=True
        )
        grant = await transaction.get_one(Grant, session.grant_id)
        unusable = await _unusable(transaction, grant)
        requester = await transaction.get_one(Principal, grant.principal_id)
        request = await transaction.get_one(AccessRequest, grant.request_id)
        rule = policy.statement_rule(grant.resource, grant.role, statement.rule) if policy is not None else None
        return cls(
            row=statement,
            requester=requester,
            reviewer=await transaction.get_one(Principal, reviewer.id),
            asked_by=request.context.get("slack"),
            reviewers=reviewers_now(policy, statement, grant, requester) if policy is not None else frozenset(),
            # Never fewer than when it was put to them.
            quorum=max(statement.quorum, rule.quorum if rule is not None else 1),
            requires=required(policy, statement, grant, requester) if policy is not None else None,
            closed=_closed(policy, rule, statement, session, grant, requester) or unusable,
        )

    def detail(self, vote: Vote, approvals: int | None) -> dict[str, object]:
        """The reason alone."""
        return {"why": vote.reason}

    async def approved(self, transaction: AsyncSession, now: datetime) -> Outcome:
        """The session that waits for it hears of the change, and spends it."""
        return Outcome("Approved. The statement runs now.", self.row, decided=True, counted=True)


def reviewers_now(policy: Policy, statement: Statement, grant: Grant, requester: Principal) -> frozenset[str]:
    """Those it was put to, as far as the rule that held it would still ask them."""
    rule = policy.statement_rule(grant.resource, grant.role, statement.rule)
    if rule is None or rule.verdict is not VerdictKind.REVIEW:
        return frozenset()
    return policy.statement_reviewers(rule, requester.name, grant.resource, grant.role) & set(statement.reviewers)


def required(policy: Policy, statement: Statement, grant: Grant, requester: Principal) -> Requires | None:
    """What whoever approves it must have proven, by the rule that held it as it stands now."""
    rule = policy.statement_rule(grant.resource, grant.role, statement.rule)
    if rule is None:
        return None
    return policy.required_of_reviewers(rule, requester.name, grant.resource, grant.role)


async def _unusable(transaction: AsyncSession, grant: Grant) -> str | None:
    """Why the grant opens nothing, as a sentence; locked, so that nobody revokes it before this is decided."""
    try:
        await grants.usable(transaction, grant.id, lock=True)
    except grants.GrantUnusable as error:
        return f"The access that this statement was sent under is over. {error}"
    return None


def _closed(
    policy: Policy | None,
    rule: StatementRule | None,
    statement: Statement,
    session: Session,
    grant: Grant,
    requester: Principal,
) -> str | None:
    """Why nobody is to decide this any more, as a sentence; None: somebody is."""
    if session.state is not SessionState.ACTIVE:
        return "The session that this statement came from has ended, so there is nothing to decide."
    if policy is None:
        return STALE
    if (refusal := grants.still_allowed(policy, grant, requester.name)) is not None:
        return refusal
    if rule is None or rule.verdict is not VerdictKind.REVIEW:
        return f"The policy no longer puts this to anybody: its rule {statement.rule} was changed or removed."
    return None
