"""One walk over the audit log's leaves and checkpoints, and what does not fit. Pure: it is fed rows, in order.

It recomputes each leaf from its event's bytes and the tree at each checkpoint. Where a checkpoint does not agree, the
walk goes on from the leaves and from what the checkpoint says, whichever the next one agrees with: so one changed row
is one discrepancy and not one in everything after it.
"""

from dataclasses import dataclass
from typing import NamedTuple

from storage.audit import merkle
from storage.audit.merkle import Frontier

#: A log that was changed all over need not be described all over.
DISCREPANCY_LIMIT = 1000
#: Leaves kept before the tree grows by them.
_AT_ONCE = 2000


@dataclass(frozen=True)
class Discrepancy:
    """One thing that is not as it was written; `leaf_index` is None for an event that has no leaf."""

    leaf_index: int | None
    message: str


class StoredLeaf(NamedTuple):
    """A leaf's row and its event's bytes, as they are stored; None where somebody took away what must be there."""

    leaf_index: int
    event_id: int | None
    leaf_hash: bytes | None
    checkpoint_size: int | None
    body: bytes | None


class StoredCheckpoint(NamedTuple):
    """A checkpoint's row, as it is stored."""

    tree_size: int
    root_hash: bytes | None
    frontier: list[bytes | None] | None


class Walk:
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
        self._named: dict[int | None, tuple[int, int]] = {}

    def leaf(self, row: StoredLeaf) -> None:
        """The next leaf; one before it that is missing is blamed."""
        self._reach(row.leaf_index)
        self.count += 1
        self._next = row.leaf_index + 1
        self._grow(self._recompute(row))
        first, _ = self._named.get(row.checkpoint_size, (row.leaf_index, 0))
        self._named[row.checkpoint_size] = (first, row.leaf_index)

    def checkpoint(self, row: StoredCheckpoint) -> None:
        """The next checkpoint; it comes after the last leaf that it covers."""
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
        """There are no more rows."""
        self._settle()
        self._blame_names(other_than=None)

    def root(self) -> bytes:
        """The root over the leaves so far, by their events; the empty tree's after a gap."""
        return self._trees[0].root() if self._trees else merkle.EMPTY_ROOT

    def _recompute(self, row: StoredLeaf) -> bytes:
        """The leaf's hash by its event's bytes; by the leaf's own word when the event is gone."""
        if row.body is None:
            self._report(row.leaf_index, f"its event {row.event_id} was deleted, or the leaf names another")
            self._explained = True
            return row.leaf_hash or merkle.EMPTY_ROOT
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
        if len(self._fresh) >= _AT_ONCE:
            self._settle()

    def _settle(self) -> None:
        self._trees = [tree.extend(self._fresh) for tree in self._trees]
        self._fresh = []

    def _report(self, leaf_index: int, message: str) -> None:
        if len(self.discrepancies) < DISCREPANCY_LIMIT:
            self.discrepancies.append(Discrepancy(leaf_index, message))


def _stated(checkpoint: StoredCheckpoint) -> Frontier | None:
    """The tree that a checkpoint states; None when its parts do not even agree with each other."""
    subtrees = tuple(each for each in checkpoint.frontier or () if isinstance(each, bytes))
    try:
        frontier = Frontier(checkpoint.tree_size, subtrees)
    except ValueError:
        return None
    return frontier if frontier.root() == checkpoint.root_hash else None


def _leaf_range(first: int, last: int) -> str:
    return f"leaf {first}" if first >= last else f"leaves {first} to {last}"
