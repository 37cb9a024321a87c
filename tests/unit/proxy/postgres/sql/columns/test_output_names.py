"""Names of outputs without AS, as PostgreSQL gives them; tests/live holds them against a server."""

import pytest
from postgast import pg_query_pb2 as pg

from proxy.postgres.sql.columns.output_names import name_of
from proxy.syntax.sql import unwrap
from support.sql import tree_of
from support.sql.output_names import NAMES


@pytest.mark.parametrize(("text", "name"), NAMES.items())
def test_its_name(text: str, name: str) -> None:
    select = tree_of(f"select {text}")
    assert isinstance(select, pg.SelectStmt)
    assert name_of(unwrap(select.target_list[0].res_target.val)) == name
