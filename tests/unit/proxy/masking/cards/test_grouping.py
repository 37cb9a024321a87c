"""Which digits belong together: numbers beside each other stay apart, and one in pieces is put together."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.masking.cards.grouping import Left, joined_left, number_start, stands_alone, well_grouped
from proxy.masking.normalise import parse_run


def grouped(text: str, i: int = 0, j: int | None = None, left: Left = "") -> bool:
    """Whether groups i to j of a text that is one run are one number."""
    data = text.encode()
    run = parse_run(data, 0, len(data))
    return well_grouped(data, run, i, len(run.groups) - 1 if j is None else j, left)


# --- what is to the left -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "left"),
    [
        ("", ""),
        ("a", ""),
        (" ", ""),
        ("x ", ""),
        ("12 ", "group"),
        ("1-", "group"),
        ("1  ", ""),
        ("1,", ""),
        ("1\n", ""),
        ("17", "digit"),
        ("0", ""),
        ("000", ""),
        ("a00", ""),
        ("100", "digit"),
        ("0" * 64, ""),
        ("1" + "0" * 64, ""),
    ],
)
def test_how_a_run_goes_on_to_the_left(before: str, left: Left) -> None:
    assert joined_left(f"{before}4".encode(), len(before)) == left


@pytest.mark.parametrize(
    ("text", "i", "low"), [("0004111", 0, 3), ("4111", 0, 0), ("1 004", 1, 3), ("000", 0, 2), ("1 0 2", 1, 1)]
)
def test_a_number_begins_after_its_padding(text: str, i: int, low: int) -> None:
    """A group that is zeros only keeps its last."""
    assert number_start(parse_run(text.encode(), 0, len(text)), i) == low


# --- one group ---------------------------------------------------------------------------------------------------

CARD = "4111111111111111"


@pytest.mark.parametrize(
    ("before", "after", "alone"),
    [
        ("", "", True),
        ("id=", ";", True),
        ("1", "", False),
        ("10", "", False),
        ("0", "", True),
        ("x000", "", True),
        ("0.", "", False),
        ("999.", "", False),
        ("1000.", "", True),
        ("v1.2.", "", True),
        (".", "", True),
        ("a", "", True),
        ("deadbeef", "", False),
        ("", "deadbeef", False),
        ("abcd", "abcd", False),
        ("abcde", "abcd", True),
        ("g" + "a" * 48, "", False),
    ],
)
def test_digits_that_are_part_of_something_else(before: str, after: str, alone: bool) -> None:
    """A longer number, a fraction, or a digest: those of 24, 32, 40 and more hexadecimal digits."""
    data = f"{before}{CARD}{after}".encode()
    assert stands_alone(data, len(before), len(before) + len(CARD)) is alone


@pytest.mark.parametrize("length", [24, 32, 40, 48, 56, 64, 96, 128])
def test_no_part_of_a_digest_stands_alone(length: int) -> None:
    for at in range(1, length - len(CARD)):
        data = b"a" * at + CARD.encode() + b"f" * (length - len(CARD) - at)
        assert not stands_alone(data, at, at + len(CARD))
        assert stands_alone(b"a" + data, at + 1, at + 1 + len(CARD))


@pytest.mark.parametrize(
    ("text", "i", "whole"), [("10." + CARD, 1, False), ("1000." + CARD, 1, True), ("1.2." + CARD, 2, True)]
)
def test_a_group_behind_a_point(text: str, i: int, whole: bool) -> None:
    """A fraction, unless what is before it has more than three digits or a point of its own."""
    assert grouped(text, i) is whole


# --- several groups ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "4111 1111 1111 1111",
        "41111111 1111 1111",
        "4111 1111 1111 1",
        "4111.1111.1111.1111",
        "3782 822463 10005",
        "3056 930902 5904",
        "6759 649 826 438",
        "411111-1111111111",
        "41111111-11111111",
        "4 1 1 1 1 1 1 1 1 1 1 1 1",
        "41 11 11 11 11 11 1",
        "411 111 111 111 111 1",
        "41-111-1111-111 1111",
        "4.11.111.1111.11",
    ],
)
def test_one_number_in_pieces(text: str) -> None:
    assert grouped(text)


@pytest.mark.parametrize(
    "text",
    [
        "41111111 11111111",
        "411111 1111111111",
        "4111 11111111 11111",
        "41111 111 11111 111",
        "192.168.100.200",
        "4111.11 1111.11",
        "4111.1111 1111.1111",
        "41111111.1111111",
        "5 41 111 1111 11111",
    ],
)
def test_numbers_beside_each_other(text: str) -> None:
    assert not grouped(text)


def test_two_halves_with_noise_between_are_no_columns() -> None:
    assert grouped("41111111 \x1b[1m11111111")


def test_odd_pieces_are_one_number_only_if_the_run_is_nothing_else() -> None:
    assert grouped("41-111-1111-111")
    assert not grouped("41-111-1111-111", left="group")
    assert not grouped("41-111-1111-111-9", 0, 4)
    assert not grouped("9-41-111-1111-111", 1)


def test_printed_groups_are_one_number_anywhere_in_a_run() -> None:
    for left in ("", "group", "digit"):
        assert grouped("12 4111 1111 1111 1111 7", 1, 5, left)
        assert grouped("12 3782 822463 10005 7", 1, 4, left)


@given(st.uuids(), st.sampled_from(["", " ", "x="]))
def test_no_groups_of_a_uuid_are_a_number(made: uuid.UUID, before: str) -> None:
    digits = str(made).translate(str.maketrans("abcdef", "012345"))
    data = f"{before}{digits}".encode()
    run = parse_run(data, len(before), len(data))
    assert not any(well_grouped(data, run, i, j, "") for i in range(4) for j in range(i + 2, 6) if (i, j) != (0, 5))


# --- temporary names ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "number", "stands"),
    [
        ("ansible-tmp-1767614601.749636-1783297-4217880943184", "4217880943184", False),
        ("ansible-tmp-1767614601-17832-38758342293528/x", "38758342293528", False),
        # Beyond what Ansible chooses, in another name, or with more behind it.
        ("ansible-tmp-1767614601.749636-1783297-378282246310005", "378282246310005", True),
        ("ansible-tmp-1767614601.749636-1783297-4111111111111111", "4111111111111111", True),
        ("ansible-tmp-4217880943184", "4217880943184", True),
        ("backup-tmp-1767614601.749636-1783297-4217880943184", "4217880943184", True),
    ],
)
def test_a_folder_of_ansibles_is_no_card_number(text: str, number: str, stands: bool) -> None:
    first = text.index(number)
    assert stands_alone(text.encode(), first, first + len(number)) is stands
