"""An edit's order, what replaces a value, and how every detector searches."""

import pytest
import re2

from access.policy.entities import Entity
from proxy.masking.edits import CELL_BORDER, REDACTED, Edit, re2_options, without_borders, without_broken
from proxy.masking.rules import Masker, MaskingRule

#: More than the automaton's usual room, as the alternatives of all detectors together are.
LARGE = r"[\p{L}]{1000}"


def test_edits_sort_by_their_place() -> None:
    later, longer, sooner = (Edit(5, 6, b"a", "pan"), Edit(1, 9, b"", "cvv"), Edit(1, 3, b"z", "ssn"))
    assert sorted([later, longer, sooner]) == [sooner, longer, later]


def test_an_edit_s_replacement_stands_for_the_whole_unless_it_says_otherwise() -> None:
    assert not Edit(0, 1, b"*", "pan").aligned


def test_what_replaces_a_value_is_no_value() -> None:
    """Otherwise what is masked would be found, counted and masked again: also behind a label, and beside another."""
    masker = Masker([MaskingRule(entity.value, entity) for entity in Entity if entity is not Entity.SECRET])
    for text in (REDACTED, f"cvv: {REDACTED}", f"{REDACTED}@{REDACTED}", CELL_BORDER.decode().join([REDACTED] * 3)):
        assert masker.text(text) == text
    assert masker.counts == {}


def test_a_cell_border_is_one_control_byte() -> None:
    """No white space, which links labels to values, and in no character of UTF-8 but itself."""
    assert CELL_BORDER == b"\x1f"
    assert re2.search(r"\s", CELL_BORDER.decode()) is None


def test_no_group_is_captured() -> None:
    match = re2.compile(r"a(b)", re2_options()).search(b"ab")
    assert match is not None
    assert match.groups() == ()


@pytest.mark.parametrize(("over_bytes", "past"), [(False, 2), (True, 1)])
def test_a_character_is_one_of_utf_8_or_one_byte(over_bytes: bool, past: int) -> None:
    match = re2.compile(b".", re2_options(over_bytes=over_bytes)).search("é".encode())
    assert match is not None
    assert match.end() == past


def test_bytes_that_are_no_utf_8_are_searched_too() -> None:
    assert re2.compile(rb"\xff[\x80-\xfe]", re2_options(over_bytes=True)).search(b"a\xff\x80") is not None
    assert re2.compile(r"b.", re2_options()).search(b"\xffbc") is not None


def test_there_is_room_for_large_patterns() -> None:
    usual = re2.Options()
    usual.log_errors = False
    with pytest.raises(re2.error, match="too large"):
        re2.compile(LARGE, usual)
    assert re2.compile(LARGE, re2_options()).search(b"a" * 1000) is not None


def test_a_pattern_that_is_wrong_is_raised_and_not_printed(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(re2.error):
        re2.compile("(", re2_options())
    assert capfd.readouterr() == ("", "")


def test_text_has_no_borders_and_stays_as_long() -> None:
    assert without_borders(b"a\x1fb") == b"a\x1eb"
    text = b"plain"
    assert without_borders(text) is text


def test_each_byte_that_is_no_utf_8_is_a_nul() -> None:
    assert without_broken(b"1\xff2\xe2\x803\xed\xa0\x80") == b"1\x002\x00\x003\x00\x00\x00"
    text = "grün 中".encode()
    assert without_broken(text) is text
