"""Is the audit log as it was written? Reads everything in one snapshot, changes nothing, and ends in a list.

What it finds, and what it cannot: every row that was changed, deleted, added or swapped while the rows around it stayed
as they were. It has nothing to compare with but this database. So whoever may write these tables and rebuilds the tree
over what they changed, takes whole batches off its end, empties all of it, or changes an event before it becomes a
leaf, is not found: only a root that was kept elsewhere, such as in a digest, shows that. Recordings are not read.
"""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Select, func, select, text
from sqlalchemy.engine import Row
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped
from sqlmodel import col

from storage.audit.walk import DISCREPANCY_LIMIT, Discrepancy, StoredCheckpoint, StoredLeaf, Walk
from storage.database import Database
from storage.model import AuditCheckpoint, AuditEvent, AuditLeaf, AuditPending

#: Rows in memory at a time; each page is its own statement, so that the statement timeout does not bound the log.
PAGE_ROWS = 2000


@dataclass(frozen=True)
class Verification:
    """What was found. Without discrepancies every row agrees with `root`, and `root` is what to compare elsewhere."""

    #: Leaves that are there.
    tree_size: int
    #: Recomputed from the events. With discrepancies it proves nothing.
    root: bytes
    #: In the order of the leaves, then what has none; at most DISCREPANCY_LIMIT.
    discrepancies: list[Discrepancy]
    #: Events that wait for their place, which is no discrepancy.
    pending: int


@dataclass
class _Findings:
    """What is known so far: also when reading comes to no end."""

    walk: Walk = field(default_factory=Walk)
    unplaced: list[Discrepancy] = field(default_factory=list[Discrepancy])
    pending: int = 0

    def verification(self) -> Verification:
        by_leaf = sorted(self.walk.discrepancies, key=lambda found: found.leaf_index or 0)
        listed = (by_leaf + self.unplaced)[:DISCREPANCY_LIMIT]
        return Verification(self.walk.count, self.walk.root(), listed, self.pending)


async def verify(database: Database) -> Verification:
    """Recompute the whole log in one snapshot, READ ONLY. Raises StorageUnavailable.

    Tables that cannot be read, and rows that no Gatepass writes, are discrepancies like others.
    """
    findings = _Findings()
    async with database.transaction() as transaction:
        await transaction.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
        try:
            await _read(transaction, findings)
        except (DBAPIError, TypeError, ValueError) as error:
            findings.unplaced.insert(0, Discrepancy(None, f"it cannot be read to its end: {_words(error)}"))
    return findings.verification()


async def _read(transaction: AsyncSession, findings: _Findings) -> None:
    findings.pending = await transaction.scalar(select(func.count()).select_from(AuditPending)) or 0
    await _walk(transaction, findings.walk)
    findings.unplaced += await _events_without_place(transaction)
    findings.unplaced += await _pending_without_reason(transaction)


def _words(error: Exception) -> str:
    """The driver's own first line, without SQLAlchemy's statement around it; of rows, what kind of thing is wrong."""
    if isinstance(error, DBAPIError):
        return str(error.orig).partition("\n")[0]
    return f"a row is there that Gatepass does not write ({type(error).__name__})"


async def _walk(transaction: AsyncSession, walk: Walk) -> None:
    """Leaves and checkpoints in order: a checkpoint comes after the last leaf that it covers."""
    checkpoints = _checkpoints(transaction)
    checkpoint = await anext(checkpoints, None)
    async for leaf in _leaves(transaction):
        while checkpoint is not None and checkpoint.tree_size <= leaf.leaf_index:
            walk.checkpoint(StoredCheckpoint._make(checkpoint))
            checkpoint = await anext(checkpoints, None)
        walk.leaf(StoredLeaf._make(leaf))
    while checkpoint is not None:
        walk.checkpoint(StoredCheckpoint._make(checkpoint))
        checkpoint = await anext(checkpoints, None)
    walk.end()


def _leaves(transaction: AsyncSession) -> AsyncGenerator[Row[Any]]:
    leaves = select(
        col(AuditLeaf.leaf_index),
        col(AuditLeaf.event_id),
        col(AuditLeaf.leaf_hash),
        col(AuditLeaf.checkpoint_size),
        col(AuditEvent.body),
    ).outerjoin(AuditEvent, col(AuditEvent.id) == col(AuditLeaf.event_id))
    return _pages(transaction, leaves, by=col(AuditLeaf.leaf_index))


def _checkpoints(transaction: AsyncSession) -> AsyncGenerator[Row[Any]]:
    checkpoints = select(col(AuditCheckpoint.tree_size), col(AuditCheckpoint.root_hash), col(AuditCheckpoint.frontier))
    return _pages(transaction, checkpoints, by=col(AuditCheckpoint.tree_size))


async def _events_without_place(transaction: AsyncSession) -> list[Discrepancy]:
    """Committed events that are no leaf and that nothing will make one. An event and its pending row commit as one."""
    events = (
        select(col(AuditEvent.id), col(AuditLeaf.leaf_index), col(AuditPending.event_id))
        .outerjoin(AuditLeaf, col(AuditLeaf.event_id) == col(AuditEvent.id))
        .outerjoin(AuditPending, col(AuditPending.event_id) == col(AuditEvent.id))
    )
    discrepancies: list[Discrepancy] = []
    async for event in _pages(transaction, events, by=col(AuditEvent.id)):
        if event.leaf_index is None and event.event_id is None and len(discrepancies) < DISCREPANCY_LIMIT:
            discrepancies.append(
                Discrepancy(None, f"event {event.id} is no leaf and does not wait to be one: its row was deleted")
            )
    return discrepancies


async def _pending_without_reason(transaction: AsyncSession) -> list[Discrepancy]:
    pending = (
        select(col(AuditPending.event_id), col(AuditEvent.id), col(AuditLeaf.leaf_index))
        .outerjoin(AuditEvent, col(AuditEvent.id) == col(AuditPending.event_id))
        .outerjoin(AuditLeaf, col(AuditLeaf.event_id) == col(AuditPending.event_id))
    )
    discrepancies: list[Discrepancy] = []
    async for row in _pages(transaction, pending, by=col(AuditPending.event_id)):
        if row.id is None and len(discrepancies) < DISCREPANCY_LIMIT:
            discrepancies.append(
                Discrepancy(row.leaf_index, f"event {row.event_id} waits for its place and was deleted")
            )
        elif row.leaf_index is not None and len(discrepancies) < DISCREPANCY_LIMIT:
            discrepancies.append(
                Discrepancy(row.leaf_index, f"event {row.event_id} waits for a place and has one already")
            )
    return discrepancies


async def _pages(
    transaction: AsyncSession, rows: Select[*tuple[Any, ...]], *, by: Mapped[Any]
) -> AsyncGenerator[Row[Any]]:
    """All rows in the order of `by`, a unique column and the first one selected, a page at a time."""
    page = (await transaction.execute(rows.order_by(by).limit(PAGE_ROWS))).all()
    while page:
        for row in page:
            yield row
        page = (await transaction.execute(rows.where(by > page[-1][0]).order_by(by).limit(PAGE_ROWS))).all()
