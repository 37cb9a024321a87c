"""One token of SQL without its quotes, as PostgreSQL's own lexer would have it."""

import pytest

from proxy.syntax.sql import Unreadable, tokens
from proxy.syntax.words import name_value, string_value, units


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("''", ""),
        ("'it''s'", "it's"),
        (r"E'a\nb\x41\''", "a\nbA'"),
        ("$$it's$$", "it's"),
        ("$a$b $$ c$a$", "b $$ c"),
        (r"U&'d\0061t'", "dat"),
        ("U&'d!0061t' uescape '!'", "dat"),
        ("'a'\n  'b'", "ab"),
        ("'a'\n'b''c'", "ab'c"),
        (r"'C:\dir'", r"C:\dir"),
    ],
)
def test_the_value_of_a_string(source: str, value: str) -> None:
    assert string_value(source.encode()) == value


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("Customers", "customers"),
        ("SELECT", "select"),
        ("GRÖSSE", "grÖsse"),
        ('"Old ""Cards"""', 'Old "Cards"'),
        (r'U&"d\0061t"', "dat"),
        ("U&\"d!0061t\" UESCAPE '!'", "dat"),
    ],
)
def test_the_name_of_a_word(source: str, name: str) -> None:
    assert name_value(source.encode()) == name


@pytest.mark.parametrize("source", [r"E'\xzz", r"U&'\00'"])
def test_what_has_no_value_is_refused(source: str) -> None:
    with pytest.raises(Unreadable):
        string_value(source.encode())


def test_units_leave_out_comments_and_join_what_uescape_decodes() -> None:
    sql = b"select /* x */ U&'a!' /* y */ uescape '!', N'b' -- z\nfrom U&\"c\" uescape '!'"
    assert [sql[each.start : each.end] for each in units(tokens(sql))] == [
        b"select",
        b"U&'a!' /* y */ uescape '!'",
        b",",
        b"'b'",
        b"from",
        b"U&\"c\" uescape '!'",
    ]
