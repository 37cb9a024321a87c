"""The audit log's tables: events as written, the leaves that order them, and the roots that commit to them.

Writers insert an AuditEvent and its AuditPending row in their own transaction. One sequencer gives pending events
their dense `leaf_index` (RFC 6962, section 2.1) and writes a checkpoint for every batch, in one transaction. The role
that the program uses may INSERT and SELECT events, leaves and checkpoints and nothing else.
"""

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Identity, LargeBinary
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel


class AuditEvent(SQLModel, table=True):
    """time, actor, action, resource, outcome, session: the exact bytes that the leaf hash covers."""

    __tablename__ = "audit_event"  # pyright: ignore[reportAssignmentType]

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    #: Canonical JSON, UTF-8; never serialised again.
    body: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class AuditPending(SQLModel, table=True):
    """An event that has no leaf yet."""

    __tablename__ = "audit_pending"  # pyright: ignore[reportAssignmentType]

    event_id: int = Field(
        sa_column=Column(BigInteger, ForeignKey("audit_event.id", ondelete="RESTRICT"), primary_key=True)
    )


class AuditCheckpoint(SQLModel, table=True):
    """The root over the first `tree_size` leaves, one for every sequenced batch.

    Nothing stands here that the leaves do not prove, a time least of all: each event's body has its own.
    """

    __tablename__ = "audit_checkpoint"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (CheckConstraint("octet_length(root_hash) = 32", name="checkpoint_root_is_sha256"),)

    tree_size: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    root_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    #: Hashes of the perfect subtrees that make up the tree, largest first; lets the sequencer append in O(log n).
    frontier: list[bytes] = Field(sa_column=Column(ARRAY(LargeBinary), nullable=False))


class AuditLeaf(SQLModel, table=True):
    """Event `event_id` is leaf `leaf_index`; `checkpoint_size` is the first checkpoint that covers it."""

    __tablename__ = "audit_leaf"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        CheckConstraint("leaf_index >= 0", name="leaf_index_is_not_negative"),
        CheckConstraint("octet_length(leaf_hash) = 32", name="leaf_hash_is_sha256"),
    )

    leaf_index: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    event_id: int = Field(
        sa_column=Column(BigInteger, ForeignKey("audit_event.id", ondelete="RESTRICT"), nullable=False, unique=True)
    )
    leaf_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    checkpoint_size: int = Field(
        sa_column=Column(
            BigInteger, ForeignKey("audit_checkpoint.tree_size", ondelete="RESTRICT"), nullable=False, index=True
        )
    )
