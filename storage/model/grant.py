"""Grant: who may enter what, until when."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, Text
from sqlmodel import Field, SQLModel

from storage.model.columns import moment, new_id, reference, utc_now


class Grant(SQLModel, table=True):
    """One role on one resource for one principal, from `not_before` until `expires_at` or `revoked_at`."""

    __tablename__ = "access_grant"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        CheckConstraint("expires_at > not_before", name="grant_ends_after_it_starts"),
        CheckConstraint("(revoked_at IS NULL) = (revoke_reason IS NULL)", name="grant_revocation_has_a_reason"),
        Index("access_grant_one_a_request", "request_id", unique=True),
        Index(
            "access_grant_expiring",
            "expires_at",
            postgresql_where="revoked_at IS NULL AND expiry_noted_at IS NULL",
        ),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    request_id: UUID = Field(sa_column=reference("access_request.id"))
    principal_id: UUID = Field(sa_column=reference("principal.id", index=True))
    resource: str = Field(max_length=128)
    role: str = Field(max_length=128)
    not_before: datetime = Field(sa_column=moment())
    expires_at: datetime = Field(sa_column=moment())
    revoked_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    #: NULL with `revoked_at` set: the gateway revoked it (the person left the policy).
    revoked_by: UUID | None = Field(default=None, sa_column=reference("principal.id", nullable=True))
    revoke_reason: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    #: When its expiry was told and audited, once; the deadline itself needs nobody to note it.
    expiry_noted_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    created_at: datetime = Field(default_factory=utc_now, sa_column=moment(now=True))
