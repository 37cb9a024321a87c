"""Code that changes what names mean when it runs, told from a setting of now, or of a call's own time."""

import pytest

from proxy.postgres.sql.analysis import analyse

_SQL = "create function f() returns text language sql"


@pytest.mark.parametrize(
    ("sql", "keeps"),
    [
        (f"{_SQL} as $$select set_config('search_path', 'x', false)$$", True),
        (f"{_SQL} set search_path = x as $$select set_config('role', 'x', false)$$", True),
        (f"{_SQL} as $$set search_path = x; select ''$$", True),
        (f"{_SQL} return set_config(current_database(), 'x', false)", True),
        ("create domain d as int check (set_config('search_path', 'x', true) <> '')", True),
        ("create rule r as on insert to t do also select set_config('search_path', 'x', true)", True),
        (f"{_SQL} as $$update pg_settings set setting = 'x'; select ''$$", True),  # noqa: S608
        ("create aggregate a(text, boolean) (sfunc = set_config, stype = text, initcond = 'search_path')", True),
        ("create view v as select * from pg_catalog.pg_settings", True),
        (f"{_SQL} as $$create temp view t as select 1; select ''$$", True),
        (f"{_SQL} as $$alter table t rename to u; select ''$$", True),
        (f"{_SQL} set search_path = x as $$select 'a'$$", False),
        (f"{_SQL} as $$select set_config('work_mem', '1MB', true)$$", False),
        ("alter function f() set search_path = x", False),
        ("alter role r set search_path = x", False),
        ("set search_path = x", False),
        ("select set_config('search_path', 'x', false)", False),
        ("create table t (a int)", False),
    ],
)
def test_what_keeps_a_change_of_names(sql: str, *, keeps: bool) -> None:
    [statement] = analyse(sql.encode())
    assert statement.keeps_naming is keeps
