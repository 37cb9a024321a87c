"""Queries: parameters as an API server takes them."""

from contextlib import suppress
from urllib.parse import parse_qsl, quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.kubernetes.requests import queries
from proxy.kubernetes.requests.queries import MAX_PARAMETERS, Query
from proxy.kubernetes.requests.unreadable import Unreadable

TEXTS = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=8)


@pytest.mark.parametrize(
    ("query", "pairs"),
    [
        ("", ()),
        ("&", ()),
        ("a", (("a", ""),)),
        ("a=", (("a", ""),)),
        ("=b", (("", "b"),)),
        ("a=b=c", (("a", "b=c"),)),
        ("a=1&&a=2", (("a", "1"), ("a", "2"))),
        ("w%61tch=%74rue", (("watch", "true"),)),
        (
            "command=echo&command=a+b&command=a%20b&command=a%2Bb",
            (("command", "echo"), ("command", "a b"), ("command", "a b"), ("command", "a+b")),
        ),
        ("l=a%26b%3Dc%3Bd%25", (("l", "a&b=c;d%"),)),
        ("c=a%0Ab", (("c", "a\nb"),)),
    ],
)
def test_pairs(query: str, pairs: tuple[tuple[str, str], ...]) -> None:
    assert queries.read(query) == Query(pairs)


@pytest.mark.parametrize(
    "query", ["a=%00", "%00=a", "a=%ff", "a=%ed%a0%80", "a;b=c", "a=b;c", "&a" * (MAX_PARAMETERS + 1)]
)
def test_what_is_no_text(query: str) -> None:
    with pytest.raises(Unreadable, match=r"\.$"):
        queries.read(query)


def test_what_is_given_once_and_often() -> None:
    query = queries.read("a=1&b=2&a=3")
    assert (query.every("a"), query.every("c"), query.one("b"), query.one("c")) == (("1", "3"), (), "2", None)
    for asked in (query.one, query.flag, query.number):
        with pytest.raises(Unreadable, match="given 2 times"):
            asked("a")


@pytest.mark.parametrize(
    ("value", "is_on"),
    [
        ("", True),
        ("1", True),
        ("true", True),
        ("True", True),
        ("TRUE", True),
        ("0", False),
        ("false", False),
        ("False", False),
        ("FALSE", False),
    ],
)
def test_flags(value: str, *, is_on: bool) -> None:
    assert queries.read(f"x={value}").flag("x") is is_on


def test_flags_alone_and_left_out() -> None:
    assert (queries.read("x").flag("x"), queries.read("y").flag("x")) == (True, False)


@pytest.mark.parametrize("value", ["yes", "no", "off", "t", "f", "00", "2", "+true", "fal%C5%BFe", "true%0A"])
def test_words_that_are_no_flags(value: str) -> None:
    with pytest.raises(Unreadable, match="neither true nor false"):
        queries.read(f"x={value}").flag("x")


@pytest.mark.parametrize(("value", "number"), [("0", 0), ("500", 500), ("-1", -1), ("%2B5", 5), ("007", 7)])
def test_numbers(value: str, number: int) -> None:
    assert queries.read(f"x={value}").number("x") == number


@pytest.mark.parametrize("value", ["", "x", "1.0", "1e3", "0x10", "1_000", "+5", "%D9%A1", "9" * 19, "5%0A"])
def test_what_is_no_number(value: str) -> None:
    with pytest.raises(Unreadable, match="whole number"):
        queries.read(f"x={value}").number("x")


@given(st.lists(st.tuples(TEXTS, TEXTS), max_size=6), st.sampled_from([quote, quote_plus]))
def test_what_clients_write_is_read_back(pairs: list[tuple[str, str]], write: object) -> None:
    assert callable(write)
    query = "&".join(f"{write(name)}={write(value)}" for name, value in pairs)
    assert queries.read(query).pairs == tuple(pairs)
    assert parse_qsl(query, keep_blank_values=True) == pairs


@given(st.text(st.sampled_from("ab=&%+;012fF\x00é"), max_size=30))
def test_anything_else_is_refused(query: str) -> None:
    with suppress(Unreadable):
        queries.read(query)
