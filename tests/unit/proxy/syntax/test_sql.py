"""SQL as tokens and a tree: what cannot be read for certain is refused."""

import pytest
from postgast import pg_query_pb2 as pg

from proxy.syntax.sql import MAX_CHAIN_TOKENS, MAX_SET_OPERATIONS, MAX_SQL_BYTES, Unreadable, children, parse, walk


@pytest.mark.parametrize(
    "sql",
    [
        b"selec 1",
        b"select 'open",
        b"select '\xff'",
        b"select '\x81\\'",
        b"select 'a\\'' or b'",
        b"select 1 " + b"+ 1" * MAX_CHAIN_TOKENS,
        b"select 1 " + b"union select 1 " * (MAX_SET_OPERATIONS + 1),
        b"-" * (MAX_SQL_BYTES + 1),
    ],
)
def test_what_cannot_be_read_for_certain_is_refused(sql: bytes) -> None:
    with pytest.raises(Unreadable):
        parse(sql)


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
