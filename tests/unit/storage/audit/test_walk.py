"""The walk over leaves and checkpoints, fed by hand: one changed row is one discrepancy, and the rest is not blamed."""

import pytest

from storage.audit import merkle
from storage.audit.merkle import Frontier
from storage.audit.walk import Discrepancy, StoredCheckpoint, StoredLeaf, Walk

Row = StoredLeaf | StoredCheckpoint


def log_of(leaves: int, batch: int) -> list[Row]:
    """A log as the sequencer writes it: each checkpoint after the leaves that it covers."""
    rows: list[Row] = []
    tree = Frontier()
    for start in range(0, leaves, batch):
        bodies = [f"event {index}".encode() for index in range(start, min(start + batch, leaves))]
        tree = tree.extend(map(merkle.leaf_hash, bodies))
        for index, body in enumerate(bodies, start):
            rows.append(StoredLeaf(index, index + 100, merkle.leaf_hash(body), tree.size, body))
        rows.append(StoredCheckpoint(tree.size, tree.root(), list(tree.subtrees)))
    return rows


def walked(rows: list[Row]) -> Walk:
    walk = Walk()
    for row in rows:
        if isinstance(row, StoredLeaf):
            walk.leaf(row)
        else:
            walk.checkpoint(row)
    walk.end()
    return walk


def at(rows: list[Row], index: int) -> int:
    return next(place for place, row in enumerate(rows) if isinstance(row, StoredLeaf) and row.leaf_index == index)


@pytest.mark.parametrize(("leaves", "batch"), [(0, 1), (1, 1), (9, 3), (10, 4), (100, 7)])
def test_a_log_as_written_has_no_discrepancy(leaves: int, batch: int) -> None:
    walk = walked(log_of(leaves, batch))
    assert walk.discrepancies == []
    assert walk.count == leaves
    assert walk.root() == merkle.root([merkle.leaf_hash(f"event {index}".encode()) for index in range(leaves)])


@pytest.mark.parametrize("index", range(9))
def test_one_changed_event_is_one_discrepancy(index: int) -> None:
    rows = log_of(9, 3)
    place = at(rows, index)
    leaf = rows[place]
    assert isinstance(leaf, StoredLeaf)
    rows[place] = leaf._replace(body=b"another")
    assert [found.leaf_index for found in walked(rows).discrepancies] == [index]


def test_a_missing_leaf_and_its_checkpoint_are_named() -> None:
    rows = log_of(9, 3)
    del rows[at(rows, 4)]
    assert walked(rows).discrepancies[0] == Discrepancy(4, "leaf 4 is missing")
    without_checkpoint = [row for row in log_of(9, 3) if not (isinstance(row, StoredCheckpoint) and row.tree_size == 6)]
    (found,) = walked(without_checkpoint).discrepancies
    assert (found.leaf_index, "checkpoint 6" in found.message) == (3, True)


@pytest.mark.finding("L4")
@pytest.mark.parametrize("frontier", [None, [], [None], [None, b"x" * 32], [b"x" * 32] * 5])
def test_a_checkpoint_that_cannot_be_one_is_blamed_alone(frontier: list[bytes | None] | None) -> None:
    rows = [
        row._replace(frontier=frontier) if isinstance(row, StoredCheckpoint) and row.tree_size == 6 else row
        for row in log_of(9, 3)
    ]
    assert [found.leaf_index for found in walked(rows).discrepancies] == [3]


@pytest.mark.finding("L4")
def test_rows_with_nothing_in_them_are_blamed() -> None:
    rows: list[Row] = [StoredLeaf(0, None, None, None, None), StoredCheckpoint(1, None, None)]
    walk = walked(rows)
    assert [found.leaf_index for found in walk.discrepancies] == [0, 0]


@pytest.mark.finding("M1")
def test_a_tree_rebuilt_over_changed_events_is_not_found_without_another_root() -> None:
    """What verification.py says that it cannot find: the root differs from the one that was kept, and nothing else."""
    honest, forged = log_of(9, 3), log_of(6, 3)
    assert walked(forged).discrepancies == []
    assert walked(forged).root() != walked(honest).root()
