"""Target: which columns of a condition are surely those of the table that a statement changes."""

import pytest
from postgast import pg_query_pb2 as pg

from proxy.postgres.sql.effects.conditions.targets import Target, qualifier_of
from proxy.syntax.sql import unwrap
from support.sql import tree_of


def expression(text: str) -> pg.Node:
    select = tree_of(f"select {text}")
    assert isinstance(select, pg.SelectStmt)
    return select.target_list[0].res_target.val


def target(sql: str) -> Target:
    delete = tree_of(sql)
    assert isinstance(delete, pg.DeleteStmt)
    return Target(delete.relation, tuple(map(unwrap, delete.using_clause)))


@pytest.mark.parametrize(
    ("sql", "text", "column"),
    [
        ("delete from t", "id", "id"),
        ("delete from t", "t.id", "id"),
        ("delete from app.t", "app.t.id", "id"),
        ("delete from t c", "t.id", None),
        ("delete from t c", "c.id", "id"),
        ("delete from t using s", "id", None),
        ("delete from t using s", "t.id", "id"),
        ("delete from t", "ctid", None),
        ("delete from t", "t", None),
        ("delete from t", 'id::text collate "C"', "id"),
        ("delete from t", "data->'a'->>'b'", "data"),
        ("delete from t", "data->>id", None),
        ("delete from t", "lower(id, name)", None),
        ("delete from t", "f(id)", None),
        ("delete from t", "t.*", None),
    ],
)
def test_a_column_of_the_target(sql: str, text: str, column: str | None) -> None:
    assert target(sql).column(expression(text)) == column


@pytest.mark.parametrize(
    ("text", "may_be"),
    [
        ("1", False),
        ("$1", False),
        ("s.id", False),
        ("id", True),
        ("t.id + 1", True),
        ("(select x from s)", False),
        ("(select x)", True),
        ("(select t.x from s)", True),
    ],
)
def test_what_may_depend_on_the_row(text: str, may_be: bool) -> None:
    assert target("delete from t using s").may_be_in(expression(text)) is may_be


def test_a_with_query_that_is_followed_is_counted() -> None:
    seen = target("delete from t").following().following()
    assert (seen.followed, seen.table) == (2, "t")


def test_the_qualifier_is_the_name_before_the_column() -> None:
    [bare, qualified] = [unwrap(expression(text)) for text in ("id", "app.t.id")]
    assert isinstance(bare, pg.ColumnRef)
    assert isinstance(qualified, pg.ColumnRef)
    assert (qualifier_of(bare), qualifier_of(qualified)) == (None, "t")
