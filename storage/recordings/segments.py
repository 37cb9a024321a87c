"""What storage knows of recordings: their closed segments, and the root that a session's closing event commits to.

The files are `storage.recordings.files` to read and the proxy's to write.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from storage.audit import merkle
from storage.model import RecordingSegment


async def add(
    transaction: AsyncSession, session_id: UUID, number: int, path: str, sha256: str, size_bytes: int
) -> RecordingSegment:
    """Note a closed segment: its path below the recordings' root, its SHA-256 in hex, its size.

    Raises SQLAlchemy's IntegrityError for a number that is there already: a segment closes once.
    """
    segment = RecordingSegment(session_id=session_id, number=number, path=path, sha256=sha256, size_bytes=size_bytes)
    transaction.add(segment)
    await transaction.flush()
    return segment


async def of(transaction: AsyncSession, session_id: UUID) -> list[RecordingSegment]:
    """The session's closed segments, in order."""
    segments = select(RecordingSegment).where(col(RecordingSegment.session_id) == session_id)
    return list((await transaction.scalars(segments.order_by(col(RecordingSegment.number)))).all())


def root(hashes: Sequence[str]) -> str:
    """The Merkle root (RFC 6962) over the segments' SHA-256 in order; hex in, hex out.

    Raises ValueError for what is not a SHA-256 in hex.
    """
    digests = [bytes.fromhex(digest) for digest in hashes]
    if any(len(digest) != merkle.HASH_BYTES for digest in digests):
        raise ValueError("A segment's hash is a SHA-256: 64 hex digits.")
    return merkle.root([merkle.leaf_hash(digest) for digest in digests]).hex()
