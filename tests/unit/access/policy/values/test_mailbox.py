"""When two e-mail addresses are one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from access.policy.values.mailbox import folded, is_address


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


@pytest.mark.parametrize("text", ["alice@example.com", "\u00f6rjan@example.com", "a+b@x"])
def test_what_may_be_an_address(text: str) -> None:
    assert is_address(text)


@pytest.mark.parametrize("text", ["", "alice", "@x", "a@", "a@b@c", "a b@c", "a@c\nb", "<a@b>", "a@" + "b" * 320])
def test_what_is_no_address(text: str) -> None:
    assert not is_address(text)
