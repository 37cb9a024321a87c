"""Statement: one thing a session asked of the upstream that was held or denied.

Allowed statements live in the recording alone: a row for each would put the database in the way of every query.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, Text
from sqlmodel import Field, SQLModel

from storage.model.columns import choice, document, moment, new_id, reference, utc_now


class VerdictKind(StrEnum):
    ALLOW = "allow"
    DENY = "deny"
    REVIEW = "review"


class HoldState(StrEnum):
    """pending -> approved, denied, expired (nobody answered) or cancelled (the session ended, Ctrl-C)."""

    PENDING = "pending"
    APPROVED = "approved"
    DENIED = "denied"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class Statement(SQLModel, table=True):
    """`verdict` is deny (state NULL) or review (state says how far)."""

    __tablename__ = "statement"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        CheckConstraint("(verdict = 'review') = (state IS NOT NULL)", name="statement_review_has_a_state"),
        CheckConstraint("verdict <> 'allow'", name="statement_is_held_or_denied"),
        CheckConstraint("spent_at IS NULL OR (state = 'approved' AND void = '')", name="statement_is_spent_or_void"),
        Index("statement_pending", "expires_at", postgresql_where="state = 'pending'"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    session_id: UUID = Field(sa_column=reference("session.id", index=True))
    #: The SQL or command with its literals redacted; never the raw text.
    text: str = Field(sa_column=Column(Text, nullable=False))
    kind: str = Field(max_length=64)
    verdict: VerdictKind = Field(sa_column=choice(VerdictKind, name="statement_verdict"))
    rule: str = Field(max_length=128)
    message: str = Field(default="", sa_column=Column(Text, nullable=False, server_default=""))
    state: HoldState | None = Field(default=None, sa_column=choice(HoldState, name="statement_state", nullable=True))
    quorum: int = 0
    reviewers: list[str] = Field(default_factory=list, sa_column=document(default="'[]'::jsonb"))
    channel: str | None = Field(default=None, max_length=64)
    #: What its reviewers are told beside the text: why it is held, how many rows the planner expects, where it runs.
    why: str = Field(default="", sa_column=Column(Text, nullable=False, server_default=""))
    estimate: str = Field(default="", sa_column=Column(Text, nullable=False, server_default=""))
    database: str = Field(default="", sa_column=Column(Text, nullable=False, server_default=""))
    search_path: str = Field(default="", sa_column=Column(Text, nullable=False, server_default=""))
    created_at: datetime = Field(default_factory=utc_now, sa_column=moment(now=True))
    #: A hold that nobody answers by then is refused.
    expires_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    decided_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    decided_by: UUID | None = Field(default=None, sa_column=reference("principal.id", nullable=True))
    decision_reason: str = Field(default="", sa_column=Column(Text, nullable=False, server_default=""))
    #: Names of those whose approvals counted when they decided it; others may have approved and count no more.
    approved_by: list[str] = Field(default_factory=list, sa_column=document(default="'[]'::jsonb"))
    #: Approved: when its one run began, or why there was and will be none, as a sentence; one of the two comes.
    spent_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    void: str = Field(default="", sa_column=Column(Text, nullable=False, server_default=""))
    revision: int = 1
