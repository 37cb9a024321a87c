"""AccessRequest and the Reviews that decide it."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Text
from sqlmodel import Field, SQLModel

from storage.model.columns import choice, document, moment, new_id, reference, utc_now


class Decision(StrEnum):
    """What the policy asks for."""

    AUTOMATIC = "automatic"
    DENIED = "denied"
    REVIEWED = "reviewed"


class RequestState(StrEnum):
    """pending -> approved, denied, cancelled or expired; each change is one conditional UPDATE."""

    PENDING = "pending"
    APPROVED = "approved"
    DENIED = "denied"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class ReviewDecision(StrEnum):
    APPROVE = "approve"
    DENY = "deny"


class AccessRequest(SQLModel, table=True):
    """One principal asks for one role on one resource for some time."""

    __tablename__ = "access_request"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        CheckConstraint("duration_s > 0", name="request_duration_is_positive"),
        CheckConstraint("quorum >= 0", name="request_quorum_is_not_negative"),
        CheckConstraint("(state = 'pending') = (decided_at IS NULL)", name="request_is_pending_or_decided"),
        Index("access_request_pending", "expires_at", postgresql_where="state = 'pending'"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    principal_id: UUID = Field(sa_column=reference("principal.id", index=True))
    resource: str = Field(max_length=128)
    role: str = Field(max_length=128)
    duration_s: int
    #: What the person typed, with sensitive values redacted before it was written; at most 3000 characters.
    reason: str = Field(default="", sa_column=Column(Text, nullable=False))
    ticket: str | None = Field(default=None, max_length=128)
    state: RequestState = Field(default=RequestState.PENDING, sa_column=choice(RequestState, name="request_state"))
    decision: Decision = Field(sa_column=choice(Decision, name="request_decision"))
    #: The policy rule that decided, and the policy it stands in.
    rule: str = Field(max_length=128)
    policy_hash: str = Field(sa_column=Column(Text, ForeignKey("policy_version.hash"), nullable=False))
    quorum: int = 0
    #: Names of the people who could review when it was asked; who may is checked again at each tap.
    reviewers: list[str] = Field(default_factory=list, sa_column=document(default="'[]'::jsonb"))
    #: Slack channel id of the policy rule; where the card and the digest go.
    channel: str | None = Field(default=None, max_length=64)
    created_at: datetime = Field(default_factory=utc_now, sa_column=moment(now=True))
    #: When an unanswered request expires.
    expires_at: datetime = Field(sa_column=moment())
    decided_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    #: NULL when the policy or the clock decided.
    decided_by: UUID | None = Field(default=None, sa_column=reference("principal.id", nullable=True))
    decision_reason: str = Field(default="", sa_column=Column(Text, nullable=False, server_default=""))
    #: Names of those whose approvals counted when they decided it; others may have approved and count no more.
    approved_by: list[str] = Field(default_factory=list, sa_column=document(default="'[]'::jsonb"))
    #: Grows with every change; a card that shows an older one is stale.
    revision: int = 1
    context: dict[str, Any] = Field(default_factory=dict, sa_column=document())


class Review(SQLModel, table=True):
    """One reviewer's decision, on a request or on one held Statement."""

    __tablename__ = "review"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        CheckConstraint("num_nonnulls(request_id, statement_id) = 1", name="review_is_of_one_thing"),
        Index("review_once_a_request", "request_id", "reviewer_id", unique=True),
        Index("review_once_a_statement", "statement_id", "reviewer_id", unique=True),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    request_id: UUID | None = Field(default=None, sa_column=reference("access_request.id", nullable=True))
    statement_id: UUID | None = Field(default=None, sa_column=reference("statement.id", nullable=True))
    reviewer_id: UUID = Field(sa_column=reference("principal.id"))
    decision: ReviewDecision = Field(sa_column=choice(ReviewDecision, name="review_decision"))
    reason: str = Field(default="", sa_column=Column(Text, nullable=False, server_default=""))
    created_at: datetime = Field(default_factory=utc_now, sa_column=moment(now=True))
    #: What the reviewer proved for it, where the rule asked or they touched their key: as access.identity.proof says.
    proof: dict[str, Any] = Field(default_factory=dict, sa_column=document())
    #: The touch that it was given with.
    touch_id: UUID | None = Field(default=None, sa_column=reference("touch.id", nullable=True))
