"""Queries that give the whole table again restrict nothing, wherever they stand."""

import pytest

from support.sql import facts_of

RECURSIVE = (
    "with recursive d as (select id from t where x = 1 union select t.id from t join d on t.p = d.id where t.y = 1) "
    "delete from t using d where t.id = d.id"
)
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
    "delete from t using t as x(a) where t.id = x.a",
    "delete from t using (t x cross join (select 1) s) as j where t.id = j.id",
    "delete from t using (s join d on true) as j where t.id = j.id or true",
    "delete from t using unnest(array(select id from t)) as u(id) where t.id = u.id",
    "delete from t using (select unnest(array(select id from t)) as id) u where t.id = u.id",
    "delete from t where exists (select 1 from unnest(array(select id from t)) u(id) where u.id = t.id)",
    "delete from t using lateral (select id from t tablesample system (100)) x where t.id = x.id",
    "with d as (insert into l select * from t returning id) delete from t using d where t.id = d.id",
    "with d as (update t set a = 1 returning id) delete from t using d where t.id = d.id",
    "with d as (table t) delete from t where id in (table d) returning (with d as (select 1) select * from d)",
]
PART = [
    "delete from t a using t b where a.id < b.id and a.email = b.email",
    "with d as (select id from t where x = 1 limit 3) delete from t using d where t.id = d.id",
    "delete from t using unnest($1::int[]) as u(id) where t.id = u.id",
    "update t set a = v.x from (values (1, 2)) v(id, x) where t.id = v.id",
    "update t set a = 1 from s join u on s.x = u.x where t.id = s.id",
    "delete from t using (s join u on s.x = u.x) as j where t.id = j.id",
    "with d as (delete from s where x = 1 returning id) delete from t using d where t.id = d.id",
    "with d as (update t set a = 1 where b = 2 returning id) delete from t using d where t.id = d.id",
    RECURSIVE,
]


@pytest.mark.finding("pg-F7")
@pytest.mark.parametrize("sql", WHOLE)
def test_the_whole_table_again(sql: str) -> None:
    assert "delete_without_where" in facts_of(sql)[0].labels


@pytest.mark.parametrize("sql", PART)
def test_a_part_of_it(sql: str) -> None:
    assert not {"delete_without_where", "update_without_where"} & facts_of(sql)[0].labels


def chain(count: int) -> str:
    """Each WITH query names the one before it twice."""
    queries = [f", q{n + 1} as (select a.id from q{n} a, q{n} b)" for n in range(count)]  # noqa: S608 - parsed, never run
    return "".join(["with q0 as (select id from t where x = 1)", *queries, f" delete from t using q{count} q "])  # noqa: S608


def nested(count: int) -> str:
    return "".join(["delete from t where id in (", "select id from t where id in (" * count, "1", ")" * (count + 1)])


def test_queries_are_looked_at_once() -> None:
    """Twice in each would be a thousand million times."""
    assert "delete_without_where" not in facts_of(chain(30) + "where t.id = q.id")[0].labels
    assert "delete_without_where" not in facts_of(nested(14))[0].labels


def test_queries_are_followed_so_far() -> None:
    assert "delete_without_where" in facts_of(chain(400) + "where t.id = q.id")[0].labels
