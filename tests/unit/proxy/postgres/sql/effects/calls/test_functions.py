"""What functions do: harmless, of known effects, or opaque, however they are written."""

import pytest

from proxy.postgres.sql.effects.calls.functions import is_harmless
from support.sql import facts_of, parts_of

BY_NAME = "select set_config(new_value => 'role', setting_name => 'x', is_local => true)"


@pytest.mark.finding("pg-F13")
@pytest.mark.parametrize(
    ("sql", "part"),
    [
        ("select pg_read_file('x')", {"file", "copy_server_file", "function:pg_read_file"}),
        ("select * from pg_ls_dir('x')", {"file", "copy_server_file", "function:pg_ls_dir"}),
        ("select lo_unlink(1)", {"write", "function:lo_unlink"}),
        ("select lo_open(1, 393216)", {"write", "function:lo_open"}),
        ("select pg_catalog.lo_open(1, -1)", {"write", "function:lo_open", "function:pg_catalog.lo_open"}),
        ("select lo_open(1, 262144)", {"read", "function:lo_open"}),
        ("explain execute p(lo_unlink(1))", {"write", "function:lo_unlink"}),
        ("explain execute p(set_config('role', 'x', false))", {"set", "session", "set:role", "function:set_config"}),
        ("explain select 1 where table_to_xml('t', true, true, '') is null", {"unparseable", "function:table_to_xml"}),
        ("select heap_force_kill('t', array[]::tid[])", {"write", "function:heap_force_kill"}),
        ("select * from bt_page_items('i', 1)", {"read", "function:bt_page_items"}),
        ("select pg_buffercache_evict_all()", {"server", "function:pg_buffercache_evict_all"}),
        ("select app.dblink('a', 'b')", {"connect", "unparseable", "function:dblink", "function:app.dblink"}),
        ("select query_to_xml('x', true, true, '')", {"unparseable", "function:query_to_xml"}),
        ("select pg_notify('a', 'b')", {"notify", "function:pg_notify"}),
        ("select hr.raise()", {"opaque_function", "function:raise", "function:hr.raise"}),
        ("select _pg_expandarray(x)", {"opaque_function", "function:_pg_expandarray"}),
        ("select app.lower('x')", {"opaque_function", "function:lower", "function:app.lower"}),
        ("select * from t tablesample mine(1)", {"opaque_function", "function:mine"}),
        ("select 1 operator(app.+) 2", {"opaque_function", "function:+", "function:app.+"}),
        ("insert into t values (nextval('s'))", {"insert", "write", "function:nextval"}),
        ("select nextval('s')", {"write", "function:nextval"}),
        ("call p()", {"call", "opaque_function", "function:p"}),
        ("explain select f()", {"explain", "opaque_function", "function:f"}),
        ("select set_config('ROLE', 'x', true)", {"set", "session", "set:role", "function:set_config"}),
        ("select set_config(a, 'x', true)", {"set", "session", "set:*", "function:set_config"}),
        ("select x.pg_read_file from concat('y') x", {"file", "copy_server_file", "function:pg_read_file"}),
        ("select ('y'::text).pg_read_file", {"file", "copy_server_file", "function:pg_read_file"}),
        ("select (x).lo_get from t x", {"read", "function:lo_get"}),
        (BY_NAME, {"set", "session", "set:*", "function:set_config"}),
    ],
)
def test_a_function_is_a_part(sql: str, part: set[str]) -> None:
    assert part in parts_of(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "select count(*), lower(a), now() from t",
        "select pg_catalog.lower('x')",
        "select * from t tablesample system(1)",
        "select 1 operator(pg_catalog.+) 2",
        "explain select lo_unlink(1)",
        "select (information_schema._pg_expandarray(i.indkey)).n from pg_index i",
    ],
)
def test_harmless_functions_are_none(sql: str) -> None:
    [facts] = facts_of(sql)
    assert not {"opaque_function", "write", "file", "session"} & facts.labels


def test_a_plain_explain_runs_no_function() -> None:
    [facts] = facts_of("explain select pg_read_file('x'), set_config('role', 'x', true)")
    assert facts.labels == {"explain", "function:pg_read_file", "function:set_config"}


def test_names_with_another_schema_are_not_postgresql_s_own() -> None:
    assert is_harmless(["lower"])
    assert is_harmless(["pg_catalog", "lower"])
    assert not is_harmless(["app", "lower"])
    assert not is_harmless([])
