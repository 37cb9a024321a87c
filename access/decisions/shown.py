"""What a reviewer is shown of a request or held statement on our pages: all that its card in Slack shows.

It is shown to those alone who may decide about it. Reads, and decides nothing: reviews does, and asks again.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from access.context import Access
from access.decisions import request_reviews, statement_reviews
from access.decisions.about import About, about
from access.decisions.reviews import reviewer_refusal
from access.decisions.votes import approvals_of
from access.errors import STALE
from access.in_force import policy_in_force
from storage.database import clock
from storage.model import AccessRequest, Grant, HoldState, Principal, RequestState, Session, Statement


@dataclass(frozen=True)
class Shown:
    """One thing to decide, as it stands now. What was typed is as it was typed: whoever shows it escapes it."""

    subject: AccessRequest | Statement
    requester: str
    resource: str
    role: str
    duration_s: int | None
    reason: str
    ticket: str | None
    about: About
    reviewers: tuple[str, ...]
    approvals: tuple[str, ...]
    quorum: int
    #: Somebody may still decide, and in time.
    is_open: bool

    @property
    def statement(self) -> Statement | None:
        return self.subject if isinstance(self.subject, Statement) else None


@dataclass(frozen=True)
class NotShown:
    """Why somebody is shown nothing of it, as a sentence for them."""

    why: str


async def shown(
    access: Access, kind: type[AccessRequest | Statement], subject_id: UUID, to: Principal
) -> Shown | NotShown:
    """What `to` is to decide about."""
    async with access.database.transaction() as transaction:
        subject = await transaction.get(kind, subject_id)
        policy = await policy_in_force(access, transaction)
        if subject is None or (isinstance(subject, Statement) and subject.state is None):
            return NotShown("There is nothing to review by this address.")
        if policy is None:
            return NotShown(STALE)
        case = await (
            request_reviews.RequestCase.open(transaction, policy, subject_id, to)
            if isinstance(subject, AccessRequest)
            else statement_reviews.StatementCase.open(transaction, policy, subject_id, to)
        )
        if case is None:
            return NotShown("There is nothing to review by this address.")
        refusal = await reviewer_refusal(transaction, case)
        if refusal is not None:
            return NotShown(refusal)
        request = await _request_of(transaction, case.row)
        expires_at, now = case.row.expires_at, await clock(transaction)
        counting = await approvals_of(transaction, case.reviewers, case.row, present=case.present)
        return Shown(
            subject=case.row,
            requester=case.requester.name,
            resource=request.resource,
            role=request.role,
            duration_s=request.duration_s if isinstance(case.row, AccessRequest) else None,
            reason=request.reason,
            ticket=request.ticket,
            about=about(policy, request.resource, request.role, request.ticket),
            reviewers=tuple(sorted(case.reviewers)),
            approvals=tuple(sorted(counting)),
            quorum=case.quorum,
            is_open=case.row.state in (RequestState.PENDING, HoldState.PENDING)
            and case.closed is None
            and (expires_at is None or expires_at > now),
        )


async def _request_of(transaction: AsyncSession, row: AccessRequest | Statement) -> AccessRequest:
    """The request behind it."""
    if isinstance(row, AccessRequest):
        return row
    session = await transaction.get_one(Session, row.session_id)
    grant = await transaction.get_one(Grant, session.grant_id)
    return await transaction.get_one(AccessRequest, grant.request_id)
