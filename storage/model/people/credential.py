"""IssuedCredential: what Gatepass gave somebody to let themselves in with at the gateway, by one grant and for a while.

A signed token stands nowhere: it carries its own proof. What stands here is what storage must be asked about: short
tokens, of which only a hash is known, and certificates, which count only while their row is here and not revoked.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, LargeBinary
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlmodel import Field, SQLModel

from storage.model.columns import choice, moment, reference, utc_now


class CredentialKind(StrEnum):
    #: A random text in the place of a password.
    SHORT_TOKEN = "short_token"  # noqa: S105 - a kind, not a secret
    #: X.509, for PostgreSQL's TLS.
    TLS_CERTIFICATE = "tls_certificate"
    SSH_CERTIFICATE = "ssh_certificate"


class IssuedCredential(SQLModel, table=True):
    """Opens what its grant opens until `expires_at`, unless it is revoked or deleted before."""

    __tablename__ = "issued_credential"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        CheckConstraint("id ~ '^[0-9a-f]{16}$'", name="issued_credential_id_is_64_bits"),
        CheckConstraint("(kind = 'short_token') = (secret_hash IS NOT NULL)", name="issued_credential_secret_of_token"),
        CheckConstraint("(kind = 'short_token') = (fingerprint IS NULL)", name="issued_credential_is_what_was_signed"),
        CheckConstraint("octet_length(secret_hash) = 32", name="issued_credential_secret_is_hashed"),
        CheckConstraint("expires_at > issued_at", name="issued_credential_lasts"),
        Index("issued_credential_by_secret", "secret_hash", unique=True),
        Index("issued_credential_expiring", "expires_at"),
    )

    #: 64 bits in hex: the `jti` of a token, the serial number of a certificate. It opens nothing.
    id: str = Field(max_length=16, primary_key=True)
    kind: CredentialKind = Field(sa_column=choice(CredentialKind, name="issued_credential_kind"))
    principal_id: UUID = Field(sa_column=reference("principal.id", index=True))
    grant_id: UUID = Field(sa_column=reference("access_grant.id", index=True))
    #: SHA-256 of a short token: who reads this table can present none.
    secret_hash: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    #: Of a certificate, as its kind writes it: what was signed, so that another one with this number is none.
    fingerprint: str | None = Field(default=None, max_length=100)
    issued_at: datetime = Field(default_factory=utc_now, sa_column=moment(now=True))
    expires_at: datetime = Field(sa_column=moment())
    #: The address that asked for it; NULL: Slack did.
    issued_to: str | None = Field(default=None, max_length=64)
    #: The line of the sign-in that asked for it, with which it ends; NULL: Slack did.
    sign_in: UUID | None = Field(default=None, sa_column=Column(PG_UUID(as_uuid=True), nullable=True))
    revoked_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
