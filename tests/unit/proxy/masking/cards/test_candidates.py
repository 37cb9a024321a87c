"""Which runs of digits are worth a closer look: all in which a card may be, and few of the others."""

import random
from collections.abc import Callable

import pytest
import re2
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.masking.cards.brands import MAX_DIGITS, MIN_DIGITS
from proxy.masking.cards.candidates import CANDIDATE
from proxy.masking.edits import CELL_BORDER, re2_options

_candidate = re2.compile(CANDIDATE, re2_options())


def candidate(text: str) -> str | None:
    match = _candidate.search(text)
    return str(match.group()) if match is not None else None


PRINTED = [
    "4111 1111 1111 1111",
    "4111-1111-1111-1111",
    "41111111 1111 1111",
    "3782 822463 10005",
    "3056 930902 5904",
    "3782 82246 310005",
    "6759 649 826 438",
    "411111-1111111111",
    "41111111-11111111",
    "4111-1111111111",
    "411111111111-1111",
    "4 1 1 1 1 1 1 1 1 1 1 1",
    "41 11 11 11 11 11 11 11",
    "411 111 111 111 1111",
    "4-11-111-1111-11.1111",
    "\uff14\uff11\uff11\uff11 \uff11\uff11\uff11\uff11 \uff11\uff11\uff11\uff11 \uff11\uff11\uff11\uff11",
    "4111%201111%201111%201111",
    "4\x1b[1m111\u200b 1111 1111 11\b111",
]


@pytest.mark.parametrize("text", PRINTED)
def test_a_number_as_it_is_printed_or_broken_up(text: str) -> None:
    assert candidate(f"paid {text}, ok") == text


@given(st.integers(MIN_DIGITS, MAX_DIGITS), st.sampled_from("2345689"), st.data())
def test_any_unbroken_number_of_a_cards_length(length: int, first: str, draw: st.DataObject) -> None:
    digits = first + draw.draw(st.text("0123456789", min_size=length - 1, max_size=length - 1))
    assert candidate(f"a {digits} b") == digits


@settings(max_examples=100, deadline=None)
@given(
    st.integers(0, 2**32),
    st.lists(st.sampled_from(["", " ", "-", "\u00a0", " - ", ".", "\u200b"]), min_size=5, max_size=5),
)
def test_no_card_in_groups_of_four_is_missed(
    make_pan: Callable[[random.Random], str], seed: int, between: list[str]
) -> None:
    number = make_pan(random.Random(seed))
    groups = [number[at : at + 4] for at in range(0, len(number), 4)]
    text = "".join(group + gap for group, gap in zip(groups, between, strict=False)).rstrip(" -.\u00a0\u200b")
    assert candidate(text) == text


def test_a_run_goes_on_to_its_end() -> None:
    """What of it is the number is for others to say."""
    assert candidate("4111 1111 1111 1111 12 34;5") == "4111 1111 1111 1111 12 34"


@pytest.mark.parametrize("before", ["0", "000", "x", "x000", "_"])
def test_padding_and_a_letter_are_matched_with_it(before: str) -> None:
    assert candidate(f"{before}4111111111111111") == f"{before[-4:]}4111111111111111"


@pytest.mark.parametrize(
    "text",
    [
        "41111111111",
        "1111111111111111",
        "7111111111111111",
        "14111111111111111",
        "17:45 2026-01-02 12345",
        "192.168.100.200",
        "4111 1111111 11111",
        "411111 1111111111",
        "4111\n1111\n1111\n1111",
        "4111\t1111\t1111\t1111",
        CELL_BORDER.decode().join(["4111"] * 4),
        "2026 12345 777 99 1",
        "4111,1111,1111,1111",
    ],
)
def test_what_is_refused_at_once(text: str) -> None:
    assert candidate(text) is None
