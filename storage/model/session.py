"""Session: one connection through the proxy under one grant; the process that holds it; its recording's segments."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Identity, Index, Integer, Text
from sqlmodel import Field, SQLModel

from storage.model.columns import choice, document, moment, new_id, reference, utc_now


class Protocol(StrEnum):
    SSH = "ssh"
    POSTGRES = "postgres"
    KUBERNETES = "kubernetes"


class SessionState(StrEnum):
    ACTIVE = "active"
    ENDED = "ended"


class EndReason(StrEnum):
    """Why a session ended."""

    CLOSED = "closed"  # the client or the upstream hung up, as they do
    EXPIRED = "expired"  # the grant's deadline
    REVOKED = "revoked"
    INTERRUPTED = "interrupted"  # the proxy process died
    SHUTDOWN = "shutdown"  # the proxy was stopped in order
    STORAGE_LOST = "storage_lost"
    RECORDER_FAILED = "recorder_failed"
    POLICY_ERROR = "policy_error"  # judging or masking failed; fail closed
    CLIENT_ERROR = "client_error"  # the client broke its protocol
    UPSTREAM_ERROR = "upstream_error"  # unreachable, refused our credentials, broke its protocol, or changed its key


class ProxyInstance(SQLModel, table=True):
    """One run of a proxy process. It is alive while somebody holds the advisory lock (INSTANCE_LOCK, id)."""

    __tablename__ = "proxy_instance"  # pyright: ignore[reportAssignmentType]

    id: int | None = Field(default=None, sa_column=Column(Integer, Identity(always=True), primary_key=True))
    host: str = Field(max_length=255)
    pid: int
    started_at: datetime = Field(default_factory=utc_now, sa_column=moment(now=True))


class Session(SQLModel, table=True):
    """active -> ended(reason). The counters are those of the digest."""

    __tablename__ = "session"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        CheckConstraint("(state = 'active') = (ended_at IS NULL)", name="session_is_active_or_ended"),
        CheckConstraint("(state = 'active') = (end_reason IS NULL)", name="session_end_has_a_reason"),
        Index("session_active", "instance_id", postgresql_where="state = 'active'"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    grant_id: UUID = Field(sa_column=reference("access_grant.id", index=True))
    instance_id: int = Field(
        sa_column=Column(Integer, ForeignKey("proxy_instance.id", ondelete="RESTRICT"), nullable=False)
    )
    protocol: Protocol = Field(sa_column=choice(Protocol, name="session_protocol"))
    client_address: str = Field(max_length=255)
    client_software: str = Field(default="", max_length=255)
    state: SessionState = Field(default=SessionState.ACTIVE, sa_column=choice(SessionState, name="session_state"))
    started_at: datetime = Field(default_factory=utc_now, sa_column=moment(now=True))
    ended_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    end_reason: EndReason | None = Field(
        default=None, sa_column=choice(EndReason, name="session_end_reason", nullable=True)
    )
    #: A sentence for the digest; redacted like everything else.
    end_detail: str = Field(default="", sa_column=Column(Text, nullable=False, server_default=""))
    #: Statements by kind, e.g. {"select": 3, "exec": 1}.
    statements: dict[str, int] = Field(default_factory=dict, sa_column=document())
    #: Masked values by entity, e.g. {"pan": 12, "cvv": 12}.
    masked: dict[str, int] = Field(default_factory=dict, sa_column=document())
    rows: int = Field(default=0, sa_column=Column(BigInteger, nullable=False, server_default="0"))
    bytes_out: int = Field(default=0, sa_column=Column(BigInteger, nullable=False, server_default="0"))
    held: int = 0
    denied: int = 0
    #: SHA-256 over the segments' hashes, hex; committed to by the closing audit event.
    recording_root: str | None = Field(default=None, max_length=64)
    revision: int = 1
    #: What its holder had proven when it was opened, where the rule asked: as access.identity.proof says.
    proof: dict[str, Any] = Field(default_factory=dict, sa_column=document())
    #: What it was opened with: its `kind`, its `id`, a key's fingerprint; never what opens something.
    credential: dict[str, Any] = Field(default_factory=dict, sa_column=document())


class RecordingSegment(SQLModel, table=True):
    """One closed file of a session's recording; its header line holds the hash of the segment before it."""

    __tablename__ = "recording_segment"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (CheckConstraint("size_bytes >= 0", name="segment_size_is_not_negative"),)

    session_id: UUID = Field(sa_column=reference("session.id", primary_key=True))
    number: int = Field(primary_key=True)
    #: Relative to the recordings' root.
    path: str = Field(max_length=512)
    sha256: str = Field(max_length=64)
    size_bytes: int = Field(sa_column=Column(BigInteger, nullable=False))
    closed_at: datetime = Field(default_factory=utc_now, sa_column=moment(now=True))
