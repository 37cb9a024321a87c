"""What a person typed, as it may be stored."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from access import text
from access.errors import Refused


class Redacting:
    """As much of Access as text needs: what looks like a card number is masked."""

    def redact(self, typed: str) -> str:
        return typed.replace("4111111111111111", "[pan]")


@pytest.fixture
def access() -> Any:
    return Redacting()


def test_a_reason_is_stripped_and_redacted(access: Any) -> None:
    assert text.reason(access, "  for 4111111111111111\n") == "for [pan]"


def test_a_blank_ticket_is_none(access: Any) -> None:
    assert text.ticket(access, None) is text.ticket(access, "  ") is None
    assert text.ticket(access, " INC-42 ") == "INC-42"


def test_too_long_is_refused_with_both_numbers(access: Any) -> None:
    assert len(text.reason(access, "x" * text.MAX_REASON_CHARS)) == text.MAX_REASON_CHARS
    with pytest.raises(Refused, match="Your reason has 3001 characters; 3000 are the most"):
        text.reason(access, "x" * (text.MAX_REASON_CHARS + 1))
    with pytest.raises(Refused, match="Your ticket has 129 characters; 128 are the most"):
        text.ticket(access, "x" * (text.MAX_TICKET_CHARS + 1))


@given(st.text(max_size=50))
@example("\ud800\x00x")
def test_anything_typed_can_be_stored(typed: str) -> None:
    stored = text.storable(typed)
    stored.encode()
    assert "\x00" not in stored
    assert len(stored) == len(typed)
