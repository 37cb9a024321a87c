"""Queries: what they give, and where a masked column in them is compared or taken elsewhere."""

import pytest

from proxy.postgres.sql.columns.queries import query
from proxy.postgres.sql.columns.relations import Used, Why
from proxy.postgres.sql.columns.scope import Scope
from support.sql import tree_of


@pytest.mark.parametrize(
    ("sql", "columns"),
    [
        ("select cvv as x, id from cards", {"x": "cvv", "id": ""}),
        ("select c.* from cards c", {"id": "", "holder": "", "cvv": "cvv"}),
        ("values (1, 'a')", {"column1": "", "column2": ""}),
        ("select name from users union select holder from cards", {"name": ""}),
        ("with w(a) as (select cvv from cards) select a from w", {"a": "cvv"}),
        ("with recursive w(n) as (select 1 union all select n + 1 from w) select n from w", {"n": ""}),
        ("with w as (delete from cards returning cvv as z) select z from w", {"z": "cvv"}),
        ("select count(*) from cards", {"count": ""}),
        ("select (g()).cvv", {"cvv": "cvv"}),
    ],
)
def test_what_it_gives(scope: Scope, sql: str, columns: dict[str, str]) -> None:
    given = query(tree_of(sql), scope, True)
    assert {column.name: column.masked for column in given.columns} == columns


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("select cvv from cards union select name from users", Why.MOVED),
        ("select cvv into t from cards", Why.MOVED),
        ("select cvv from cards order by 1", Why.COMPARED),
        ("select cvv as x from cards order by x", Why.COMPARED),
        ("select id from cards order by cvv", Why.COMPARED),
        ("select count(*) as cvv from cards group by cvv", Why.COMPARED),
        ("select 1 from cards group by grouping sets ((id), (cvv))", Why.COMPARED),
        ("select distinct * from cards", Why.COMPARED),
        ("select distinct on (cvv) id from cards", Why.COMPARED),
        ("select x from g() as t(a, b, x)", Why.RENAMED),
        ("with recursive w as (select cvv from cards union all select cvv from w) select * from w", Why.MOVED),
        ("with recursive w as (select * from w) select * from w", Why.SHAPE),
        ("select 1 from cards limit (select length(cvv) from cards)", Why.USED),
        ("vacuum cards", Why.SHAPE),
    ],
)
def test_uses(scope: Scope, sql: str, why: Why) -> None:
    with pytest.raises(Used) as raised:
        query(tree_of(sql), scope, True)
    assert raised.value.why is why


def test_what_is_not_shown_has_no_masked_column(scope: Scope) -> None:
    with pytest.raises(Used):
        query(tree_of("select cvv from cards"), scope, False)
    assert not query(tree_of("select id from cards"), scope, False).masked


def test_many_arms(scope: Scope) -> None:
    given = query(tree_of(" union all ".join(["select id from cards"] * 30)), scope, True)
    assert [column.name for column in given.columns] == ["id"]
