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


def test_what_only_defines_has_its_kind_alone() -> None:
    assert facts_of("create table t (a int)")[0].labels == {"ddl", "table:t"}
