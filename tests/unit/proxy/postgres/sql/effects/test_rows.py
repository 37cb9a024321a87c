"""What statements do to the rows of their table."""

import pytest

from support.sql import facts_of, parts_of

WRITES_T = {"write", "writes:t", "table:t"}


@pytest.mark.finding("pg-F6")
@pytest.mark.parametrize(
    ("branch", "labels"),
    [
        ("when matched then delete", {"delete", "delete_without_where"}),
        ("when matched then update set a = 1", {"update", "update_without_where"}),
        ("when matched and t.id = 1 then delete", {"delete"}),
        ("when not matched then insert values (1)", {"insert"}),
        ("when not matched by source then delete", {"delete", "delete_without_where"}),
    ],
)
def test_a_branch_of_merge(branch: str, labels: set[str]) -> None:
    assert {"merge", *labels, *WRITES_T} in parts_of(f"merge into t using (select 1) s on true {branch}")


@pytest.mark.finding("pg-F6")
def test_a_merge_that_joins_restricts_and_one_that_does_nothing_does_nothing() -> None:
    joined = "merge into t using s on t.id = s.id when matched then {}"
    assert {"merge", "delete", *WRITES_T} in parts_of(joined.format("delete"))
    assert not {"delete", "write"} & facts_of(joined.format("do nothing"))[0].labels
    assert {"merge", "read", "reads:s", "table:s"} in parts_of(joined.format("delete"))


@pytest.mark.parametrize(
    ("sql", "parts"),
    [
        ("insert into t values (1)", [{"insert", *WRITES_T}]),
        (
            "insert into t values (1) on conflict (a) do update set a = 2",
            [{"insert", *WRITES_T}, {"update", *WRITES_T}],
        ),
        ("insert into t values (1) on conflict do nothing", [{"insert", *WRITES_T}]),
        ("delete from t where id = 1 returning *", [{"delete", *WRITES_T}, {"delete", "read", "reads:t", "table:t"}]),
        ("copy t from stdin", [{"copy", "insert", *WRITES_T}]),
        ("copy t to stdout", [{"copy", "read", "reads:t", "table:t"}]),
        ("truncate t", [{"ddl", "truncate", *WRITES_T}]),
    ],
)
def test_a_table_s_rows(sql: str, parts: list[set[str]]) -> None:
    found = parts_of(sql)
    assert all(part in found for part in parts)


def test_conditions_read_for_rules_that_deny() -> None:
    whole, *parts = parts_of("update t set a = 1 where b = 2")
    assert "reads:t" in whole
    assert not any("reads:t" in part for part in parts)


@pytest.mark.parametrize("table", ["pg_class", "pg_catalog.pg_authid"])
def test_postgresql_s_own_tables_say_who_may_what(table: str) -> None:
    [facts] = facts_of(f"update {table} set a = 1 where b = 2")  # noqa: S608 - parsed, never run
    assert {"ddl", "privilege"} <= facts.labels
