"""Reviews of held statements: who may is those it was put to who still may under the policy in force."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from access import changes, text
from access.changes import actor
from access.context import Access
from access.decisions.votes import Vote, approvals_of, decided_sentence, record_vote, vote_of
from access.errors import STALE, Refused
from access.grants import grants
from access.identity.people import slack_account
from access.in_force import policy_in_force
from access.policy.policy import Policy
from access.policy.resources import StatementRule
from access.policy.reviewers import may_review
from storage.database import clock
from storage.model import (
    AccessRequest,
    Grant,
    HoldState,
    Principal,
    Review,
    ReviewDecision,
    Session,
    SessionState,
    Statement,
    VerdictKind,
)


@dataclass(frozen=True)
class StatementOutcome:
    """What a review came to; `message` is a sentence for the reviewer."""

    state: HoldState | None
    message: str
    #: None: there is no such statement.
    statement: Statement | None = None
    #: Whether this review decided the statement.
    decided: bool = False
    #: Whether this review was counted at all.
    counted: bool = False


@dataclass(frozen=True)
class _Case:
    """A held statement with everything its review is judged by."""

    statement: Statement
    session: Session
    grant: Grant
    requester: Principal
    reviewer: Principal
    #: Names of those who may review it now.
    reviewers: frozenset[str]
    #: How many of them it takes: never fewer than when it was put to them.
    quorum: int
    #: Why nobody may, as a sentence; None: they may.
    closed: str | None
    #: The Slack account that asked for the access, and that of the reviewer now.
    asked_by: str | None
    account: str | None


async def review_statement(
    access: Access,
    statement_id: UUID,
    reviewer: Principal,
    decision: ReviewDecision,
    reason: str = "",
    *,
    source: str = "slack",
) -> StatementOutcome:
    """Count one decision on a held statement; the quorum's last approval lets it run, one denial refuses it.

    Raises Refused for a denial without a reason or a reason too long; everything else is in the outcome.
    """
    vote = Vote(reviewer.id, decision, text.reason(access, reason), source)
    if decision is ReviewDecision.DENY and not vote.reason:
        raise Refused("Say why you deny this: whoever ran it is told.")
    async with access.database.transaction() as transaction:
        policy = await policy_in_force(access, transaction)
        statement = await transaction.get(Statement, statement_id, with_for_update=True, populate_existing=True)
        if statement is None or statement.verdict is not VerdictKind.REVIEW:
            return StatementOutcome(None, "There is no such statement to review.")
        now = await clock(transaction)
        case = await _case(transaction, policy, statement, reviewer)
        refusal = await _refusal(transaction, case, now)
        if refusal is not None:
            await _note(transaction, case, vote, outcome="failure", why=refusal)
            return StatementOutcome(statement.state, refusal, statement)
        await record_vote(transaction, vote, now, statement_id=statement.id)
        return await _count(transaction, case, vote, now)


async def _case(transaction: AsyncSession, policy: Policy | None, statement: Statement, reviewer: Principal) -> _Case:
    session = await transaction.get_one(Session, statement.session_id)
    grant = await transaction.get_one(Grant, session.grant_id)
    requester = await transaction.get_one(Principal, grant.principal_id)
    request = await transaction.get_one(AccessRequest, grant.request_id)
    reviewer_now = await transaction.get_one(Principal, reviewer.id)
    rule = policy.statement_rule(grant.resource, grant.role, statement.rule) if policy is not None else None
    return _Case(
        statement=statement,
        session=session,
        grant=grant,
        requester=requester,
        reviewer=reviewer_now,
        reviewers=reviewers_now(policy, statement, grant, requester) if policy is not None else frozenset(),
        quorum=max(statement.quorum, rule.quorum if rule is not None else 1),
        closed=_closed(policy, rule, statement, grant, requester),
        asked_by=request.context.get("slack"),
        account=await slack_account(transaction, reviewer_now),
    )


def reviewers_now(policy: Policy, statement: Statement, grant: Grant, requester: Principal) -> frozenset[str]:
    """Those it was put to, as far as the rule that held it would still ask them."""
    rule = policy.statement_rule(grant.resource, grant.role, statement.rule)
    if rule is None or rule.verdict is not VerdictKind.REVIEW:
        return frozenset()
    return policy.statement_reviewers(rule, requester.name, grant.resource, grant.role) & set(statement.reviewers)


def _closed(
    policy: Policy | None, rule: StatementRule | None, statement: Statement, grant: Grant, requester: Principal
) -> str | None:
    """Why the policy lets nobody decide this any more, as a sentence; None: it does."""
    if policy is None:
        return STALE
    if (refusal := grants.still_allowed(policy, grant, requester.name)) is not None:
        return refusal
    if rule is None or rule.verdict is not VerdictKind.REVIEW:
        return f"The policy no longer puts this to anybody: its rule {statement.rule} was changed or removed."
    return None


async def _refusal(transaction: AsyncSession, case: _Case, now: datetime) -> str | None:
    """Why this decision cannot count, as a sentence for the reviewer."""
    statement = case.statement
    if statement.state is not HoldState.PENDING:
        state = statement.state.value if statement.state is not None else "denied"
        return await decided_sentence(transaction, "statement", state, statement.decided_by, statement.decided_at)
    if statement.expires_at is not None and statement.expires_at <= now:
        return f"This statement lapsed at {statement.expires_at:%H:%M:%S} UTC: nobody answered it in time."
    if case.session.state is not SessionState.ACTIVE:
        return "The session that this statement came from has ended, so there is nothing to decide."
    if case.closed is not None:
        return case.closed
    refusal = may_review(
        case.reviewer,
        case.requester,
        case.reviewers,
        "statement",
        account=case.account,
        asked_by=case.asked_by,
    )
    if refusal is not None:
        return refusal
    earlier = await vote_of(transaction, case.reviewer, col(Review.statement_id) == statement.id)
    return f"You have reviewed this statement already ({earlier.decision}), and it counts once." if earlier else None


async def _count(transaction: AsyncSession, case: _Case, vote: Vote, now: datetime) -> StatementOutcome:
    statement = case.statement
    state, message = HoldState.DENIED, "Denied. Whoever ran it is told your reason."
    if vote.decision is ReviewDecision.APPROVE:
        approvals = await approvals_of(transaction, case.reviewers, col(Review.statement_id) == statement.id)
        state, message = HoldState.APPROVED, "Approved. The statement runs now."
        if len(approvals) < case.quorum:
            state, message = HoldState.PENDING, f"Your approval counts: {len(approvals)} of {case.quorum}."
    decided = state is not HoldState.PENDING
    values = (
        {"state": state, "decided_at": now, "decided_by": vote.reviewer_id, "decision_reason": vote.reason}
        if decided
        else {}
    )
    changed = await transaction.scalars(
        update(Statement)
        .where(col(Statement.id) == statement.id, col(Statement.state) == HoldState.PENDING)
        .values(revision=col(Statement.revision) + 1, **values)
        .returning(Statement)
        .execution_options(populate_existing=True)
    )
    now_stands = changed.one()
    await _note(transaction, case, vote, outcome="success", why=vote.reason)
    return StatementOutcome(now_stands.state, message, now_stands, decided=decided, counted=True)


async def _note(transaction: AsyncSession, case: _Case, vote: Vote, *, outcome: str, why: str) -> None:
    await changes.statement(
        transaction,
        case.statement,
        case.grant,
        actor=actor(case.reviewer),
        action=f"{vote.source}:statement:{vote.decision.value}",
        outcome=outcome,
        detail={"why": why},
    )
