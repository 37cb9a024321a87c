"""What is PostgreSQL's own and plain, by its name."""

import pytest
from postgast import pg_query_pb2 as pg

from proxy.postgres.sql.code.plain import CODE_FUNCTIONS, WIDE, calls_others, is_built_in
from proxy.syntax.sql import walk
from support.sql import tree_of


def type_of(name: str) -> pg.TypeName:
    return next(node for node in walk(tree_of(f"select null::{name}")) if isinstance(node, pg.TypeName))


@pytest.mark.parametrize("name", ["text", "pg_catalog.text", "int", "varchar(9)", "timestamp with time zone", "text[]"])
def test_types_of_postgresql_itself(name: str) -> None:
    assert is_built_in(type_of(name))


@pytest.mark.parametrize("name", ["cards", "app.text", "regclass", "pg_catalog.regclass", "refcursor", "record"])
def test_other_types(name: str) -> None:
    assert not is_built_in(type_of(name))


def test_types_with_less_room() -> None:
    assert is_built_in(type_of("text"), WIDE)
    assert not is_built_in(type_of("int2"), WIDE)


@pytest.mark.parametrize(
    ("expression", "calls"),
    [
        ("length(x) + 1", False),
        ("pg_catalog.length(x)", False),
        ("app.length(x)", True),
        ("lk(x)", True),
        ("x operator(app.=) 1", True),
        ("x::dd", True),
        ("reverse(x)", True),
    ],
)
def test_what_an_expression_calls(expression: str, *, calls: bool) -> None:
    assert calls_others(tree_of(f"select {expression}")) is calls


def test_code_may_call_more() -> None:
    assert not calls_others(tree_of("select reverse(x), now()"), CODE_FUNCTIONS)
