"""Finders made of one pattern: what they replace, and how far back of `start` they look."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from access.policy.entities import Entity
from proxy.masking.edits import Edit
from proxy.masking.shaped import shaped

KIND = Entity.SSN.value
word = shaped(Entity.SSN, rb"(?<![a-z])k[0-9]+")
labelled = shaped(Entity.SSN, rb"key=([0-9]+)|k[0-9]+")


def test_all_of_a_match_is_replaced() -> None:
    assert list(word(b"a k12, k3", 0, 4, None)) == [Edit(2, 5, b"***", KIND), Edit(7, 9, b"***", KIND)]


def test_of_a_match_with_a_group_only_that() -> None:
    """And the whole match where another alternative than the group's was taken."""
    assert list(labelled(b"key=12 k3", 0, 4, None)) == [Edit(4, 6, b"***", KIND), Edit(7, 9, b"***", KIND)]


@pytest.mark.parametrize("replacement", [b"#", b""])
def test_a_replacement_takes_the_form_s_place(replacement: bytes) -> None:
    assert [edit.replacement for edit in word(b"k1", 0, 4, replacement)] == [replacement]


@pytest.mark.parametrize("shown", range(5))
def test_no_digit_is_ever_shown(shown: int) -> None:
    assert list(word(b"k1234", 0, shown, None)) == [Edit(0, 5, b"***", KIND)]


def test_a_label_before_start_counts() -> None:
    data = b"x key=12"
    assert list(labelled(data, data.index(b"12"), 4, None)) == [Edit(6, 8, b"***", KIND)]
    assert list(labelled(data, len(data) - 1, 4, None)) == [], "a value that has begun before is not the caller's"


def test_a_label_reaches_64_bytes() -> None:
    far = shaped(Entity.SSN, rb"key *([0-9]+)")
    for spaces, found in ((61, True), (62, False)):
        data = b"key" + b" " * spaces + b"7"
        assert bool(list(far(data, len(data) - 1, 4, None))) is found


def test_what_stands_before_start_is_seen() -> None:
    assert list(word(b"ak1", 1, 4, None)) == []
    assert list(word(b".k1", 1, 4, None)) == [Edit(1, 3, b"***", KIND)]


@given(st.text("k1 a", max_size=40).map(str.encode), st.integers(0, 40))
def test_from_any_start_the_same_is_found_as_from_the_beginning(data: bytes, start: int) -> None:
    """But for what begins in the middle of a value, which a caller has replaced already."""
    whole = list(word(data, 0, 4, None))
    if not any(edit.start < start < edit.end for edit in whole):
        assert list(word(data, start, 4, None)) == [edit for edit in whole if edit.start >= start]


def test_a_pattern_that_is_wrong_is_told_when_the_finder_is_made() -> None:
    with pytest.raises(re.error):
        shaped(Entity.SSN, rb"(")
