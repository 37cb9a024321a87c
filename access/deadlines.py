"""Deadlines: requests and held statements that nobody answered, grants whose time is up, what is over and forgotten.

Every process may watch them: each row is claimed by one conditional UPDATE, and storage's clock decides. No cut waits
for this: an expired grant opens nothing whether or not its expiry was noted here.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Never, TypeVar
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from access import changes, forgetting
from access.context import Access
from storage.database import StorageUnavailable, clock
from storage.model import (
    AccessRequest,
    Grant,
    HoldState,
    RequestState,
    Statement,
)
from storage.notices import Notice, Notices, Topic

log: structlog.stdlib.BoundLogger = structlog.get_logger()

#: The longest delay for a deadline that no notice announced.
LONGEST_WAIT_S = 5.0
#: Rows changed in one transaction.
BATCH = 100
NOBODY_ANSWERED = "nobody answered in time"

RowT = TypeVar("RowT", AccessRequest, Grant, Statement)

#: The rows that have a deadline, until it is met.
_UNMET: Mapping[type[AccessRequest | Grant | Statement], ColumnElement[bool]] = {
    AccessRequest: changes.STILL_OPEN[AccessRequest],
    Statement: changes.STILL_OPEN[Statement],
    Grant: and_(changes.STILL_OPEN[Grant], col(Grant.expiry_noted_at).is_(None)),
}


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
                await _notice_or(stream, wait_s)

    async def meet(self) -> float:
        """Do what is due now; returns the seconds until there is more to do, at most LONGEST_WAIT_S."""
        while True:
            async with self._access.database.transaction() as transaction:
                now = await clock(transaction)
                done = await _expire_requests(transaction, now)
                done += await _expire_statements(transaction, now)
                done += await _note_grants(transaction, now)
                done += await forgetting.forget_credentials(transaction, now, BATCH)
                wait_s = await _until_next(transaction, now)
            done += await forgetting.forget_proofs(self._access.database, BATCH)
            if not done:
                return wait_s


async def _notice_or(stream: AsyncIterator[Notice], wait_s: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(wait_s):
            await anext(stream)


async def _expire_requests(transaction: AsyncSession, now: datetime) -> int:
    expired = await changes.decide(
        transaction,
        AccessRequest,
        col(AccessRequest.id).in_(_due(AccessRequest, now)),
        changes.settled(RequestState.EXPIRED, now, why=NOBODY_ANSWERED),
        actor="gatepass",
        action="clock:request:expire",
    )
    return len(expired)


async def _expire_statements(transaction: AsyncSession, now: datetime) -> int:
    expired = await changes.decide(
        transaction,
        Statement,
        col(Statement.id).in_(_due(Statement, now)),
        changes.settled(HoldState.EXPIRED, now, why=NOBODY_ANSWERED),
        actor="gatepass",
        action="clock:statement:expire",
    )
    return len(expired)


async def _note_grants(transaction: AsyncSession, now: datetime) -> int:
    noted = await changes.decide(
        transaction,
        Grant,
        and_(col(Grant.id).in_(_due(Grant, now)), _UNMET[Grant]),
        {"expiry_noted_at": now},
        actor="gatepass",
        action="clock:grant:expire",
    )
    return len(noted)


def _due(table: type[RowT], now: datetime) -> Select[UUID]:
    """The ids of rows whose deadline is over, in their order; those that another process holds are left to it."""
    return (
        select(col(table.id))
        .where(_UNMET[table], col(table.expires_at) <= now)
        .order_by(col(table.expires_at))
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )


async def _until_next(transaction: AsyncSession, now: datetime) -> float:
    nearest = [
        await transaction.scalar(select(func.min(col(table.expires_at))).where(unmet))
        for table, unmet in _UNMET.items()
    ]
    waits = [(moment - now).total_seconds() for moment in nearest if moment is not None]
    # A row that another process holds at this moment is due and not ours: look again soon, not at once.
    return min([LONGEST_WAIT_S, *(max(wait, 0.05) for wait in waits)])
