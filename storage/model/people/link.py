"""SlackLink: an address by which whoever signs in links one Slack account to themselves, once."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, LargeBinary
from sqlmodel import Field, SQLModel

from storage.model.columns import moment, new_id, reference, utc_now


class SlackLink(SQLModel, table=True):
    """Given to one member of one Slack team, until `expires_at` or `used_at`."""

    __tablename__ = "slack_link"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        CheckConstraint("(used_at IS NULL) = (principal_id IS NULL)", name="slack_link_is_used_by_somebody"),
        CheckConstraint("octet_length(secret_hash) = 32", name="slack_link_secret_is_hashed"),
        Index("slack_link_by_secret", "secret_hash", unique=True),
        Index("slack_link_of_member", "team", "member", postgresql_where="used_at IS NULL"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    #: SHA-256 of the 32 random bytes in the address.
    secret_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    team: str = Field(max_length=64)
    #: The organisation on Enterprise Grid, whose members have one id in all of its teams.
    enterprise: str | None = Field(default=None, max_length=64)
    member: str = Field(max_length=64)
    #: As Slack shows them, for the page; no proof of anything.
    shown: str = Field(max_length=200)
    created_at: datetime = Field(default_factory=utc_now, sa_column=moment(now=True))
    expires_at: datetime = Field(sa_column=moment())
    used_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    #: Whose account it became.
    principal_id: UUID | None = Field(default=None, sa_column=reference("principal.id", nullable=True, index=True))
