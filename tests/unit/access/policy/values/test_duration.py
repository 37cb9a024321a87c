"""Durations as people type them."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from access.policy.values.duration import InvalidDuration, format_duration, parse_duration


@pytest.mark.parametrize(
    ("typed", "seconds"),
    [
        ("15m", 900),
        ("1h30m", 5400),
        (" 1H 30M ", 5400),
        ("90s", 90),
        ("2d", 172_800),
        ("1d1h1m1s", 90_061),
        ("9999d", 863_913_600),
        ("90m", 5400),
    ],
)
def test_durations_are_read(typed: str, seconds: int) -> None:
    assert parse_duration(typed) == seconds


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "missing"),
        ("   ", "missing"),
        ("0", "no time at all"),
        ("0m", "no time at all"),
        ("00h00m", "no time at all"),
        ("-1h", "negative"),
        ("15", "has no unit"),
        ("1.5h", "is no duration"),
        ("30m1h", "is no duration"),
        ("1h1h", "is no duration"),
        ("1 week", "is no duration"),
        ("m", "is no duration"),
        ("٣h", "is no duration"),
        ("٣", "has no unit"),
        ("9" * 5000 + "h", "is no duration"),
        ("<!channel>", "is no duration"),
        ("4111111111111111", "^That has no unit"),
    ],
)
def test_what_is_no_duration_is_told(typed: str, sentence: str) -> None:
    with pytest.raises(InvalidDuration, match=sentence) as invalid:
        parse_duration(typed)
    assert len(str(invalid.value)) < 100


@given(st.integers(min_value=1, max_value=10**9))
def test_what_is_formatted_is_read_back(seconds: int) -> None:
    assert parse_duration(format_duration(seconds)) == seconds


@given(st.text(max_size=30))
def test_any_text_is_a_duration_or_invalid(typed: str) -> None:
    with contextlib.suppress(InvalidDuration):
        assert parse_duration(typed) > 0


def test_no_time_is_formatted() -> None:
    assert format_duration(0) == format_duration(-5) == "0s"
