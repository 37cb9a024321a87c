"""What browsers brought from SAML providers: answers that are not taken yet, and messages that count once."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Column, Index, LargeBinary
from sqlmodel import Field, SQLModel

from storage.model.columns import document, moment, utc_now


class SamlAnswer(SQLModel, table=True):
    """A proof that a browser brought without its cookie; the browser that asked for it takes it, once and soon."""

    __tablename__ = "saml_answer"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        CheckConstraint("octet_length(handle_hash) = 32", name="saml_answer_handle_is_hashed"),
        Index("saml_answer_expiring", "expires_at"),
    )

    #: SHA-256 of the 32 random bytes in the address by which it is taken.
    handle_hash: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    #: What the policy calls the provider.
    provider: str = Field(max_length=64)
    #: The name of the question that it answers.
    request_id: str = Field(max_length=64)
    relay_state: str = Field(max_length=80)
    #: Who signed in, as `access.identity.saml.answers` writes it.
    proven: dict[str, Any] = Field(default_factory=dict[str, Any], sa_column=document())
    created_at: datetime = Field(default_factory=utc_now, sa_column=moment(now=True))
    expires_at: datetime = Field(sa_column=moment())


class SamlSeen(SQLModel, table=True):
    """An assertion or a request of a provider that came already, for as long as it would be taken."""

    __tablename__ = "saml_seen"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        CheckConstraint("octet_length(id_hash) = 32", name="saml_seen_id_is_hashed"),
        Index("saml_seen_expiring", "expires_at"),
    )

    #: SHA-256 of the provider's entity id and its message's.
    id_hash: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    expires_at: datetime = Field(sa_column=moment())
