"""Scope: where the names of WITH queries are known, and what is kept for later."""

import pytest

from proxy.postgres.sql.effects.scope import Known, Scope
from support.sql import facts_of, parts_of


@pytest.mark.parametrize(
    ("sql", "read", "not_read"),
    [
        ("with d as (select 1) select * from d", set(), {"d"}),
        ("with t as (select * from t) select * from t", {"t"}, set()),
        ("with recursive t as (select 1 union select * from t) select * from t", set(), {"t"}),
        ("with a as (select * from b), b as (select 1) select * from a, b", {"b"}, {"a"}),
        ("with recursive a as (select * from b), b as (select 1) select * from a", set(), {"a", "b"}),
        ("with d as (select 1) select * from app.d", {"d", "app.d"}, set()),
        ("select * from (with d as (select 1) select * from d) x, d", {"d"}, set()),
        ("with d as (select 1) select (select max(a) from d)", set(), {"d"}),
        ("with d as (select 1) insert into t select * from d", set(), {"d"}),
    ],
)
def test_a_with_query_is_no_table(sql: str, read: set[str], not_read: set[str]) -> None:
    [facts] = facts_of(sql)
    found = {str(label).removeprefix("reads:") for label in facts.labels if label.startswith("reads:")}
    assert found >= read
    assert not found & not_read


def test_what_is_changed_is_a_table_whatever_with_says() -> None:
    assert "writes:t" in facts_of("with t as (select 1) delete from t where id = 1")[0].labels


def test_kept_code_has_the_kind_of_what_keeps_it() -> None:
    assert {"ddl", "select", "read", "reads:t", "table:t"} in parts_of("create view v as select * from t")
    assert {"select", "read", "reads:t", "table:t"} in parts_of("create table v as select * from t")


def test_a_string_of_code_knows_no_with_query() -> None:
    inner = Scope(queries=(Known({"d": 0}, 1),)).deeper()
    assert (inner.queries, inner.depth) == ((), 1)
