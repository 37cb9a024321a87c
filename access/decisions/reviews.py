"""Reviews of access requests: one person's decision, and what it leads to. Of held statements: see statement_reviews.

The row decided upon is locked first, so that decisions come one after the other; the change itself is one conditional
UPDATE. A decision that cannot count is told to the reviewer, audited, and changes nothing.
"""

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
from access.policy.policy import Requirement
from access.policy.reviewers import may_review
from storage.database import clock
from storage.model import AccessRequest, Decision, Grant, Principal, RequestState, Review, ReviewDecision

_VERBS = {ReviewDecision.APPROVE: "approve", ReviewDecision.DENY: "deny"}


@dataclass(frozen=True)
class Outcome:
    """What a review came to; `message` is a sentence for the reviewer."""

    state: RequestState | None
    message: str
    #: None: there is no such request.
    request: AccessRequest | None = None
    grant: Grant | None = None
    #: Whether this review decided the request.
    decided: bool = False
    #: Whether this review was counted at all.
    counted: bool = False


async def review_request(
    access: Access,
    request_id: UUID,
    reviewer: Principal,
    decision: ReviewDecision,
    reason: str = "",
    *,
    source: str = "slack",
) -> Outcome:
    """Count one decision. Whether it counts is judged by the policy in force now, not by that of the request.

    Raises Refused for a denial without a reason or a reason too long; everything else is in the Outcome.
    """
    vote = Vote(reviewer.id, decision, text.reason(access, reason), source)
    if decision is ReviewDecision.DENY and not vote.reason:
        raise Refused("Say why you deny this: the requester is told.")
    async with access.database.transaction() as transaction:
        policy = await policy_in_force(access, transaction)
        request = await transaction.get(AccessRequest, request_id, with_for_update=True, populate_existing=True)
        if request is None:
            return Outcome(None, "There is no such request.")
        now = await clock(transaction)
        requester = await transaction.get_one(Principal, request.principal_id)
        reviewer_now = await transaction.get_one(Principal, reviewer.id)
        requirement = policy.require(requester.name, request.resource, request.role) if policy is not None else None
        refusal = await _refusal(transaction, request, requester, reviewer_now, requirement, now)
        if requirement is None or refusal is not None:
            refusal = refusal or STALE
            await changes.request(
                transaction,
                request,
                actor=actor(reviewer_now),
                action=f"{source}:request:{_VERBS[decision]}",
                outcome="failure",
                detail={"why": refusal},
            )
            return Outcome(request.state, refusal, request)
        await record_vote(transaction, vote, now, request_id=request.id)
        if decision is ReviewDecision.DENY:
            return await _deny(transaction, request, reviewer_now, vote, now)
        return await _approve(transaction, request, reviewer_now, requirement, vote, now)


async def _refusal(
    transaction: AsyncSession,
    request: AccessRequest,
    requester: Principal,
    reviewer: Principal,
    requirement: Requirement | None,
    now: datetime,
) -> str | None:
    """Why this decision cannot count, as a sentence for the reviewer; without a requirement none can."""
    if request.state is not RequestState.PENDING:
        return await decided_sentence(
            transaction, "request", request.state.value, request.decided_by, request.decided_at
        )
    if request.expires_at <= now:
        return f"This request lapsed at {request.expires_at:%H:%M:%S} UTC: nobody answered it in time."
    if requester.disabled_at is not None:
        return f"{requester.name} is no longer in the policy, so there is nothing to decide."
    if requirement is None:
        return STALE
    if requirement.decision is Decision.DENIED and reviewer.id != requester.id:
        return f"The policy has changed since this was asked. {requirement.why}"
    refusal = may_review(
        reviewer,
        requester,
        requirement.reviewers,
        "request",
        account=await slack_account(transaction, reviewer),
        asked_by=request.context.get("slack"),
    )
    if refusal is not None:
        return refusal
    earlier = await vote_of(transaction, reviewer, col(Review.request_id) == request.id)
    return f"You have reviewed this request already ({earlier.decision}), and it counts once." if earlier else None


async def _deny(
    transaction: AsyncSession, request: AccessRequest, reviewer: Principal, vote: Vote, now: datetime
) -> Outcome:
    denied = await _decide(transaction, request, RequestState.DENIED, reviewer, vote.reason, now)
    await changes.request(
        transaction,
        denied,
        actor=actor(reviewer),
        action=f"{vote.source}:request:deny",
        detail={"reason": vote.reason},
    )
    return Outcome(denied.state, "Denied. The requester is told your reason.", denied, decided=True, counted=True)


async def _approve(
    transaction: AsyncSession,
    request: AccessRequest,
    reviewer: Principal,
    requirement: Requirement,
    vote: Vote,
    now: datetime,
) -> Outcome:
    """Approve if this makes the quorum; the grant's clock starts now."""
    approvals = await approvals_of(transaction, requirement.reviewers, col(Review.request_id) == request.id)
    quorum = max(requirement.quorum, 1)
    detail = {"reason": vote.reason, "approvals": len(approvals), "quorum": quorum}
    action = f"{vote.source}:request:approve"
    if len(approvals) < quorum:
        waiting = await _count(transaction, request)
        await changes.request(transaction, waiting, actor=actor(reviewer), action=action, detail=detail)
        message = f"Your approval counts: {len(approvals)} of {quorum}."
        return Outcome(waiting.state, message, waiting, counted=True)
    approved = await _decide(transaction, request, RequestState.APPROVED, reviewer, vote.reason, now)
    await changes.request(transaction, approved, actor=actor(reviewer), action=action, detail=detail)
    duration_s = min(approved.duration_s, requirement.maximum_s)
    grant = await grants.make(transaction, approved, now, duration_s=duration_s, by=reviewer)
    message = f"Approved. The access ends at {grant.expires_at:%H:%M:%S} UTC."
    return Outcome(approved.state, message, approved, grant, decided=True, counted=True)


async def _decide(
    transaction: AsyncSession,
    request: AccessRequest,
    state: RequestState,
    reviewer: Principal,
    reason: str,
    now: datetime,
) -> AccessRequest:
    """pending -> approved or denied. The row is locked, so the condition cannot fail; it stands for whoever reads."""
    decided = await transaction.scalars(
        update(AccessRequest)
        .where(col(AccessRequest.id) == request.id, col(AccessRequest.state) == RequestState.PENDING)
        .values(
            state=state,
            decided_at=now,
            decided_by=reviewer.id,
            decision_reason=reason,
            revision=col(AccessRequest.revision) + 1,
        )
        .returning(AccessRequest)
        .execution_options(populate_existing=True)
    )
    return decided.one()


async def _count(transaction: AsyncSession, request: AccessRequest) -> AccessRequest:
    counted = await transaction.scalars(
        update(AccessRequest)
        .where(col(AccessRequest.id) == request.id, col(AccessRequest.state) == RequestState.PENDING)
        .values(revision=col(AccessRequest.revision) + 1)
        .returning(AccessRequest)
        .execution_options(populate_existing=True)
    )
    return counted.one()
