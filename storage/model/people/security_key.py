"""SecurityKey: a key or passkey by which a person shows that they are there (WebAuthn), and how it ended."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, LargeBinary
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from storage.model.columns import choice, moment, new_id, reference, utc_now


class KeyEnd(StrEnum):
    """Why a key counts no more."""

    #: By the person themselves, with a touch.
    REMOVED = "removed"
    #: Its counter did not grow: there may be a copy of it.
    CLONED = "cloned"
    #: The policy names the person no longer, or gives them another account.
    LEFT = "left"
    #: For them, who lost it.
    OPERATOR = "operator"


class SecurityKey(SQLModel, table=True):
    """One credential of one person. Only its public half is known here."""

    __tablename__ = "security_key"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        CheckConstraint("(ended_at IS NULL) = (end_reason IS NULL)", name="security_key_end_has_a_reason"),
        CheckConstraint("sign_count >= 0", name="security_key_counter_is_not_negative"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    principal_id: UUID = Field(sa_column=reference("principal.id", index=True))
    #: The authenticator's name for it, at most 1023 bytes (WebAuthn, 4): one credential is one person's, for ever.
    credential_id: bytes = Field(sa_column=Column(LargeBinary, nullable=False, unique=True))
    #: COSE_Key (RFC 9052).
    public_key: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    #: As of the last touch; an authenticator that does not count says 0 always.
    sign_count: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    #: How browsers reach it: usb, nfc, internal …
    transports: list[str] = Field(default_factory=list[str], sa_column=Column(JSONB, nullable=False))
    #: The model of the authenticator by its own word, which is not proven; zeros where it does not say.
    aaguid: str = Field(max_length=36)
    #: What the person calls it.
    name: str = Field(max_length=64)
    #: Whether it may be copied to other devices of the person by its maker, and whether it was.
    backup_eligible: bool = False
    backed_up: bool = False
    created_at: datetime = Field(default_factory=utc_now, sa_column=moment(now=True))
    last_used_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    ended_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    end_reason: KeyEnd | None = Field(
        default=None, sa_column=choice(KeyEnd, name="security_key_end_reason", nullable=True)
    )
