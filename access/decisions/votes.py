"""The Review rows: written once a person, counted by people who may still review."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, exists, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from access.identity.proof import Proof
from access.identity.touches import is_of_a_living_key
from storage.model import (
    AccessRequest,
    Identity,
    IdentityProvider,
    Principal,
    PrincipalKind,
    Review,
    ReviewDecision,
    Statement,
)


@dataclass(frozen=True)
class Vote:
    """What one reviewer decided; the reason is redacted already."""

    reviewer_id: UUID
    decision: ReviewDecision
    reason: str
    #: Where from: slack, web, api.
    source: str


async def record_vote(
    transaction: AsyncSession, vote: Vote, now: datetime, about: AccessRequest | Statement, proven: Proof
) -> None:
    """Write the review of one thing, with what its giver proved for it."""
    transaction.add(
        Review(
            request_id=about.id if isinstance(about, AccessRequest) else None,
            statement_id=about.id if isinstance(about, Statement) else None,
            reviewer_id=vote.reviewer_id,
            decision=vote.decision,
            reason=vote.reason,
            created_at=now,
            proof=dict(proven.record),
            touch_id=proven.touch_id,
        )
    )
    await transaction.flush()


async def vote_of(transaction: AsyncSession, reviewer: Principal, about: AccessRequest | Statement) -> Review | None:
    """What `reviewer` decided before, if they did."""
    return await transaction.scalar(select(Review).where(_about(about), col(Review.reviewer_id) == reviewer.id))


async def approvals_of(
    transaction: AsyncSession, reviewers: Collection[str], about: AccessRequest | Statement, *, present: bool
) -> frozenset[str]:
    """Names of the different people whose approval counts now: still allowed, enabled and human, here and in Slack.

    `present`: the rule in force asks for a touch with each, and one whose key has ended since counts no more.

    An approval given by an account that the reviewer has lost since, or that was suspended since, does not count: with
    one by the new account, the same person would count twice.
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
            ~_is_suspended(),
            or_(
                col(Principal.identity_lost_at).is_(None),
                col(Review.created_at) > col(Principal.identity_lost_at),
            ),
            is_of_a_living_key(col(Review.touch_id)) if present else true(),
        )
    )
    return frozenset(names.all())


async def given_by(transaction: AsyncSession, about: AccessRequest | Statement) -> frozenset[str]:
    """Names of all who ever approved it, whether that counts now or not."""
    names = await transaction.scalars(
        select(col(Principal.name))
        .join(Review, col(Review.reviewer_id) == col(Principal.id))
        .where(_about(about), col(Review.decision) == ReviewDecision.APPROVE)
    )
    return frozenset(names.all())


async def slack_members_who_approved(
    transaction: AsyncSession, about: AccessRequest | Statement, team: str
) -> Sequence[str]:
    """The Slack members of `team` behind the approvals so far, for whoever asks Slack whether they still may."""
    subjects = await transaction.scalars(
        select(col(Identity.subject))
        .join(Review, col(Review.reviewer_id) == col(Identity.principal_id))
        .where(
            _about(about),
            col(Review.decision) == ReviewDecision.APPROVE,
            col(Identity.provider) == IdentityProvider.SLACK,
            col(Identity.issuer) == team,
            col(Identity.retired_at).is_(None),
        )
        .order_by(col(Identity.subject))
    )
    return subjects.all()


def _is_suspended() -> ColumnElement[bool]:
    """Whether the principal's account may not review, by what its provider last said."""
    return exists().where(
        col(Identity.principal_id) == col(Principal.id),
        col(Identity.retired_at).is_(None),
        col(Identity.suspended_at).is_not(None),
    )


def _about(subject: AccessRequest | Statement) -> ColumnElement[bool]:
    if isinstance(subject, AccessRequest):
        return col(Review.request_id) == subject.id
    return col(Review.statement_id) == subject.id
