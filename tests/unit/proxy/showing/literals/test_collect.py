"""What literals are for, by the statement's tree."""

import pytest

from proxy.showing.literals.collect import uses_of
from proxy.showing.literals.uses import Role, Uses
from proxy.syntax.sql import parse, unwrap, walk


def collected(sql: str) -> Uses:
    scanned, tree = parse(sql.encode())
    statement = unwrap(tree.stmts[0].stmt)
    return uses_of(sql.encode(), scanned, statement, list(walk(statement)))


BODY, COMMAND, DECIDING, FILE = Role.BODY, Role.COMMAND, Role.DECIDING, Role.FILE
NAME, OPTION, SETTING = Role.NAME, Role.OPTION, Role.SETTING


@pytest.mark.parametrize(
    ("sql", "roles"),
    [
        ("select 'a', 5", {}),
        ("do 'a'", {"'a'": BODY}),
        ("do language 'plpgsql' 'a'", {"'plpgsql'": NAME, "'a'": BODY}),
        ("create function f(x text default 'a') returns text language sql as 'b'", {"'b'": BODY}),
        ("create function f() returns text language sql set app.x = 'a' as 'b'", {"'a'": SETTING, "'b'": BODY}),
        ("copy t to program 'a' (null 'b')", {"'a'": COMMAND, "'b'": OPTION}),
        ("copy (select extract(day from 'a'::date)) to 'b'", {"'b'": FILE}),
        ("set a.b = c, 'd', 5", {"c": SETTING, "'d'": SETTING, "5": SETTING}),
        ("set x = -5", {"5": SETTING}),
        ("alter role r in database d set a.b to 'c'", {"'c'": SETTING}),
        ("alter role r password 'a' valid until 'b'", {"'a'": Role.SECRET, "'b'": OPTION}),
        ("create foreign table t (a int) server s options (program 'a')", {"'a'": COMMAND}),
        ("create foreign table t (a int) server s options (table_name 'a')", {"'a'": DECIDING}),
        ("prepare transaction 'a'", {"'a'": OPTION}),
        ("load 'a'", {"'a'": FILE}),
        ("create tablespace t location 'a'", {"'a'": FILE}),
        ("create subscription s connection 'a' publication p", {"'a'": Role.SECRET}),
        ("select 'a'::regclass, 'b'::text", {"'a'": NAME}),
        ("select upper('delete from t')", {"'delete from t'": Role.SQL}),
        ("select f(q => 'delete from t', x => 'a b')", {"'delete from t'": Role.SQL}),
        ("select f(coalesce($1, case when a then 'drop table t' end))", {"'drop table t'": Role.SQL}),
        ("select f(array['delete from t'])", {"'delete from t'": Role.SQL}),
        ("select f(x) from (values ('delete from t')) v (x)", {"'delete from t'": Role.SQL}),
        ("select 'delete from t'", {}),
        ("execute p('delete from t', 5)", {"'delete from t'": Role.SQL}),
        ("create trigger g before insert on t execute function f('delete from t')", {"'delete from t'": Role.SQL}),
        ("security label for 'x' on table t is 'a b'", {"'a b'": DECIDING}),
    ],
)
def test_what_is_more_than_data(sql: str, roles: dict[str, Role]) -> None:
    uses = collected(sql)
    found = {
        sql[token.start : token.end]: uses.by_start[token.start].role
        for token in uses.tokens
        if token.start in uses.by_start
    }
    assert found == roles
    assert uses.unreviewable == []


def test_settings_and_bodies_have_names() -> None:
    assert {use.name for use in collected("set role x").by_start.values()} == {"role"}
    assert {use.name for use in collected("do 'a'").by_start.values()} == {"plpgsql"}
    assert {use.name for use in collected("create function f() returns int language x as 'a'").by_start.values()} == {
        "x"
    }


@pytest.mark.parametrize(
    "sql",
    [
        "create function f() returns int language c as 'a', 'b'",
        "update pg_class set relname = 'x'",
        "copy pg_catalog.pg_proc from stdin",
        "merge into cron.job j using t on true when matched then delete",
    ],
)
def test_what_cannot_be_shown(sql: str) -> None:
    assert collected(sql).unreviewable
