"""Is the audit log what was written? Reads everything, changes nothing, and believes no row that another can check.

One walk over the leaves in one snapshot recomputes each leaf from its event's bytes and the tree at each checkpoint.
Where a checkpoint does not agree, the walk goes on from the leaves and from what the checkpoint says, whichever the
next one agrees with: so one changed row is one discrepancy and not one in everything after it.
"""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select, text
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped
from sqlmodel import col

from storage.audit import merkle
from storage.audit.merkle import Frontier
from storage.database import Database
from storage.model import AuditCheckpoint, AuditEvent, AuditLeaf, AuditPending

#: Rows in memory at a time; each page is its own statement, so that the statement timeout does not bound the log.
PAGE_ROWS = 2000
#: A log that was changed all over need not be described all over.
DISCREPANCY_LIMIT = 1000


@dataclass(frozen=True)
class Discrepancy:
    """One thing that is not as it was written; `leaf_index` is None for an event that has no leaf."""

    leaf_index: int | None
    message: str


@dataclass(frozen=True)
class Verification:
    """What was found. Without discrepancies every row agrees with `root`, and `root` is what to compare elsewhere."""

    #: Leaves that are there.
    tree_size: int
    #: Recomputed from the events. With discrepancies it proves nothing.
    root: bytes
    #: In the order of the leaves; at most DISCREPANCY_LIMIT.
    discrepancies: list[Discrepancy]
    #: Events that wait for their place, which is none.
    pending: int


async def verify(database: Database) -> Verification:
    """Recompute the whole log in one snapshot. Raises StorageUnavailable.

    Finds any row that was changed, deleted, added or swapped. Whole batches deleted from the end leave a log that is
    shorter and whole: only comparing with a root kept elsewhere shows that.
    """
    async with database.transaction() as transaction:
        await transaction.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        await transaction.execute(text("SET TRANSACTION READ ONLY"))
        walk = await _walk(transaction)
        unplaced = await _events_without_place(transaction)
        unplaced += await _pending_without_reason(transaction)
        pending = await transaction.scalar(select(func.count()).select_from(AuditPending)) or 0
        discrepancies = sorted(walk.discrepancies, key=lambda found: found.leaf_index or 0) + unplaced
        return Verification(walk.count, walk.root(), discrepancies[:DISCREPANCY_LIMIT], pending)


async def _walk(transaction: AsyncSession) -> "_Walk":
    """Leaves and checkpoints in order: a checkpoint comes after the last leaf that it covers."""
    walk = _Walk()
    checkpoints = _checkpoints(transaction)
    checkpoint = await anext(checkpoints, None)
    async for leaf in _leaves(transaction):
        while checkpoint is not None and checkpoint.tree_size <= leaf.leaf_index:
            walk.checkpoint(checkpoint)
            checkpoint = await anext(checkpoints, None)
        walk.leaf(leaf)
    while checkpoint is not None:
        walk.checkpoint(checkpoint)
        checkpoint = await anext(checkpoints, None)
    walk.end()
    return walk


class _Walk:
    """Where the walk is, and what it has found."""

    def __init__(self) -> None:
        self.discrepancies: list[Discrepancy] = []
        self.count = 0
        #: The next leaf index, and the first that no checkpoint so far covers.
        self._next = 0
        self._covered = 0
        #: The tree at `_next`, before `_fresh` is added: what the leaves make and, after a checkpoint that does not
        #: agree with them, what that one says. None is known after a gap.
        self._trees = [Frontier()]
        self._fresh: list[bytes] = []
        #: A leaf since the last checkpoint was found changed, which explains why that does not agree.
        self._explained = False
        #: The checkpoints that leaves since the last one name as theirs: first and last such leaf.
        self._named: dict[int, tuple[int, int]] = {}

    def leaf(self, row: Row[Any]) -> None:
        self._reach(row.leaf_index)
        self.count += 1
        self._next = row.leaf_index + 1
        self._grow(self._recompute(row))
        first, _ = self._named.get(row.checkpoint_size, (row.leaf_index, 0))
        self._named[row.checkpoint_size] = (first, row.leaf_index)

    def checkpoint(self, row: Row[Any]) -> None:
        self._reach(row.tree_size)
        self._blame_names(other_than=row.tree_size)
        self._settle()
        stated = _stated(row)
        if stated is not None and stated in self._trees:
            self._trees = [stated]
        else:
            if self._trees and not self._explained:
                covered = _leaf_range(self._covered, row.tree_size - 1)
                self._report(
                    self._covered,
                    f"checkpoint {row.tree_size} does not agree with {covered}: it, or one of them, was changed",
                )
            self._trees = self._trees[:1] + ([] if stated is None else [stated])
        self._covered = self._next
        self._explained = False

    def end(self) -> None:
        self._settle()
        self._blame_names(other_than=None)

    def root(self) -> bytes:
        return self._trees[0].root() if self._trees else merkle.EMPTY_ROOT

    def _recompute(self, row: Row[Any]) -> bytes:
        """The leaf's hash by its event's bytes; by the leaf's own word when the event is gone."""
        if row.body is None:
            self._report(row.leaf_index, f"its event {row.event_id} was deleted, or the leaf names another")
            self._explained = True
            return row.leaf_hash
        digest = merkle.leaf_hash(row.body)
        if digest != row.leaf_hash:
            self._report(row.leaf_index, f"it is not the hash of its event {row.event_id}: one of the two was changed")
            self._explained = True
        return digest

    def _reach(self, index: int) -> None:
        """Blame the leaves between here and `index`, which are not there."""
        if index <= self._next:
            return
        missing = _leaf_range(self._next, index - 1)
        self._report(self._next, f"{missing} {'is' if index - self._next == 1 else 'are'} missing")
        self._trees, self._fresh = [], []
        self._next = index

    def _blame_names(self, *, other_than: int | None) -> None:
        for size, (first, last) in self._named.items():
            if size != other_than:
                named = _leaf_range(first, last)
                self._report(first, f"checkpoint {size}, which {named} named, was deleted, or the name was changed")
        self._named = {}

    def _grow(self, digest: bytes) -> None:
        self._fresh.append(digest)
        if len(self._fresh) >= PAGE_ROWS:
            self._settle()

    def _settle(self) -> None:
        self._trees = [tree.extend(self._fresh) for tree in self._trees]
        self._fresh = []

    def _report(self, leaf_index: int, message: str) -> None:
        if len(self.discrepancies) < DISCREPANCY_LIMIT:
            self.discrepancies.append(Discrepancy(leaf_index, message))


def _stated(checkpoint: Row[Any]) -> Frontier | None:
    """The tree that a checkpoint states; None when its parts do not even agree with each other."""
    try:
        frontier = Frontier(checkpoint.tree_size, tuple(checkpoint.frontier))
    except ValueError:
        return None
    return frontier if frontier.root() == checkpoint.root_hash else None


def _leaf_range(first: int, last: int) -> str:
    return f"leaf {first}" if first >= last else f"leaves {first} to {last}"


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
