"""Shapes: a part that its reader does not know is refused."""

import pytest
from postgast import pg_query_pb2 as pg

from proxy.postgres.sql.columns.relations import Used, Why
from proxy.postgres.sql.columns.shapes import only
from support.sql import tree_of


def test_known_parts_pass() -> None:
    only(tree_of("delete from cards"), frozenset({"relation"}))
    only(pg.JoinExpr(), frozenset())


def test_another_part_is_refused() -> None:
    with pytest.raises(Used) as raised:
        only(tree_of("delete from cards where true"), frozenset({"relation"}))
    assert (raised.value.name, raised.value.why) == ("DeleteStmt where_clause", Why.SHAPE)
