"""What was analysed before a name came to mean something else."""

from proxy.postgres.sql.texts.turns import Turns
from proxy.statements import StatementFacts

_FACTS = [StatementFacts("select 1 from t", "select", frozenset({"table:t"}))]


def test_a_name_that_turned_to_masked_data() -> None:
    turns = Turns()
    turns.to_masked(["table:t"])
    assert turns.is_outdated(0, _FACTS, counts_columns=False)
    assert not turns.is_outdated(turns.turn, _FACTS, counts_columns=True)
    assert not turns.is_outdated(0, [], counts_columns=True)


def test_nothing_new_is_no_turn() -> None:
    turns = Turns()
    turns.to_masked([])
    assert turns.turn == 0


def test_columns_that_moved_outdate_what_counts_them() -> None:
    turns = Turns()
    turns.moved()
    assert turns.is_outdated(0, _FACTS, counts_columns=True)
    assert not turns.is_outdated(0, _FACTS, counts_columns=False)
    assert not turns.is_outdated(turns.turn, _FACTS, counts_columns=True)
