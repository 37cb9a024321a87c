"""What statements that define things do besides."""

import pytest

from support.sql import facts_of, parts_of

SECURITY_DEFINER = "create function f() returns int language sql security definer as 'select 1'"


@pytest.mark.finding("pg-F13")
@pytest.mark.parametrize(
    ("sql", "part"),
    [
        ("alter table t drop column a", {"ddl", "drop", "table:t"}),
        ("alter table t detach partition p", {"ddl", "drop", "table:t"}),
        ("alter table t owner to bob", {"privilege", "grant", "table:t"}),
        ("alter function f() owner to bob", {"privilege", "grant"}),
        ("alter table t enable row level security", {"privilege", "table:t"}),
        ("create role r in role admin", {"privilege", "grant"}),
        ("create role r", {"privilege"}),
        ("alter role r superuser", {"privilege", "grant"}),
        ("reassign owned by a to b", {"privilege", "grant"}),
        ("drop policy p on t", {"privilege"}),
        ("drop policy p on hr.t", {"ddl", "drop", "object:p", "object:t.p", "table:t", "table:hr.t"}),
        ("drop trigger g on t", {"ddl", "drop", "object:g", "object:t.g", "table:t"}),
        ("alter role r rename to s", {"privilege"}),
        ("drop schema hr, app cascade", {"ddl", "drop", "object:hr", "table:hr.*"}),
        ("drop extension e", {"ddl", "drop", "object:e"}),
        ("drop type app.t", {"ddl", "drop", "object:t", "object:app.t"}),
        ("alter schema hr rename to x", {"ddl", "table:hr.*"}),
        ("grant select on all tables in schema hr to bob", {"grant", "table:hr.*"}),
        ("grant usage on all sequences in schema hr to bob", {"grant", "table:hr.*"}),
        ("alter schema hr owner to bob", {"ddl", "table:hr.*"}),
        ("create publication p for tables in schema hr, app", {"ddl", "table:hr.*", "table:app.*"}),
        ("create publication p for tables in schema current_schema", {"ddl", "table:*"}),
        ("create publication p for table t, tables in schema hr", {"ddl", "table:hr.*"}),
        ("create publication p for table t, tables in schema hr", {"ddl", "table:t"}),
        ("create publication p for all tables", {"ddl", "table:*"}),
        ("alter publication p add tables in schema hr", {"ddl", "table:hr.*"}),
        ("alter publication p drop tables in schema hr", {"ddl", "table:hr.*"}),
        ("import foreign schema x from server s into hr", {"ddl", "table:hr.*"}),
        ("reindex schema hr", {"reindex", "table:hr.*"}),
        ("reindex system", {"reindex", "table:pg_catalog.*"}),
        ("reindex database payments", {"reindex", "table:*"}),
        ("vacuum", {"vacuum", "table:*"}),
        ("vacuum (full, analyze)", {"vacuum", "table:*"}),
        ("analyze verbose", {"vacuum", "table:*"}),
        ("cluster", {"cluster", "table:*"}),
        ("alter table all in tablespace a set tablespace b", {"ddl", "table:*"}),
        ("drop owned by bob", {"ddl", "table:*"}),
        ("reassign owned by bob to ann", {"ddl", "table:*"}),
        ("alter function f(int) rename to g", {"ddl", "function:f"}),
        ("alter procedure hr.p rename to q", {"ddl", "function:p", "function:hr.p"}),
        ("alter routine f set schema s", {"ddl", "function:f"}),
        ("alter aggregate a(int) owner to x", {"ddl", "function:a"}),
        ("alter function f depends on extension e", {"ddl", "function:f"}),
        ("alter function f no depends on extension e", {"ddl", "function:f"}),
        ("alter function hr.f volatile", {"ddl", "function:f", "function:hr.f"}),
        ("grant execute on function f(), hr.g() to bob", {"grant", "function:g", "function:hr.g"}),
        ("comment on function f is 'x'", {"ddl", "function:f"}),
        ("security label on function f is 'x'", {"ddl", "function:f"}),
        ("alter extension e add function f()", {"ddl", "function:f"}),
        ("drop subscription s", {"connect"}),
        (SECURITY_DEFINER, {"privilege"}),
        ("create server s foreign data wrapper w", {"connect"}),
        ("alter foreign table f options (set program 'x')", {"program", "copy_program", "table:f"}),
        ("alter domain d drop constraint c", {"ddl", "drop"}),
        ("alter extension e drop table t", {"ddl", "drop"}),
    ],
)
def test_a_definition_has_an_effect(sql: str, part: set[str]) -> None:
    assert part in parts_of(sql)


@pytest.mark.parametrize("sql", ["alter role r password 'x'", "create role r login password 'x'", "alter role r login"])
def test_a_role_s_own_settings_are_no_grant(sql: str) -> None:
    assert "grant" not in facts_of(sql)[0].labels


@pytest.mark.parametrize("sql", ["vacuum hr.t", "analyze t", "cluster t", "reindex table t", "alter type t owner to u"])
def test_what_names_its_table_is_about_no_other(sql: str) -> None:
    assert "table:*" not in facts_of(sql)[0].labels


def test_leave_to_call_is_none_to_change() -> None:
    assert "function:f" not in parts_of("alter function f() rename to g")[0]


def test_what_only_defines_has_its_kind_alone() -> None:
    assert facts_of("create table t (a int)")[0].labels == {"ddl", "table:t"}
