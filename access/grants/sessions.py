"""A Session's row: opened under a usable grant, kept up to date, ended once. Every change is one transaction.

Refuses to open a session under a grant that is not usable at that moment, and to end a session twice.
"""

import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from access import changes
from access.context import Access
from access.grants import grants
from access.text import storable
from storage import outbox
from storage.database import clock
from storage.model import (
    AccessRequest,
    EndReason,
    Grant,
    PostPurpose,
    PostSubject,
    Principal,
    Protocol,
    Session,
    SessionState,
)
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
        holder = await transaction.get_one(Principal, grant.principal_id)
        await changes.session(
            transaction,
            session,
            grant,
            actor=changes.actor(holder),
            action="proxy:session:open",
            detail={"protocol": protocol.value, "client": client},
        )
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
        session = await transaction.get(Session, ending.session_id)
        if session is None:
            return False
        grant = await transaction.get_one(Grant, session.grant_id)
        holder = await transaction.get_one(Principal, grant.principal_id)
        root = segments.root([segment.sha256 for segment in ending.segments]) if ending.segments else None
        ended = await changes.decide(
            transaction,
            Session,
            col(Session.id) == ending.session_id,
            {**_ended(access, ending, await clock(transaction)), "recording_root": root},
            actor=changes.actor(holder),
            action="proxy:session:end",
            detail={"reason": ending.reason.value, "recording_root": root, "segments": len(ending.segments)},
        )
        if not ended:
            return False
        await _add_segments(transaction, session.id, ending.segments)
        await _enqueue_digest(access, transaction, grant)
        return True


def _ended(access: Access, ending: Ending, now: datetime) -> dict[str, Any]:
    """The values of the session's columns; counters only where they are known."""
    return {
        "state": SessionState.ENDED,
        "ended_at": now,
        "end_reason": ending.reason,
        "end_detail": access.redact(storable(ending.detail)),
        **(ending.counters.columns() if ending.counters else {}),
    }


async def _enqueue_digest(access: Access, transaction: AsyncSession, grant: Grant) -> None:
    """One a grant, which grows: in the thread of its request's card; to the person where the rule has no channel."""
    request = await transaction.get_one(AccessRequest, grant.request_id)
    if request.channel is not None:
        card = await outbox.find(transaction, PostSubject.REQUEST, request.id, PostPurpose.CARD, request.channel)
        await outbox.enqueue(
            transaction,
            PostSubject.REQUEST,
            request.id,
            PostPurpose.DIGEST,
            request.channel,
            thread_of=card.id if card else None,
        )
        return
    principal = await transaction.get_one(Principal, grant.principal_id)
    person = access.policies.current.people.get(principal.name)
    if person is not None and person.slack is not None:
        await outbox.enqueue(transaction, PostSubject.REQUEST, request.id, PostPurpose.DIGEST, person.slack)


async def _add_segments(transaction: AsyncSession, session_id: UUID, written: list[SegmentFile]) -> None:
    known = {row.number for row in await segments.of(transaction, session_id)}
    for segment in written:
        if segment.number not in known:
            await segments.add(
                transaction, session_id, segment.number, segment.path, segment.sha256, segment.size_bytes
            )
