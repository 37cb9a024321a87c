"""What the planner may see before anybody approved it: only what runs nobody's code."""

import pytest

from proxy.postgres.sql.plannable import Named, harmless_sql, plannable


@pytest.mark.parametrize(
    ("sql", "tables", "functions"),
    [
        ("delete from notes", [("", "notes")], []),
        ("delete from app.notes where id = $1 and body like 'x%'", [("app", "notes")], []),
        ("update t set a = lower(b), c = now() where d in (1, 2)", [("", "t")], ["lower", "now"]),
        ("insert into t (a) select count(*) from u group by b order by 1", [("", "t"), ("", "u")], ["count"]),
        ("merge into t using u on t.id = u.id when matched then delete", [("", "t"), ("", "u")], []),
        ("with gone as (delete from t returning id) select * from gone", [("", "t")], []),
        (
            "select a::numeric(10, 2) from t where b between 1 and 2 or exists (select 1 from u)",
            [("", "t"), ("", "u")],
            [],
        ),
        ("insert into t values (1) on conflict (id) do update set a = excluded.a", [("", "t")], []),
        ("select 1 /* nothing */ -- at all", [], []),
    ],
)
def test_rows_by_postgresqls_own_means(sql: str, tables: list[tuple[str, str]], functions: list[str]) -> None:
    assert plannable(sql.encode()) == Named(tuple(tables), tuple(functions))


@pytest.mark.parametrize(
    "sql",
    [
        "select f()",
        "select app.lower('x')",
        "select * from f()",
        "select * from rows from (generate_series(1, 2))",
        "select a::app.mood from t",
        "select a::mood from t",
        "select a @@@ b from t",
        "select a operator(app.=) b from t",
        "select * from t order by a using operator(app.<)",
        "select a from t where b = any (select 1) and c operator(app.=) any (array[1])",
        "select pg_sleep(1)",
        "select set_config('a', 'b', false)",
        "select dblink_exec('x', 'y')",
        "select nextval('s')",
        "select * into u from t",
        "explain select 1",
        "explain analyze delete from t",
        "create table t (a int)",
        "do $$ begin end $$",
        "call p()",
        "execute s",
        "prepare s as select 1",
        "copy t to stdout",
        "select 1; select 2",
        "",
        "not sql",
        "select (r).a from t",
        "select a[1] from t",
        "select xmlelement(name a)",
        "select json_object('a': 1)",
        "select * from t tablesample system (1)",
        "delete from t where current of c",
        "select a collate app.x from t",
        "select * from other.app.t",
    ],
)
def test_everything_else_is_not(sql: str) -> None:
    assert plannable(sql.encode()) is None


def test_names_stay_names_in_the_query_about_them() -> None:
    query = harmless_sql(Named((("", "a'b\\"),), ("lower",)), ["x'; drop table t; --"])
    assert "(E'', E'a''b\\\\')" in query
    assert "E'x''; drop table t; --'" in query
