"""Scope: the nearest column of a name, whole rows and functions of them, and what is not certain."""

import pytest
from postgast import pg_query_pb2 as pg

from proxy.postgres.sql.columns.relations import Column, Relation, Rest, Used, Why
from proxy.postgres.sql.columns.scope import Scope
from support.sql import tree_of

CARDS = Relation("c", (Column("id"), Column("cvv", "cvv")), is_table=True)
USERS = Relation("u", (Column("id"), Column("name")), is_table=True)
MASKED_X = Relation("o", (Column("x", "cvv"),))
NEW = Relation("n", known=False, rest=Rest.MASKED, is_table=True)
CALL = Relation("f", known=False, rest=Rest.NAMED)


def reference(text: str) -> pg.ColumnRef:
    select = tree_of(f"select {text}")
    assert isinstance(select, pg.SelectStmt)
    return select.target_list[0].res_target.val.column_ref


@pytest.mark.parametrize(
    ("text", "levels", "masked"),
    [
        ("cvv", [(CARDS,)], "cvv"),
        ("name", [(CARDS, USERS)], ""),
        ("c.cvv", [(USERS,), (CARDS,)], "cvv"),
        ("x", [(Relation("i", (Column("x"),)),), (MASKED_X,)], ""),
        ("x", [(Relation("i", (Column("x"),), known=False),), (MASKED_X,)], "cvv"),
        ("anything", [(NEW,)], "anything"),
        ("n.anything", [(NEW,)], "anything"),
        ("cvv", [(CALL,)], "cvv"),
        ("other", [(CALL,)], ""),
        ("c.ctid", [(CARDS,)], ""),
        ("u", [(USERS,)], ""),
        ("u.quote_literal", [(USERS,)], ""),
    ],
)
def test_what_a_reference_means(scope: Scope, text: str, levels: list[tuple[Relation, ...]], masked: str) -> None:
    for level in reversed(levels):
        scope = scope.inside(level)
    column = scope.column(reference(text))
    assert column is not None
    assert column.masked == masked


@pytest.mark.parametrize("text", ["c", "c.quote_literal", "s.c.quote_literal", "o.ctid", "o"])
def test_whole_rows_with_masked_columns(scope: Scope, text: str) -> None:
    with pytest.raises(Used) as raised:
        scope.inside((CARDS, MASKED_X, CALL)).column(reference(text))
    assert raised.value.why is Why.WHOLE_ROW


def test_a_name_with_a_schema_is_not_hidden_by_an_alias(scope: Scope) -> None:
    alias = Relation("cards", USERS.columns)
    outer = Relation("cards", CARDS.columns)
    column = scope.inside([outer]).inside([alias]).column(reference("public.cards.id"))
    assert column == Column("id")
    with pytest.raises(Used):
        scope.inside([outer]).inside([alias]).column(reference("public.cards.name"))


def test_what_is_not_there(scope: Scope) -> None:
    assert scope.inside([CARDS]).column(reference("nope")) is None
    with pytest.raises(Used) as raised:
        scope.inside([CARDS]).column(reference("x.nope"))
    assert raised.value.why is Why.NO_SUCH_COLUMN
    with pytest.raises(Used):
        scope.inside([CARDS]).star(reference("x.*"))


def test_stars(scope: Scope) -> None:
    place = scope.inside([USERS]).beside([CARDS])
    assert [column.name for column in place.star(reference("*")).columns] == ["id", "name", "id", "cvv"]
    assert place.star(reference("c.*")).masked == "cvv"
    assert place.has("cvv")
    assert not place.has("nope")
