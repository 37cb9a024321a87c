"""SQL as tokens and a tree: what cannot be read for certain is refused."""

import pytest
from postgast import pg_query_pb2 as pg

from proxy.syntax.sql import (
    MAX_CHAIN_TOKENS,
    MAX_PLAIN_SQL_BYTES,
    MAX_SET_OPERATIONS,
    MAX_SQL_BYTES,
    Unreadable,
    children,
    has_plain_backslash,
    lex,
    parse,
    walk,
)


@pytest.mark.parametrize(
    "sql",
    [
        b"selec 1",
        b"select 'open",
        b"select '\xff'",
        b"select '\x81\\'",
        b"select 'a\\'' || 'b'",
        rb"select '\'; drop table t; --'",
        rb"select '\', '; drop table t; --'",
        rb"select '\'' , '; delete from t; --'",
        rb"select N'\'",
        rb"select U&'\'",
        rb"select '\' -- '",
        b"select " + rb"'\' -- ', '\' -- '" * 20,
        b"select 1 " + b"+ 1" * MAX_CHAIN_TOKENS,
        b"select 1 " + b"union select 1 " * (MAX_SET_OPERATIONS + 1),
        b"-" * (MAX_SQL_BYTES + 1),
        # For each of them the lexer looks at all that are left.
        b"select 1 " + b"/**/" * 1_000_000,
        b"select " + b"+-" * 1_000_000 + b"1",
    ],
)
def test_what_cannot_be_read_for_certain_is_refused(sql: bytes) -> None:
    with pytest.raises(Unreadable):
        parse(sql)


@pytest.mark.parametrize(
    "sql",
    [
        rb"select * from t where a like $1 escape '\'",
        rb"select 1 where a like $1 escape '\' and b like $2 escape '\'",
        rb"select 1 where a like $1 escape '\' or b like $2 escape '\' or c like $3 escape '\'",
        rb"select 'C:\'",
        rb"select 'a\'' or b'",
        rb"select '\' , E'\'; drop table t; --'",
        rb"select E'\''",
    ],
)
def test_a_text_with_one_reading_that_is_sql(sql: bytes) -> None:
    """tests/live/proxy/postgres/test_functions.py holds the other reading against a real server."""
    assert parse(sql)[1].stmts


@pytest.mark.parametrize("sql", [rb"select 'C:\'", rb"like $1 escape '\'"])
def test_of_another_grammar_only_the_end_is_known(sql: bytes) -> None:
    with pytest.raises(Unreadable):
        lex(sql)


def test_tokens_stand_where_they_stand_in_the_bytes() -> None:
    sql = "select 'é', 2 -- x".encode()
    scanned, _ = parse(sql)
    assert [sql[token.start : token.end].decode() for token in scanned] == ["select", "'é'", ",", "2", "-- x"]


def test_walk_meets_everything_below_a_node() -> None:
    _, tree = parse(b"with a as (delete from t returning id) select f(id) from a")
    kinds = {type(node) for node in walk(tree.stmts[0].stmt)}
    assert {pg.SelectStmt, pg.DeleteStmt, pg.FuncCall, pg.RangeVar, pg.CommonTableExpr} <= kinds


def test_children_know_their_field() -> None:
    _, tree = parse(b"select 1 from t where a")
    fields = {name for name, _ in children(tree.stmts[0].stmt.select_stmt)}
    assert {"target_list", "from_clause", "where_clause"} <= fields


@pytest.mark.parametrize("other", ["abs(" * 60 + "1" + ")" * 60, "1+" * 9000 + "1", "1 from (select 1) system_user"])
def test_another_reading_that_only_some_server_bears_is_one(other: str) -> None:
    """Too deep for us, or of PostgreSQL 15, where system_user is a name: the server may run it all the same."""
    with pytest.raises(Unreadable):
        parse(f"select '\\', ', {other}; delete from t; --'".encode())  # noqa: S608


@pytest.mark.parametrize("sign", [b"-", b"=", b"*"])
def test_long_lines_of_signs_are_read(sign: bytes) -> None:
    _, tree = parse(b"select '" + sign * 5000 + b"' -- " + sign * 5000)
    assert len(tree.stmts) == 1


@pytest.mark.parametrize(
    ("sql", "has_one"),
    [
        (b"select E'\\n'", False),
        (b"select '\\n'", True),
        # Nobody waits for the lexer.
        (b"select E'\\n'" + b" " * MAX_PLAIN_SQL_BYTES, True),
        (b"select 1" + b" " * MAX_PLAIN_SQL_BYTES, False),
    ],
)
def test_a_backslash_in_a_plain_string(sql: bytes, has_one: bool) -> None:
    assert has_plain_backslash(sql) is has_one
