"""A Session's row: opened under a usable grant, kept up to date, ended once. Every change is one transaction.

Refuses to open a session under a grant that is not usable at that moment, and to end a session twice.
"""

import time
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from access.context import Access
from access.grants import grants
from access.text import storable
from storage import notices, outbox
from storage.audit import trail
from storage.database import clock
from storage.model import (
    AccessRequest,
    EndReason,
    Grant,
    Post,
    PostPurpose,
    PostSubject,
    Principal,
    Protocol,
    Session,
    SessionState,
)
from storage.notices import Topic
from storage.recordings import segments
from storage.recordings.files import SegmentFile


@dataclass
class Counters:
    """What a session did so far: the digest's numbers."""

    statements: dict[str, int] = field(default_factory=dict[str, int])
    masked: dict[str, int] = field(default_factory=dict[str, int])
    rows: int = 0
    bytes_out: int = 0
    held: int = 0
    denied: int = 0

    def statement(self, kind: str) -> None:
        self.statements[kind] = self.statements.get(kind, 0) + 1

    def columns(self) -> dict[str, Any]:
        """The values of the session's columns, copied so that counting can go on."""
        return {
            "statements": dict(self.statements),
            "masked": {entity: count for entity, count in self.masked.items() if count},
            "rows": self.rows,
            "bytes_out": self.bytes_out,
            "held": self.held,
            "denied": self.denied,
        }


@dataclass(frozen=True)
class Ending:
    """Why and how a session ended; what its closing event commits to."""

    session_id: UUID
    reason: EndReason
    detail: str
    counters: Counters | None
    segments: list[SegmentFile]


async def open_session(
    access: Access, *, grant_id: UUID, instance_id: int, protocol: Protocol, client: str, software: str
) -> tuple[Session, float]:
    """Insert the active session of a usable grant; returns it and the seconds until the grant's deadline.

    Raises grants.GrantUnusable.
    """
    async with access.database.transaction() as transaction:
        now = await clock(transaction)
        read_at = time.monotonic()
        grant = await grants.usable(transaction, grant_id, now)
        session = Session(
            grant_id=grant.id,
            instance_id=instance_id,
            protocol=protocol,
            client_address=client[:255],
            client_software=access.redact(storable(software))[:255],
            started_at=now,
        )
        transaction.add(session)
        await transaction.flush()
        await trail.record(
            transaction,
            actor=await _actor(transaction, grant),
            action="proxy:session:open",
            resource=f"{grant.resource}/{grant.role}",
            session=session.id,
            grant=grant.id,
            detail={"protocol": protocol.value, "client": client},
        )
        await notices.notify(transaction, Topic.SESSION, session.id)
    # Storage may have taken its time since it told the time: that is time of the grant's.
    return session, (grant.expires_at - now).total_seconds() - (time.monotonic() - read_at)


async def save_counters(access: Access, session_id: UUID, counters: Counters) -> None:
    """Write the counters of a live session, so that a crash loses a second of them at most."""
    async with access.database.transaction() as transaction:
        await transaction.execute(update(Session).where(col(Session.id) == session_id).values(**counters.columns()))


async def save_segments(access: Access, session_id: UUID, segments: list[SegmentFile]) -> None:
    """Commit to segments that were closed while the session goes on."""
    async with access.database.transaction() as transaction:
        await _add_segments(transaction, session_id, segments)


async def end_session(access: Access, ending: Ending) -> bool:
    """active -> ended, once: segments, recording root, audit event, digest and notice in one transaction.

    False if the session had ended already.
    """
    async with access.database.transaction() as transaction:
        now = await clock(transaction)
        changes: dict[str, Any] = ending.counters.columns() if ending.counters else {}
        root = segments.root([segment.sha256 for segment in ending.segments]) if ending.segments else None
        ended = await transaction.scalar(
            update(Session)
            .where(col(Session.id) == ending.session_id, col(Session.state) == SessionState.ACTIVE)
            .values(
                state=SessionState.ENDED,
                ended_at=now,
                end_reason=ending.reason,
                end_detail=access.redact(storable(ending.detail)),
                recording_root=root,
                revision=col(Session.revision) + 1,
                **changes,
            )
            .returning(Session)
        )
        if ended is None:
            return False
        await _add_segments(transaction, ended.id, ending.segments)
        grant = await transaction.get_one(Grant, ended.grant_id)
        await trail.record(
            transaction,
            actor=await _actor(transaction, grant),
            action="proxy:session:end",
            resource=f"{grant.resource}/{grant.role}",
            session=ended.id,
            grant=grant.id,
            detail={"reason": ending.reason.value, "recording_root": root, "segments": len(ending.segments)},
        )
        await _want_digest(access, transaction, ended, grant)
        await notices.notify(transaction, Topic.SESSION, ended.id)
        return True


async def _want_digest(access: Access, transaction: AsyncSession, session: Session, grant: Grant) -> None:
    """In the request's channel, in the thread of its card; to the person directly when the rule has no channel."""
    request = await transaction.get_one(AccessRequest, grant.request_id)
    if request.channel is not None:
        card = await outbox.find(transaction, PostSubject.REQUEST, request.id, PostPurpose.CARD, request.channel)
        thread: Post | None = card
        await outbox.want(
            transaction,
            PostSubject.SESSION,
            session.id,
            PostPurpose.DIGEST,
            request.channel,
            thread_of=thread.id if thread else None,
        )
        return
    principal = await transaction.get_one(Principal, grant.principal_id)
    person = access.policies.current.people.get(principal.name)
    if person is not None and person.slack is not None:
        await outbox.want(transaction, PostSubject.SESSION, session.id, PostPurpose.DIGEST, person.slack)


async def _add_segments(transaction: AsyncSession, session_id: UUID, written: list[SegmentFile]) -> None:
    known = {row.number for row in await segments.of(transaction, session_id)}
    for segment in written:
        if segment.number not in known:
            await segments.add(
                transaction, session_id, segment.number, segment.path, segment.sha256, segment.size_bytes
            )


async def _actor(transaction: AsyncSession, grant: Grant) -> str:
    principal = await transaction.get_one(Principal, grant.principal_id)
    return f"{principal.kind.value}:{principal.name}"
