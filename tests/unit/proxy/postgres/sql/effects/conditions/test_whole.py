"""Queries that give the whole table again restrict nothing, wherever they stand."""

import pytest

from support.sql import facts_of

WHOLE = [
    "delete from t using t x where t.id = x.id",
    "delete from t using (select * from t) x where t.id = x.id",
    "delete from t using s join (select id as n from t) x on true where t.id = x.n",
    "with d as (select id as y from t) delete from t using d where t.id = d.y",
    "with d as (table t) delete from t where id in (select id from d)",
    "with recursive d as (select id from t union select id from d) delete from t using d where t.id = d.id",
    "delete from t where id in (select id from s union select id from t)",
    "delete from t where id in (select id from t limit 10)",
    "delete from t where id in (select x.id from t x join s on x.id = x.id)",
]
PART = [
    "delete from t a using t b where a.id < b.id and a.email = b.email",
    "with d as (select id from t where x = 1 limit 3) delete from t using d where t.id = d.id",
    "delete from t using unnest($1::int[]) as u(id) where t.id = u.id",
    "update t set a = v.x from (values (1, 2)) v(id, x) where t.id = v.id",
    "update t set a = 1 from s join u on s.x = u.x where t.id = s.id",
]


@pytest.mark.finding("pg-F7")
@pytest.mark.parametrize("sql", WHOLE)
def test_the_whole_table_again(sql: str) -> None:
    assert "delete_without_where" in facts_of(sql)[0].labels


@pytest.mark.parametrize("sql", PART)
def test_a_part_of_it(sql: str) -> None:
    assert not {"delete_without_where", "update_without_where"} & facts_of(sql)[0].labels
