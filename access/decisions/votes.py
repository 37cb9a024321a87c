"""The Review rows: written once a person, counted by people who may still review."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from storage.model import AccessRequest, Principal, PrincipalKind, Review, ReviewDecision, Statement


@dataclass(frozen=True)
class Vote:
    """What one reviewer decided; the reason is redacted already."""

    reviewer_id: UUID
    decision: ReviewDecision
    reason: str
    #: Where from: slack, web, api.
    source: str


async def record_vote(transaction: AsyncSession, vote: Vote, now: datetime, about: AccessRequest | Statement) -> None:
    """Write the review of one thing."""
    transaction.add(
        Review(
            request_id=about.id if isinstance(about, AccessRequest) else None,
            statement_id=about.id if isinstance(about, Statement) else None,
            reviewer_id=vote.reviewer_id,
            decision=vote.decision,
            reason=vote.reason,
            created_at=now,
        )
    )
    await transaction.flush()


async def vote_of(transaction: AsyncSession, reviewer: Principal, about: AccessRequest | Statement) -> Review | None:
    """What `reviewer` decided before, if they did."""
    return await transaction.scalar(select(Review).where(_about(about), col(Review.reviewer_id) == reviewer.id))


async def approvals_of(
    transaction: AsyncSession, reviewers: Collection[str], about: AccessRequest | Statement
) -> frozenset[str]:
    """Names of the different people whose approval counts now: still allowed, enabled and human.

    An approval given by an account that the reviewer has lost since does not count: with one by the new account, the
    same person would count twice.
    """
    names = await transaction.scalars(
        select(col(Principal.name))
        .join(Review, col(Review.reviewer_id) == col(Principal.id))
        .where(
            _about(about),
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


def _about(subject: AccessRequest | Statement) -> ColumnElement[bool]:
    if isinstance(subject, AccessRequest):
        return col(Review.request_id) == subject.id
    return col(Review.statement_id) == subject.id
