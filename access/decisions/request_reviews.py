"""Reviews of access requests: who may is those whom the policy in force names, and an approval makes the grant."""

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
from access.policy.policy import Policy, Requirement
from storage.model import AccessRequest, Decision, Principal, RequestState, ReviewDecision


async def review_request(
    access: Access,
    request_id: UUID,
    reviewer: Principal,
    decision: ReviewDecision,
    reason: str = "",
    *,
    source: str = "slack",
    revision: int | None = None,
    touch: UUID | None = None,
    by: SignedIn | None = None,
) -> Outcome:
    """Count one decision on a request; see reviews.review. The grant's clock starts with the last approval."""
    return await review(access, RequestCase, request_id, reviewer, decision, reason, source, revision, touch, by)


@dataclass(frozen=True)
class RequestCase(Case[AccessRequest]):
    """A request under review."""

    what = "request"
    states = RequestState
    missing = "There is no such request."
    no_reason = "Say why you deny this: the requester is told."
    denied = "Denied. The requester is told your reason."

    #: The longest grant that the policy in force allows.
    maximum_s: int

    @classmethod
    async def open(
        cls, transaction: AsyncSession, policy: Policy | None, row_id: UUID, reviewer: Principal
    ) -> Self | None:
        """The request as it stands, locked."""
        request = await transaction.get(AccessRequest, row_id, with_for_update=True, populate_existing=True)
        if request is None:
            return None
        requester = await transaction.get_one(Principal, request.principal_id)
        requirement = policy.require(requester.name, request.resource, request.role) if policy is not None else None
        return cls(
            row=request,
            requester=requester,
            reviewer=await transaction.get_one(Principal, reviewer.id),
            asked_by=request.context.get("slack"),
            reviewers=requirement.reviewers if requirement is not None else frozenset(),
            quorum=max(requirement.quorum, 1) if requirement is not None else 1,
            requires=requirement.requires if requirement is not None else None,
            closed=_closed(requirement, requester, reviewer),
            maximum_s=requirement.maximum_s if requirement is not None else 0,
        )

    def detail(self, vote: Vote, approvals: int | None) -> dict[str, object]:
        """The reason and, of an approval, how far it brought the request."""
        counted = {"approvals": approvals, "quorum": self.quorum} if approvals is not None else {}
        return {"reason": vote.reason, **counted}

    async def approved(self, transaction: AsyncSession, now: datetime) -> Outcome:
        """The grant begins now."""
        duration_s = min(self.row.duration_s, self.maximum_s)
        grant = await grants.make(transaction, self.row, now, duration_s=duration_s, by=self.reviewer)
        message = f"Approved. The access ends at {grant.expires_at:%H:%M:%S} UTC."
        return Outcome(message, self.row, grant, decided=True, counted=True)


def _closed(requirement: Requirement | None, requester: Principal, reviewer: Principal) -> str | None:
    """Why the policy lets nobody decide this any more; the requester is told something else: that it is theirs."""
    if requester.disabled_at is not None:
        return f"{requester.name} is no longer in the policy, so there is nothing to decide."
    if requirement is None:
        return STALE
    if requirement.decision is Decision.DENIED and reviewer.id != requester.id:
        return f"The policy has changed since this was asked. {requirement.why}"
    return None
