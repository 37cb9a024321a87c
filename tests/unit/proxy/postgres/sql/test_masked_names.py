"""Names of masked columns in a statement: through aliases in any order, rows, and RETURNING's own names."""

import pytest

from proxy.postgres.sql.analysis import analyse
from proxy.postgres.sql.catalogue import Catalogue
from proxy.postgres.sql.masked_names import MaskedNames, collect
from support.cards import is_masked

ROW_VARIABLES = {"new", "old", "excluded"}


def names(sql: str, catalogue: Catalogue) -> MaskedNames:
    [statement] = analyse(sql.encode())
    assert statement.tree is not None
    return collect(statement.tree, catalogue.masked_columns, is_masked)


@pytest.mark.parametrize(
    ("sql", "columns", "aliases", "rows"),
    [
        ("select name from users", set(), set(), set()),
        ("select cvv as x from cards", {"cvv"}, {"x"}, {"cards"}),
        (
            "select z from (select y as z from (select cvv as y from cards) a) b",
            {"cvv"},
            {"y", "z"},
            {"cards", "a", "b"},
        ),
        ("select * from cards as c(a, b, x)", {"cvv"}, {"a", "b", "x"}, {"c"}),
        ("with w(q) as (select cvv from cards) select * from w", {"cvv"}, {"q"}, {"cards", "w"}),
        ("select holder as h from cards", {"cvv"}, set(), {"cards"}),
        ("select code as x from plain_view", {"code"}, {"x"}, {"plain_view"}),
        ("update cards set id = 1 returning with (old as o) o.cvv", {"cvv"}, set(), {"cards", "o"}),
    ],
)
def test_what_is_masked(catalogue: Catalogue, sql: str, columns: set[str], aliases: set[str], rows: set[str]) -> None:
    found = names(sql, catalogue)
    assert found.columns == columns
    assert found.aliases == aliases
    assert found.rows == (rows | ROW_VARIABLES if rows else set())


@pytest.mark.parametrize(
    ("sql", "moves"),
    [
        ("update cards set cvv = '1'", False),
        ("update users set name = c.cvv from cards c", True),
        ("merge into users u using cards c on u.id = c.id when matched then delete", True),
    ],
)
def test_what_can_move_values_between_tables(catalogue: Catalogue, sql: str, moves: bool) -> None:
    assert names(sql, catalogue).moves is moves


def test_a_name_with_a_rule_is_masked_without_any_table(catalogue: Catalogue) -> None:
    assert names("select 1", catalogue).has("cvv")
    assert not names("select 1", catalogue).has("code")
