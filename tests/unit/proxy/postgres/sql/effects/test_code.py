"""Code in strings: SQL is read, all else is unparseable together with the kind of its statement."""

import pytest

from support.sql import facts_of, parts_of

DELETES = {"ddl", "delete", "delete_without_where", "table:t", "write", "writes:t"}
IN_CODE = "create function f() returns void language sql as 'create procedure p() language sql as $$ delete from t $$'"


@pytest.mark.finding("pg-F8")
@pytest.mark.parametrize(
    "sql",
    [
        "create function f() returns void language sql as 'delete from t'",
        "create function f() returns void as $$ delete from t $$ language SQL",
        "create procedure p() language sql as 'delete from t'",
        "create procedure p() language sql begin atomic; delete from t; end",
        IN_CODE,
    ],
)
def test_a_body_in_sql_is_read(sql: str) -> None:
    assert DELETES in parts_of(sql)
    assert "unparseable" not in facts_of(sql)[0].labels


@pytest.mark.finding("pg-F8")
@pytest.mark.parametrize(
    ("sql", "part"),
    [
        ("create function f() returns int language plpgsql as 'begin end'", {"ddl", "unparseable"}),
        ("create function f() returns int language sql as 'not sql'", {"ddl", "unparseable"}),
        ("create function f() returns int language plpython3u as 'x'", {"ddl", "program", "copy_program"}),
        ("create function f() returns int language c as 'x', 'y'", {"ddl", "program", "copy_program"}),
        ("create function f() returns int language sql as 'execute p'", {"ddl", "unparseable"}),
        ("create function f() returns int language sql as 'explain analyze execute p'", {"ddl", "unparseable"}),
        ("do $$ begin end $$", {"do", "unparseable"}),
        ("do language plperlu 'x'", {"do", "program", "copy_program"}),
    ],
)
def test_another_language_is_not(sql: str, part: set[str]) -> None:
    assert part in parts_of(sql)
    assert "unparseable" in facts_of(sql)[0].labels


def test_code_in_code_ends_somewhere() -> None:
    body = "select 1"
    for _ in range(10):
        quoted = body.replace("'", "''")
        body = f"create function f() returns int language sql as '{quoted}'"
    assert "unparseable" in facts_of(body)[0].labels
