"""SignInCode: what a command line is let in by, once: a code that the browser brings, or one that is typed."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, LargeBinary
from sqlmodel import Field, SQLModel

from storage.model.columns import choice, moment, new_id, reference, utc_now


class SignInCodeKind(StrEnum):
    #: The browser brings it back to a port of the same machine (RFC 8252).
    LOOPBACK = "loopback"
    #: The command line polls, and a person types the short code in a browser (RFC 8628).
    DEVICE = "device"


class SignInCode(SQLModel, table=True):
    """One attempt of a command line to be signed in; it gives one sign-in, or none. Codes are stored as hashes."""

    __tablename__ = "sign_in_code"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        CheckConstraint("octet_length(code_hash) = 32", name="sign_in_code_is_hashed"),
        CheckConstraint(
            "CASE kind WHEN 'loopback' THEN challenge IS NOT NULL AND redirect_uri IS NOT NULL"
            " AND allowed_by IS NOT NULL AND user_code_hash IS NULL"
            " ELSE user_code_hash IS NOT NULL AND challenge IS NULL END",
            name="sign_in_code_has_what_its_kind_needs",
        ),
        CheckConstraint("gave IS NULL OR (used_at IS NOT NULL AND allowed_by IS NOT NULL)", name="sign_in_code_given"),
        CheckConstraint("allowed_by IS NULL OR denied_at IS NULL", name="sign_in_code_one_answer"),
        Index("sign_in_code_by_code", "code_hash", unique=True),
        Index("sign_in_code_by_user_code", "user_code_hash", unique=True),
        Index("sign_in_code_expiring", "expires_at"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    kind: SignInCodeKind = Field(sa_column=choice(SignInCodeKind, name="sign_in_code_kind"))
    #: SHA-256 of what the command line presents.
    code_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    #: SHA-256 of what a person types.
    user_code_hash: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    #: SHA-256 of the verifier that only the command line knows (PKCE, S256).
    challenge: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    redirect_uri: str | None = Field(default=None, max_length=64)
    #: What the command line calls itself, and from where it asked.
    device: str = Field(max_length=128)
    client: str = Field(max_length=64)
    #: The browser's sign-in by which somebody let it in.
    allowed_by: UUID | None = Field(default=None, sa_column=reference("browser_session.id", nullable=True))
    denied_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    used_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    #: The sign-in that it gave.
    gave: UUID | None = Field(default=None, sa_column=reference("browser_session.id", nullable=True))
    #: When it was asked about last, and how long it must be left alone between: seconds.
    polled_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    interval_s: int = 5
    created_at: datetime = Field(default_factory=utc_now, sa_column=moment(now=True))
    expires_at: datetime = Field(sa_column=moment())
