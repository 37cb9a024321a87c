"""Touch: a touch of a security key that was asked for in one browser for one act, and what came of it.

asked for -> answered, by one answer, right or wrong -> spent on the act that it was for. It ends at `expires_at`
wherever it stands then; what it was spent on stays on record.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, LargeBinary
from sqlmodel import Field, SQLModel

from storage.model.columns import choice, moment, new_id, reference, utc_now


class TouchPurpose(StrEnum):
    """What kind of act a touch is for."""

    ASK = "ask"
    APPROVE = "approve"
    TOKEN = "token"  # noqa: S105 - a kind of act, not a secret
    ADD_KEY = "add_key"
    REGISTER = "register"
    END_KEY = "end_key"


class WantedTouch(SQLModel, table=True):
    """A command line of somebody waits for their touch, to be handed what opens one grant; they give it on a page."""

    __tablename__ = "wanted_touch"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        CheckConstraint("touch_id IS NULL OR refused_at IS NULL", name="wanted_touch_one_answer"),
        Index("wanted_touch_expiring", "expires_at"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    principal_id: UUID = Field(sa_column=reference("principal.id", index=True))
    #: The sign-in of the command line: what is handed for the touch is handed to it.
    browser_id: UUID = Field(sa_column=reference("browser_session.id", index=True))
    grant_id: UUID = Field(sa_column=reference("access_grant.id", index=True))
    #: The address that it asks from.
    client: str = Field(max_length=64)
    created_at: datetime = Field(default_factory=utc_now, sa_column=moment(now=True))
    expires_at: datetime = Field(sa_column=moment())
    touch_id: UUID | None = Field(default=None, sa_column=reference("touch.id", nullable=True))
    refused_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))


class Touch(SQLModel, table=True):
    """A challenge and its one answer."""

    __tablename__ = "touch"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        CheckConstraint("octet_length(challenge_hash) = 32", name="touch_challenge_is_hashed"),
        CheckConstraint("verified_at IS NULL OR answered_at IS NOT NULL", name="touch_is_answered_before_verified"),
        CheckConstraint("(verified_at IS NULL) = (key_id IS NULL)", name="touch_is_of_a_key"),
        CheckConstraint("spent_at IS NULL OR verified_at IS NOT NULL", name="touch_is_verified_before_spent"),
        Index("touch_by_challenge", "challenge_hash", unique=True),
        Index("touch_by_token", "token", unique=True, postgresql_where="token IS NOT NULL"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    principal_id: UUID = Field(sa_column=reference("principal.id", index=True))
    browser_id: UUID = Field(sa_column=reference("browser_session.id", index=True))
    #: SHA-256 of the 32 random bytes that the key signs.
    challenge_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    purpose: TouchPurpose = Field(sa_column=choice(TouchPurpose, name="touch_purpose"))
    #: Which act exactly, as access.identity.acts writes it: what was seen, in its revision.
    about: str = Field(max_length=200)
    created_at: datetime = Field(default_factory=utc_now, sa_column=moment(now=True))
    expires_at: datetime = Field(sa_column=moment())
    answered_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    verified_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    key_id: UUID | None = Field(default=None, sa_column=reference("security_key.id", nullable=True))
    #: The key asked for a PIN or a finger as well.
    user_verified: bool = False
    spent_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    #: Of a token: its id (`jti`), by which a connection finds the touch that it was handed with.
    token: str | None = Field(default=None, max_length=32)
