"""What the server says is masked by content, and what quotes rows of masked columns is withheld."""

from types import SimpleNamespace
from typing import Any

import pytest

from proxy.masking.rules import DEFAULT_RULES, Masker
from proxy.postgres.protocol import messages
from proxy.postgres.relay.words import Words

CARD = "4111111111111111"
WITHHELD = "(withheld by Gatepass: this table has masked columns)"


def words(*masked: str) -> Words:
    catalogue = SimpleNamespace(masked=set(masked))
    masked_columns: Any = SimpleNamespace(catalogue=catalogue, is_masked=lambda word: word == "cvv")
    return Words(Masker(DEFAULT_RULES), masked_columns)


def payload(**values: str) -> bytes:
    return messages.fields(b"E", values)[5:]


@pytest.mark.parametrize(
    ("masked", "values", "detail"),
    [
        ((), {"t": "cards", "D": "Key (cvv)=(737)"}, "Key (cvv)=(737)"),
        (("cards",), {"t": "cards", "D": "Key (id)=(1)"}, WITHHELD),
        (("cards",), {"t": "people", "D": "Key (id)=(1)"}, "Key (id)=(1)"),
        (("cards",), {"t": "people", "D": "Key (cvv)=(737)"}, WITHHELD),
        (("cards",), {"D": "x" * 40_000, "C": "42P01"}, WITHHELD),
        # A row of a view, one that is there twice, a text that is no number: they name no table.
        (("cards",), {"C": "44000", "D": "Failing row contains (1, 737)."}, WITHHELD),
        (("cards",), {"C": "21000", "D": "Row: (1,737)"}, WITHHELD),
        (("cards",), {"C": "22P02", "D": 'Token "737" is invalid.'}, WITHHELD),
        (("cards",), {"D": "of a kind that nobody knows"}, WITHHELD),
        (("cards",), {"C": "2BP01", "D": "view v depends on table t"}, "view v depends on table t"),
        (("cards",), {"C": "P0001", "D": "said by code"}, "said by code"),
        ((), {"C": "44000", "D": "Failing row contains (1, 737)."}, "Failing row contains (1, 737)."),
    ],
)
def test_details_that_quote_rows(masked: tuple[str, ...], values: dict[str, str], detail: str) -> None:
    assert words(*masked).fields(payload(**values))["D"] == detail


def test_texts_are_masked_by_content() -> None:
    assert CARD not in words().fields(payload(M=f"no such card: {CARD}"))["M"]


def test_long_texts_are_masked_beforehand() -> None:
    said = words()
    text = f"{CARD} is a card"
    assert not said.ready
    said.prepare(ord("A"), b"\0\0\0\7channel\0" + text.encode() + b"\0")
    assert said.ready
    assert CARD not in said.masked(text)
    said.forget()
    assert not said.ready


@pytest.mark.parametrize("tag", [b"E", b"N"])
def test_a_long_message_is_made_beforehand(tag: bytes) -> None:
    said, whole = words("cards"), payload(C="22012", M=f"{CARD} is a card", D="of nobody knows what")
    expected = messages.fields(tag, said.fields(whole))
    said.prepare(tag[0], whole)
    assert said.ready
    values = said.fields(whole)
    assert said.message(tag, values) is said.message(tag, said.fields(whole))
    assert said.message(tag, values) == expected
    assert CARD.encode() not in expected
    # Of other fields it is another message.
    assert said.message(tag, values | {"M": "x"}) == messages.fields(tag, values | {"M": "x"})
    said.forget()
    assert not said.ready
    assert said.fields(whole) == values


@pytest.mark.parametrize(
    ("values", "code", "said"),
    [
        ({"C": "P0001", "W": "PL/pgSQL function f() line 3 at RAISE"}, "W", "PL/pgSQL function f() line 3 at RAISE"),
        ({"C": "22012", "W": "PL/pgSQL function f() line 3 at RAISE"}, "W", "PL/pgSQL function f() line 3 at RAISE"),
        ({"C": "22P02", "W": 'COPY t, line 7, column id: "a"'}, "W", 'COPY t, line 7, column id: "a"'),
        (
            {"C": "P0001", "W": 'f() line 1 at RAISE\nCOPY t, line 7: "a"'},
            "W",
            'f() line 1 at RAISE\nCOPY t, line 7: "a"',
        ),
        ({"C": "P0001", "W": 'SQL "select 1"\nCOPY t, line 7: "a"'}, "W", WITHHELD),
        ({"C": "22P02", "W": 'COPY t, line 7, column cvv: "a"'}, "W", WITHHELD),
        ({"C": "22012", "W": "SQL-Anweisung »select 737«"}, "W", WITHHELD),
        ({"C": "22P02", "W": "JSON data, line 1: 737"}, "W", WITHHELD),
        ({"C": "42601", "W": "SQL statement \"select '737' from\""}, "W", WITHHELD),
        ({"C": "42601", "q": "select '737' from"}, "q", WITHHELD),
    ],
)
def test_contexts_that_quote_statements_and_rows(values: dict[str, str], code: str, said: str) -> None:
    assert words("cards").fields(payload(**values))[code] == said


_BAD = 'invalid input syntax for type integer: "737"'
_CUT = "invalid input syntax for type integer: (withheld by Gatepass: this database has masked columns)"
_HIDDEN = "a value is invalid (withheld by Gatepass: this database has masked columns)"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        # Of a row, as a view or a trigger reads it.
        ({"C": "22P02", "M": _BAD}, _CUT),
        ({"C": "22P02", "M": _BAD, "W": "PL/pgSQL function f() line 1 at assignment"}, _CUT),
        # Of the client's own text, parameter or rows.
        ({"C": "22P02", "M": _BAD, "P": "8"}, _BAD),
        ({"C": "22P02", "M": _BAD, "W": "unnamed portal parameter $1 = '...'"}, _BAD),
        ({"C": "22P02", "M": _BAD, "W": 'COPY cards, line 1, column id: "737"'}, _BAD),
        ({"C": "22P02", "M": _BAD, "W": 'PL/pgSQL function f()\nCOPY cards, line 1, column id: "737"'}, _CUT),
        ({"C": "22012", "M": "division by zero"}, "division by zero"),
        ({"C": "22P02", "M": "ungültige Eingabesyntax für Typ integer: »737«"}, _HIDDEN),
        ({"C": "22P05", "M": "character with byte sequence 0xe8 0xa1 0xa8 has no equivalent"}, _HIDDEN),
        ({"C": "42601", "M": 'syntax error at or near "x"'}, 'syntax error at or near "x"'),
    ],
)
def test_messages_that_quote_data(values: dict[str, str], said: str) -> None:
    assert words("cards").fields(payload(**values))["M"] == said
    assert words().fields(payload(**values))["M"] == values["M"]
