"""Deadlines: requests and held statements that nobody answered, grants whose time is up.

Every process may watch them: each row is claimed by one conditional UPDATE, and storage's clock decides. No cut waits
for this: an expired grant opens nothing whether or not its expiry was noted here.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Never

import structlog
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from access import changes
from access.context import Access
from storage.database import StorageUnavailable, clock
from storage.model import AccessRequest, Grant, HoldState, RequestState, Statement
from storage.notices import Notice, Notices, Topic

log: structlog.stdlib.BoundLogger = structlog.get_logger()

#: A deadline that no notice told of is met this late at most.
LONGEST_WAIT_S = 5.0
#: Rows changed in one transaction.
BATCH = 100
NOBODY_ANSWERED = "nobody answered in time"


class Deadlines:
    """Meets deadlines while `run` runs; to be owned by the process's TaskGroup."""

    def __init__(self, access: Access, notices: Notices) -> None:
        self._access = access
        self._notices = notices

    async def run(self) -> Never:
        """Wake at the next deadline, at a notice that may have brought a nearer one, and every few seconds."""
        async with self._notices.subscribe(Topic.REQUEST, Topic.STATEMENT, Topic.GRANT) as stream:
            while True:
                wait_s = LONGEST_WAIT_S
                try:
                    wait_s = await self.meet()
                except StorageUnavailable as error:
                    log.warning("deadlines_not_met", why=str(error))
                await _stirred(stream, wait_s)

    async def meet(self) -> float:
        """Do what is due now; returns the seconds until there is more to do, at most LONGEST_WAIT_S."""
        while True:
            async with self._access.database.transaction() as transaction:
                now = await clock(transaction)
                done = await _expire_requests(transaction, now)
                done += await _expire_statements(transaction, now)
                done += await _note_grants(transaction, now)
                if not done:
                    return await _until_next(transaction, now)


async def _stirred(stream: AsyncIterator[Notice], wait_s: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(wait_s):
            await anext(stream)


async def _expire_requests(transaction: AsyncSession, now: datetime) -> int:
    due = (
        select(col(AccessRequest.id))
        .where(col(AccessRequest.state) == RequestState.PENDING, col(AccessRequest.expires_at) <= now)
        .order_by(col(AccessRequest.expires_at))
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    expired = await transaction.scalars(
        update(AccessRequest)
        .where(col(AccessRequest.id).in_(due), col(AccessRequest.state) == RequestState.PENDING)
        .values(
            state=RequestState.EXPIRED,
            decided_at=now,
            decision_reason=NOBODY_ANSWERED,
            revision=col(AccessRequest.revision) + 1,
        )
        .returning(AccessRequest)
    )
    rows = expired.all()
    for request in rows:
        await changes.request(transaction, request, actor="gatepass", action="clock:request:expire")
    return len(rows)


async def _expire_statements(transaction: AsyncSession, now: datetime) -> int:
    due = (
        select(col(Statement.id))
        .where(col(Statement.state) == HoldState.PENDING, col(Statement.expires_at) <= now)
        .order_by(col(Statement.expires_at))
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    expired = await transaction.scalars(
        update(Statement)
        .where(col(Statement.id).in_(due), col(Statement.state) == HoldState.PENDING)
        .values(
            state=HoldState.EXPIRED,
            decided_at=now,
            decision_reason=NOBODY_ANSWERED,
            revision=col(Statement.revision) + 1,
        )
        .returning(Statement)
    )
    rows = expired.all()
    for statement in rows:
        grant = await changes.grant_of(transaction, statement)
        await changes.statement(transaction, statement, grant, actor="gatepass", action="clock:statement:expire")
    return len(rows)


async def _note_grants(transaction: AsyncSession, now: datetime) -> int:
    due = (
        select(col(Grant.id))
        .where(
            col(Grant.revoked_at).is_(None),
            col(Grant.expiry_noted_at).is_(None),
            col(Grant.expires_at) <= now,
        )
        .order_by(col(Grant.expires_at))
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    noted = await transaction.scalars(
        update(Grant)
        .where(col(Grant.id).in_(due), col(Grant.expiry_noted_at).is_(None))
        .values(expiry_noted_at=now)
        .returning(Grant)
    )
    rows = noted.all()
    for grant in rows:
        await changes.grant(transaction, grant, actor="gatepass", action="clock:grant:expire")
    return len(rows)


async def _until_next(transaction: AsyncSession, now: datetime) -> float:
    nearest = [
        await transaction.scalar(query)
        for query in (
            select(func.min(col(AccessRequest.expires_at))).where(col(AccessRequest.state) == RequestState.PENDING),
            select(func.min(col(Statement.expires_at))).where(col(Statement.state) == HoldState.PENDING),
            select(func.min(col(Grant.expires_at))).where(
                col(Grant.revoked_at).is_(None), col(Grant.expiry_noted_at).is_(None)
            ),
        )
    ]
    waits = [(moment - now).total_seconds() for moment in nearest if moment is not None]
    # A row that another process holds at this moment is due and not ours: look again soon, not at once.
    return min([LONGEST_WAIT_S, *(max(wait, 0.05) for wait in waits)])
