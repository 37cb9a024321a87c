"""The order of the audit log: pending events get their places in a Merkle tree, one sequencer at a time.

Whole batches are placed in one transaction, which writes the root over everything so far. It drains by what is pending
and never by ids: an event whose transaction commits late has a low id, and would never be placed. What can be found of
changes by whoever may write these tables, and what cannot, storage.audit.verification says.
"""

import asyncio
from typing import Never

import structlog
from sqlalchemy import delete, exists, func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from storage.audit import merkle
from storage.database import Database, StorageUnavailable
from storage.locks import Lock, take
from storage.model import AuditCheckpoint, AuditEvent, AuditLeaf, AuditPending
from storage.notices import Notices, Topic
from storage.waiting import wait_set

#: Events that get their places in one transaction.
BATCH_LIMIT = 1000
#: Pending events are looked for this often even if nobody says that there are some.
IDLE_S = 1.0
#: How long the sequencer waits after storage was unavailable or the log was found damaged.
RETRY_S = 2.0
DAMAGED_RETRY_S = 60.0

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class AuditDamaged(Exception):
    """The log cannot be continued: rows of it were changed from outside. `gatepass audit verify` lists which."""


async def head(transaction: AsyncSession) -> tuple[int, bytes]:
    """Tree size and root of the last checkpoint."""
    last = await _last_checkpoint(transaction)
    return (0, merkle.EMPTY_ROOT) if last is None else (last.tree_size, last.root_hash)


async def sequence(database: Database) -> int:
    """Give every pending event its place; returns how many there were. Raises StorageUnavailable, AuditDamaged."""
    placed = 0
    while True:
        async with database.transaction() as transaction:
            if not await transaction.scalar(select(exists(select(AuditPending)))):
                return placed
            # By its own statement: what the next one sees includes all that the last holder committed.
            await take(transaction, Lock.SEQUENCE)
            try:
                placed += await _place_batch(transaction)
            except IntegrityError as error:
                raise AuditDamaged(f"The audit log holds rows that it did not write: {error.orig}.") from error


async def _place_batch(transaction: AsyncSession) -> int:
    pending = (
        select(col(AuditEvent.id), col(AuditEvent.body))
        .join(AuditPending, col(AuditPending.event_id) == col(AuditEvent.id))
        .order_by(col(AuditEvent.id))
        .limit(BATCH_LIMIT)
    )
    events = (await transaction.execute(pending)).all()
    if not events:
        return 0
    before = await _frontier(transaction)
    hashes = [merkle.leaf_hash(event.body) for event in events]
    after = before.extend(hashes)
    transaction.add(AuditCheckpoint(tree_size=after.size, root_hash=after.root(), frontier=list(after.subtrees)))
    await transaction.flush()
    places = zip(range(before.size, after.size), events, hashes, strict=True)
    await transaction.execute(
        insert(AuditLeaf),
        [
            {"leaf_index": index, "event_id": event.id, "leaf_hash": digest, "checkpoint_size": after.size}
            for index, event, digest in places
        ],
    )
    placed = [event.id for event in events]
    await transaction.execute(delete(AuditPending).where(col(AuditPending.event_id).in_(placed)))
    return len(placed)


async def _frontier(transaction: AsyncSession) -> merkle.Frontier:
    """Where the tree goes on. Raises AuditDamaged when the last checkpoint and the last leaf disagree."""
    last = await _last_checkpoint(transaction)
    highest = await transaction.scalar(select(func.max(col(AuditLeaf.leaf_index))))
    size = 0 if highest is None else highest + 1
    try:
        frontier = merkle.Frontier() if last is None else merkle.Frontier(last.tree_size, tuple(last.frontier))
    except ValueError as error:
        raise AuditDamaged(f"The audit log's last checkpoint was changed: {error}") from error
    if frontier.size != size or (last is not None and frontier.root() != last.root_hash):
        raise AuditDamaged(
            f"The audit log has {size} leaves and its last checkpoint stands for {frontier.size}, or was changed. "
            "Nothing is added to it until that is mended; events go on being written and wait. "
            "Run `gatepass audit verify` to see which rows."
        )
    return frontier


async def _last_checkpoint(transaction: AsyncSession) -> AuditCheckpoint | None:
    return await transaction.scalar(select(AuditCheckpoint).order_by(col(AuditCheckpoint.tree_size).desc()).limit(1))


class Sequencer:
    """Keeps the log in order for as long as the process runs. Any number of processes may have one."""

    def __init__(self, database: Database, notices: Notices | None = None) -> None:
        """With `notices` events get their places as they commit, without them within IDLE_S."""
        self._database = database
        self._notices = notices

    async def run(self) -> Never:
        """Sequence until cancelled; to be owned by the process's TaskGroup."""
        wake = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            if self._notices is not None:
                group.create_task(_wake_on_notices(self._notices, wake))
            while True:
                await self._sequence()
                await wait_set(wake, IDLE_S)
                wake.clear()

    async def _sequence(self) -> None:
        try:
            await sequence(self._database)
        except StorageUnavailable as error:
            log.warning("audit_sequencer_waits_for_storage", error=str(error))
            await asyncio.sleep(RETRY_S)
        except AuditDamaged as error:
            log.critical("audit_log_damaged", error=str(error))
            await asyncio.sleep(DAMAGED_RETRY_S)


async def _wake_on_notices(notices: Notices, wake: asyncio.Event) -> None:
    async with notices.subscribe(Topic.AUDIT) as heard:
        async for _ in heard:
            wake.set()
