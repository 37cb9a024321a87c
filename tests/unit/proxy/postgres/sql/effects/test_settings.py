"""SET and its kin, by the setting's name."""

import pytest

from support.sql import facts_of, parts_of


@pytest.mark.finding("pg-F13")
@pytest.mark.parametrize(
    ("sql", "setting"),
    [
        ("set search_path = a", "search_path"),
        ('set "Search_Path" = a', "search_path"),
        ("set schema 'a'", "search_path"),
        ("set local role x", "role"),
        ("reset role", "role"),
        ("set session authorization x", "session_authorization"),
        ("reset session authorization", "session_authorization"),
        ("set time zone 'x'", "timezone"),
        ("reset all", "*"),
        ("update pg_settings set setting = 'a' where name = 'search_path'", "*"),
        ("update pg_catalog.pg_settings set setting = 'a' where name = 'role'", "*"),
        ("discard all", "*"),
        ("set constraints all deferred", "constraints"),
        ("alter system set a = 1", "a"),
        ("alter role r set a = 1", "a"),
        ("alter database d reset all", "*"),
        ("create function f() returns int language sql set search_path = a as 'select 1'", "search_path"),
    ],
)
def test_a_setting_has_its_name(sql: str, setting: str) -> None:
    [facts] = facts_of(sql)
    assert {"session", f"set:{setting}"} <= facts.labels


def test_what_the_server_runs_is_a_program() -> None:
    assert {"program", "copy_program", "set:archive_command"} in parts_of("alter system set archive_command = 'x'")
    assert "program" not in facts_of("alter system set work_mem = '1GB'")[0].labels


@pytest.mark.parametrize(
    "sql",
    [
        "alter role r set session_preload_libraries = 'x'",
        "alter database d set local_preload_libraries = 'x'",
        "set plperl.on_init = 'x'",
        "set dynamic_library_path = '/tmp'",
        "create function f() returns int language sql set pltcl.start_proc = 'x' as 'select 1'",
        "select set_config('plperl.on_init', 'x', false)",
    ],
)
def test_what_is_loaded_is_a_program_wherever_it_is_set(sql: str) -> None:
    assert any({"program", "copy_program"} <= part for part in parts_of(sql))


def test_load_reads_a_file_into_the_session() -> None:
    assert {"load", "session", "file", "program"} <= facts_of("load 'x'")[0].labels
