"""A Session's row: opened under a usable grant, kept up to date, ended once. Every change is one transaction.

Refuses to open a session under a grant that is not usable at that moment, and to end a session twice.
"""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel, col

from access import changes
from access.context import Access
from access.grants import caps, grants
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


@dataclass(frozen=True)
class Page:
    """What a live session did so far: its counters' columns, and the segments closed from number `first_segment` on."""

    session_id: UUID
    columns: dict[str, Any]
    first_segment: int
    segments: list[SegmentFile]


async def open_session(
    access: Access,
    *,
    grant_id: UUID,
    instance_id: int,
    protocol: Protocol,
    client: str,
    software: str,
    proof: Mapping[str, Any] | None = None,
    credential: Mapping[str, Any] | None = None,
    check: Callable[[AsyncSession, Grant], Awaitable[None]] | None = None,
) -> tuple[Session, float]:
    """Insert the active session of a usable grant; returns it and the seconds until the grant's deadline.

    `proof` is what its holder had proven, where the rule asked; `credential` what they let themselves in with. `check`
    raises where that would let nobody in any more: it is asked last, for there are locks that one may wait for.

    Raises grants.GrantUnusable and caps.TooManySessions.
    """
    async with access.database.transaction() as transaction:
        now = await clock(transaction)
        read_at = time.monotonic()
        grant = await grants.usable(transaction, grant_id, now)
        await caps.leave_room(transaction, grant)
        if check is not None:
            await check(transaction, grant)
        session = Session(
            grant_id=grant.id,
            instance_id=instance_id,
            protocol=protocol,
            client_address=client[:255],
            client_software=access.redact(storable(software))[:255],
            started_at=now,
            proof=dict(proof or {}),
            credential=dict(credential or {}),
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
            detail={
                "protocol": protocol.value,
                "client": client,
                **({"credential": session.credential} if credential else {}),
                **({"proof": session.proof} if proof else {}),
            },
        )
    # Storage may have taken its time since it told the time: that is time of the grant's.
    return session, (grant.expires_at - now).total_seconds() - (time.monotonic() - read_at)


async def save_pages(access: Access, pages: Sequence[Page]) -> None:
    """Write what live sessions did so far, so that a crash loses little of it; what has ended stays as it ended."""
    if not pages:
        return
    # In one order everywhere: two who lock the same rows must not wait for each other.
    ordered = sorted(pages, key=lambda page: page.session_id)
    async with access.database.transaction() as transaction:
        await transaction.execute(_SAVE_COLUMNS, [{"its_id": page.session_id, **page.columns} for page in ordered])
        for page in ordered:
            if page.segments and await _is_live(transaction, page.session_id):
                await _add_segments(transaction, page.session_id, page.segments)


#: For many rows at once, which the driver sends together.
_SESSIONS = SQLModel.metadata.tables["session"]
_SAVE_COLUMNS = (
    update(_SESSIONS)
    .where(_SESSIONS.c.id == bindparam("its_id"), _SESSIONS.c.state == SessionState.ACTIVE)
    .values({name: bindparam(name) for name in Counters().columns()})
)


async def _is_live(transaction: AsyncSession, session_id: UUID) -> bool:
    """Whether the session has not ended, which it cannot until the transaction does."""
    live = select(col(Session.id)).where(col(Session.id) == session_id, col(Session.state) == SessionState.ACTIVE)
    return await transaction.scalar(live.with_for_update()) is not None


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
