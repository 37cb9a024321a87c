"""Functions whose text arguments decide what happens."""

import pytest
from postgast import pg_query_pb2 as pg

from proxy.showing.literals.calls import ARGUMENTS, TELLING, collect_call, collect_cast, runs
from proxy.showing.literals.uses import Role, Uses
from proxy.syntax.sql import parse, walk
from proxy.syntax.words import units


def collected(expression: str, *, looks_into_data: bool = True) -> Uses:
    sql = f"select {expression}".encode()
    scanned, tree = parse(sql)
    uses = Uses(sql, units(scanned), looks_into_data)
    for node in walk(tree.stmts[0].stmt):
        if isinstance(node, pg.FuncCall):
            collect_call(uses, node)
        elif isinstance(node, pg.TypeCast):
            collect_cast(uses, node)
    return uses


@pytest.mark.parametrize(
    ("expression", "roles"),
    [
        ("query_to_xml('a', true, true, 'b')", [Role.SQL]),
        ("x.query_to_xml('a'::text, true, true, '')", [Role.SQL]),
        ("dblink('a')", [Role.SQL]),
        ("dblink('a', false)", [Role.SQL]),
        ("dblink('a', 'b')", [Role.SECRET, Role.SQL]),
        ("dblink_exec('a', 'b', true)", [Role.SECRET, Role.SQL]),
        ("dblink_open('a', 'b')", [Role.NAME, Role.SQL]),
        ("dblink_open('a', 'b', 'c')", [Role.SECRET, Role.NAME, Role.SQL]),
        ("dblink_connect('a', 'b')", [Role.SECRET, Role.SECRET]),
        ("lo_export(5, 'a')", [Role.FILE]),
        ("set_config('app.x', 'a', true)", [Role.NAME, Role.SETTING]),
        ("set_config('app.x', y, true)", [Role.NAME]),
        ("nextval(coalesce('a', 'b'))", [Role.NAME, Role.NAME]),
        ("nextval($1)", []),
        ("cron.schedule('a', '* * * * *', 'delete from t')", [Role.DECIDING, Role.DECIDING, Role.SQL]),
        ("schedule('a')", []),
        ("'a'::regproc", [Role.NAME]),
        ("cast('a' as pg_catalog.regclass)", [Role.NAME]),
        ("'a'::text", []),
    ],
)
def test_what_arguments_are(expression: str, roles: list[Role]) -> None:
    uses = collected(expression)
    assert [uses.by_start[start].role for start in sorted(uses.by_start)] == roles
    assert uses.unreviewable == []


@pytest.mark.parametrize(
    "expression",
    [
        "query_to_xml(a, true, true, '')",
        "query_to_xml('a' || b, true, true, '')",
        "query_to_xml(query => 'a')",
        "dblink('a', b)",
        "dblink(b, $1)",
        "dblink()",
        "connectby('t', 'a', 'b', 'c', 0)",
        "pg_read_file(a)",
        "set_config(a, 'b', true)",
        "set_config('role', a, true)",
        "cron.schedule('a', 'b', c)",
    ],
)
def test_what_is_put_together_when_it_runs(expression: str) -> None:
    assert collected(expression).unreviewable


def test_every_function_is_told_of_in_code_without_a_tree() -> None:
    assert ARGUMENTS.keys() < TELLING


@pytest.mark.parametrize(
    ("text", "is_sql"),
    [
        ("delete from t", True),
        ("select f(1)", True),
        ("delete/**/from t", True),
        ("select 1; drop table t", True),
        ("select the right word", False),
        ("listen up", False),
        ("deletefrom", False),
        ("", False),
    ],
)
def test_a_text_that_runs(text: str, is_sql: bool) -> None:
    assert runs(text) is is_sql
