"""What people let themselves in with by SSH: certificates of minutes, keys of their own, and logins by a browser."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Boolean, CheckConstraint, Column, Index, LargeBinary
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlmodel import Field, SQLModel

from storage.model.columns import choice, moment, new_id, reference, utc_now
from storage.model.people.security_key import KeyEnd


class SshCertificate(SQLModel, table=True):
    """A certificate that was signed for one grant of one person, on one command line; it ends with either."""

    __tablename__ = "ssh_certificate"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        CheckConstraint("octet_length(fingerprint) = 32", name="ssh_certificate_key_is_hashed"),
        Index("ssh_certificate_expiring", "expires_at"),
    )

    #: Sixteen hexadecimal digits: the certificate's serial number.
    id: str = Field(primary_key=True, max_length=16)
    principal_id: UUID = Field(sa_column=reference("principal.id", index=True))
    grant_id: UUID = Field(sa_column=reference("access_grant.id", index=True))
    #: The sign-in that asked for it.
    browser_id: UUID = Field(sa_column=reference("browser_session.id", index=True))
    #: SHA-256 of the certified key.
    fingerprint: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    #: Where it may be used from, as it stands in the certificate; empty: from anywhere.
    source: str = Field(default="", max_length=128)
    issued_at: datetime = Field(default_factory=utc_now, sa_column=moment(now=True))
    expires_at: datetime = Field(sa_column=moment())
    revoked_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))


class SshKey(SQLModel, table=True):
    """A public key that its owner has proven to have."""

    __tablename__ = "ssh_key"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        CheckConstraint("(ended_at IS NULL) = (end_reason IS NULL)", name="ssh_key_end_has_a_reason"),
        CheckConstraint("octet_length(fingerprint) = 32", name="ssh_key_fingerprint_is_hashed"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    principal_id: UUID = Field(sa_column=reference("principal.id", index=True))
    #: SHA-256 of `public_key`: one key is one person's, for ever.
    fingerprint: bytes = Field(sa_column=Column(LargeBinary, nullable=False, unique=True))
    #: As the protocol has it (RFC 4253, 6.6; OpenSSH PROTOCOL.u2f).
    public_key: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    kind: str = Field(max_length=64)
    #: What the person calls it.
    name: str = Field(max_length=64)
    #: Added with the touch of a security key. Only then is a touch of it one: software can call any key an sk- key.
    vouched: bool = Field(default=False, sa_column=Column(Boolean, nullable=False, server_default="false"))
    created_at: datetime = Field(default_factory=utc_now, sa_column=moment(now=True))
    last_used_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    ended_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    end_reason: KeyEnd | None = Field(default=None, sa_column=choice(KeyEnd, name="ssh_key_end_reason", nullable=True))


class SshKeyText(SQLModel, table=True):
    """A text that somebody was given to sign with a key that they want to add, once."""

    __tablename__ = "ssh_key_text"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        CheckConstraint("octet_length(text_hash) = 32", name="ssh_key_text_is_hashed"),
        Index("ssh_key_text_expiring", "expires_at"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    principal_id: UUID = Field(sa_column=reference("principal.id", index=True))
    browser_id: UUID = Field(sa_column=reference("browser_session.id", index=True))
    text_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False, unique=True))
    created_at: datetime = Field(default_factory=utc_now, sa_column=moment(now=True))
    expires_at: datetime = Field(sa_column=moment())
    used_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))


class LoginState(StrEnum):
    """Where an SSH login by a browser stands."""

    WAITING = "waiting"
    ALLOWED = "allowed"
    #: By whoever opened the link, or by too many wrong numbers.
    REFUSED = "refused"
    #: The connection is gone, or it was too late.
    OVER = "over"
    #: The connection that waited took what was allowed.
    USED = "used"


class SshLogin(SQLModel, table=True):
    """One connection that waits for its person to say in a browser that it is them.

    waiting -> allowed -> used, or refused, or over. Whoever opens its link decides, once.
    """

    __tablename__ = "ssh_login"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        CheckConstraint("octet_length(secret_hash) = 32", name="ssh_login_secret_is_hashed"),
        CheckConstraint(
            "state NOT IN ('allowed', 'used') OR (grant_id IS NOT NULL AND credential IS NOT NULL)",
            name="ssh_login_is_allowed_by_a_grant",
        ),
        CheckConstraint("grant_id IS NULL OR principal_id IS NOT NULL", name="ssh_login_is_allowed_by_somebody"),
        Index("ssh_login_waiting", "source", postgresql_where="state = 'waiting'"),
        Index("ssh_login_by_time", "created_at"),
        Index("ssh_login_expiring", "expires_at"),
        Index("ssh_login_by_credential", "credential", unique=True, postgresql_where="credential IS NOT NULL"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    #: SHA-256 of the 32 random bytes in the link.
    secret_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False, unique=True))
    resource: str = Field(max_length=128)
    role: str = Field(max_length=128)
    #: host:port of the waiting connection, whom it counts for, and what its client calls itself.
    client: str = Field(max_length=255)
    source: str = Field(max_length=255)
    software: str = Field(default="", max_length=255)
    #: Shown in the terminal, and compared or typed on the page.
    number: str = Field(max_length=8)
    #: Numbers that were typed and wrong.
    misses: int = 0
    state: LoginState = Field(default=LoginState.WAITING, sa_column=choice(LoginState, name="ssh_login_state"))
    created_at: datetime = Field(default_factory=utc_now, sa_column=moment(now=True))
    expires_at: datetime = Field(sa_column=moment())
    decided_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    #: Who decided, and by which grant it is let in.
    principal_id: UUID | None = Field(default=None, sa_column=reference("principal.id", nullable=True, index=True))
    grant_id: UUID | None = Field(default=None, sa_column=reference("access_grant.id", nullable=True, index=True))
    #: What the login is known by once it is allowed, as a token is by its id.
    credential: str | None = Field(default=None, max_length=16)
    #: The line of the sign-in that let it in, with which it ends.
    sign_in: UUID | None = Field(default=None, sa_column=Column(PG_UUID(as_uuid=True), nullable=True))
