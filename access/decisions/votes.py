"""The Review rows: written once a person, counted by people who may still review."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from storage.model import Principal, PrincipalKind, Review, ReviewDecision

_PARTICIPLES = {
    "approved": "was approved",
    "denied": "was denied",
    "cancelled": "was cancelled",
    "expired": "lapsed",
}


@dataclass(frozen=True)
class Vote:
    """What one reviewer decided; the reason is redacted already."""

    reviewer_id: UUID
    decision: ReviewDecision
    reason: str
    #: Where from: slack, web, api.
    source: str


async def record_vote(
    transaction: AsyncSession,
    vote: Vote,
    now: datetime,
    *,
    request_id: UUID | None = None,
    statement_id: UUID | None = None,
) -> None:
    """Write the review of one thing."""
    transaction.add(
        Review(
            request_id=request_id,
            statement_id=statement_id,
            reviewer_id=vote.reviewer_id,
            decision=vote.decision,
            reason=vote.reason,
            created_at=now,
        )
    )
    await transaction.flush()


async def vote_of(transaction: AsyncSession, reviewer: Principal, of: ColumnElement[bool]) -> Review | None:
    """What `reviewer` decided before, if they did."""
    return await transaction.scalar(select(Review).where(of, col(Review.reviewer_id) == reviewer.id))


async def approvals_of(
    transaction: AsyncSession, reviewers: Collection[str], of: ColumnElement[bool]
) -> frozenset[str]:
    """Names of the different people whose approval counts now: still allowed, enabled and human.

    Nor does one count that was given by an account the reviewer has lost since: with the next one it would be two.
    """
    names = await transaction.scalars(
        select(col(Principal.name))
        .join(Review, col(Review.reviewer_id) == col(Principal.id))
        .where(
            of,
            col(Review.decision) == ReviewDecision.APPROVE,
            col(Principal.name).in_(sorted(reviewers)),
            col(Principal.kind) == PrincipalKind.HUMAN,
            col(Principal.disabled_at).is_(None),
            or_(
                col(Principal.identity_lost_at).is_(None),
                col(Review.created_at) > col(Principal.identity_lost_at),
            ),
        )
    )
    return frozenset(names.all())


async def decided_sentence(
    transaction: AsyncSession, what: str, state: str, by: UUID | None, at: datetime | None
) -> str:
    """Who decided `what`, how and when: for those who come too late."""
    principal = await transaction.get(Principal, by) if by is not None else None
    who = f" by {principal.name}" if principal is not None else ""
    when = f" at {at:%H:%M:%S} UTC" if at is not None else ""
    return f"This {what} {_PARTICIPLES.get(state, state)}{who}{when} already."
