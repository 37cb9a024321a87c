"""When two e-mail addresses are one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from access.policy.values.mailbox import folded


@pytest.mark.parametrize(
    ("written", "compared"),
    [
        ("Alice@Example.COM", "alice@example.com"),
        ("\u00d6rjan@example.com", "\u00f6rjan@example.com"),
        ("bob@stra\u00dfe.example", "bob@stra\u00dfe.example"),
        ("bob\u017fmith@example.com", "bob\u017fmith@example.com"),
        ("\u212aim@example.com", "\u212aim@example.com"),
        ("\u0130da@example.com", "\u0130da@example.com"),
    ],
)
def test_case_is_nothing_and_letters_are(written: str, compared: str) -> None:
    assert folded(written) == compared


@given(st.text())
def test_no_letter_becomes_one_that_a_plain_address_has(written: str) -> None:
    assert [each.isascii() for each in folded(written)] == [each.isascii() for each in written]
    assert folded(folded(written)) == folded(written)
