"""A text that lost or gained a word is found out, whatever wrote it."""

import pytest

from proxy.showing.faithful import acted_on, is_faithful
from proxy.syntax.sql import parse, walk
from proxy.syntax.words import units

SQL = b"delete from app.customers where id = 5 and f(note) = 'x' -- y"


def faithful(text: str, sql: bytes = SQL) -> bool:
    scanned, tree = parse(sql)
    return is_faithful(sql, units(scanned), frozenset(), list(walk(tree.stmts[0].stmt)), text)


def test_the_statement_itself_is_faithful() -> None:
    assert faithful("DELETE from app.customers where id = ‹number, 1 digit› and f(note) = ‹text ≤8›")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "delete from app.customers",
        "delete from customers where id = 5 and f(note) = ''",
        "delete from app.other where id = 5 and f(note) = ''",
        "delete from app.customers where id = 5 and g(note) = ''",
        "delete from app.customers where id = 5 or f(note) = ''",
        "delete from app.customers where id = 5 and f(note) = note",
        "delete from app.customers where id = 5 and f(note) = '' and true",
        "delete from app.\"Customers\" where id = 5 and f(note) = ''",
        "delete from app.customers where id = 5 and f(note) = ‹text",
        "delete from app.customers where id = 5 and f(note) = 'x",
    ],
)
def test_another_text_is_not(text: str) -> None:
    assert not faithful(text)


def test_names_that_the_grammar_makes_are_not_asked_for() -> None:
    sql = "select extract(day from a), a like 'x' escape 'y', a at time zone 'z', trim(a), f(b) from c.d"
    assert list(acted_on(list(walk(parse(sql.encode())[1].stmts[0].stmt)))) == ["c", "d", "f"]
    assert faithful(sql, sql.encode())


def test_what_is_dropped_is_acted_on() -> None:
    for sql, names in (("drop table a.b, c", {"a", "b", "c"}), ("drop function f(int)", {"f"})):
        assert set(acted_on(list(walk(parse(sql.encode())[1].stmts[0].stmt)))) == names
