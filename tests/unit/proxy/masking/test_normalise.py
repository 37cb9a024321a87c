"""Digits as a reader of the screen sees them, and text without its escape sequences and the way back to it."""

import re
import unicodedata
from collections.abc import Callable

import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st

from proxy.masking.edits import CELL_BORDER, Edit, re2_options
from proxy.masking.normalise import ANY_DIGIT, COMMON_ESCAPE, GAP, RAISED_DIGITS, NormalisedView, Run, parse_run

_gap = re2.compile(GAP, re2_options())
_digit = re2.compile(ANY_DIGIT, re2_options())


def parsed(text: str) -> Run:
    return parse_run(text.encode(), 0, len(text.encode()))


# --- patterns ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "digit", ["7", "\uff17", "\u0667", "\u096d", "\u2077", "\u2087", "\u2466", "\u277c", "\U0001d7d5"]
)
def test_a_seven_is_a_seven_in_every_script(digit: str) -> None:
    assert _digit.fullmatch(digit) is not None
    assert parsed(f"4{digit}").digits == b"47"


def test_every_raised_digit_is_read() -> None:
    for digit in re2.findall(rf"[{RAISED_DIGITS}]", "".join(map(chr, range(0x80, 0x3000)))):
        assert parsed(digit).digits == str(unicodedata.digit(digit)).encode()


@pytest.mark.parametrize("between", ["", " ", "-", " - ", "\u00a0", "\u2013", " \u2212 ", "%20", "%2d", "&nbsp;", "\r"])
@pytest.mark.parametrize(
    "noise",
    [
        "",
        "\x1b[1;31m",
        "\x1b]0;title\x07",
        "\x1bPx\x1b\\",
        "\u200b",
        "\u0301",
        "x\b",
        " \r",
        "\x05\x13\x18",
        "\x80\x9c",
    ],
)
def test_what_may_stand_between_two_digits(between: str, noise: str) -> None:
    assert _gap.fullmatch(noise + between + noise) is not None


@pytest.mark.parametrize(
    "between",
    [
        "\n",
        "\t",
        "\x01",
        "\x0b",
        "\x1c",
        "\x85",
        "\x8d",
        "  ",
        "--",
        ",",
        "x",
        CELL_BORDER.decode(),
        " \n",
        "\x1b]0;\x1f\x07",
        "%2E",
    ],
)
def test_what_ends_a_run(between: str) -> None:
    """Numbers below and beside are other numbers, and nothing reads over the border of a cell."""
    assert _gap.fullmatch(between) is None


# --- runs --------------------------------------------------------------------------------------------------------


def test_groups_and_what_separates_them() -> None:
    run = parse_run(b"id 4111-11 1;", 3, 12)
    assert run == Run(
        b"4111111",
        [(3, 4), (4, 5), (5, 6), (6, 7), (8, 9), (9, 10), (11, 12)],
        [0, 4, 6, 7],
        ["-", " "],
        [],
        [],
        noisy=False,
    )


@given(st.text("0123456789 -./_+~", min_size=1, max_size=30))
def test_plain_digits_are_read_as_others_are(between: str) -> None:
    """The quick way for printable ASCII says what the general way says; a mark that shows nothing leads into that."""
    quick, general = parsed(f"4{between}5"), parsed(f"4{between}5\u200b")
    assert not quick.noisy
    assert quick == general._replace(noisy=False)


pieces = st.sampled_from(["0", "12", "\uff13", "\u2074", " ", "-", "\u2013", "%20", "\x1b[1m", "\u200b", "9\b", "\r"])


@given(st.lists(pieces, max_size=12).map("".join))
def test_every_digit_is_where_its_place_says(text: str) -> None:
    run = parsed(f"5{text}6")
    data = f"5{text}6".encode()
    shown = [data[first:past].decode() for first, past in run.places]
    assert bytes(0x30 + unicodedata.digit(character) for character in shown) == run.digits
    assert run.groups[0] == 0
    assert run.groups[-1] == len(run.digits)
    assert run.groups == sorted(set(run.groups))
    assert len(run.separators) == len(run.groups) - 2
    assert not set(run.places) & set(run.overwritten)


@pytest.mark.parametrize(
    ("text", "digits", "separators"),
    [
        ("4%2D5&nbsp;6%207", b"4567", ["%2D", "&nbsp;", "%20"]),
        ("4\x1b[31m5", b"45", []),
        ("4\u00ad5\u03016\x007", b"4567", []),
        ("4 \r5", b"45", []),
        ("4\u20095", b"45", ["\u2009"]),
        ("4\x9b1m5", b"45", []),
    ],
)
def test_what_shows_nothing_is_no_separator(text: str, digits: bytes, separators: list[str]) -> None:
    run = parsed(text)
    assert (run.digits, run.separators, run.noisy) == (digits, separators, True)


def test_a_digit_that_is_typed_over_is_not_seen_but_told() -> None:
    run = parsed("14\b56")
    assert (run.digits, run.places, run.overwritten) == (b"156", [(0, 1), (3, 4), (4, 5)], [(1, 2)])


def test_a_backspace_within_a_sequence_is_one_and_within_a_string_is_none() -> None:
    """What is typed over is told; a terminal leaves out what stands in a string."""
    run = parsed("14\x1b[\b1m56")
    assert (run.digits, run.overwritten) == (b"156", [(1, 2)])
    assert parsed("14\x1b]0;\b\x0756").digits == b"1456"


def test_backspaces_stop_at_the_beginning_of_the_line() -> None:
    run = parsed("4\b\b\b5")
    assert (run.digits, run.overwritten) == (b"5", [(0, 1)])


def test_noise_within_a_group_may_be_its_border() -> None:
    """Both readings are kept: one number, or two."""
    run = parsed("4111 11\x1b[1m11")
    assert (run.groups, run.separators, run.seams) == ([0, 4, 8], [" "], [6])
    split = run.split()
    assert (split.groups, split.separators) == ([0, 4, 6, 8], [" ", ""])
    assert (split.digits, split.places) == (run.digits, run.places)


def test_bytes_that_are_no_utf_8_are_passed_over() -> None:
    run = parse_run(b"4\xff5", 0, 3)
    assert (run.digits, run.places) == (b"45", [(0, 1), (2, 3)])


# --- the normalised view -----------------------------------------------------------------------------------------

ESCAPES = ["\x1b[1m", "\x1b[m\x1b[K", "\x1b]0;x\x07", "\x1b(B"]
texts = st.lists(st.sampled_from([*ESCAPES, "a", "bc", "\u00e9", " "]), max_size=12).map("".join).map(str.encode)


def without_escapes(data: bytes) -> bytes:
    return re.sub(COMMON_ESCAPE.encode(), b"", data)


def bordered(data: bytes) -> bytes:
    return re.sub(COMMON_ESCAPE.encode(), b"\x1b", data)


@pytest.mark.parametrize(("border", "seen"), [(b"", without_escapes), (b"\x1b", bordered)])
@given(texts, st.data())
def test_an_edit_of_the_text_is_the_same_edit_of_the_data(
    border: bytes, seen: Callable[[bytes], bytes], data: bytes, draw: st.DataObject
) -> None:
    """What is seen is the text with the edit made, and no escape sequence is lost."""
    view = NormalisedView(data, 0, border)
    assert view.text == seen(data)
    if not view.text:
        return
    start = draw.draw(st.integers(0, len(view.text) - 1))
    end = draw.draw(st.integers(start + 1, len(view.text)))
    edit = view.in_data(Edit(start, end, b"#", "pan"))
    made = data[: edit.start] + edit.replacement + data[edit.end :]
    kept = b"\x1b" * len(re.findall(COMMON_ESCAPE.encode(), data[edit.start : edit.end])) if border else b""
    assert seen(made) == view.text[:start] + b"#" + kept + view.text[end:]
    assert re.findall(COMMON_ESCAPE.encode(), made) == re.findall(COMMON_ESCAPE.encode(), data)
    assert edit.kind == "pan"


def test_an_edit_takes_no_more_of_the_data_than_its_own() -> None:
    """An escape sequence before or behind it is not its own; one within it is, and stays."""
    view = NormalisedView(b"\x1b[1ma\x1b[2mb\x1b[mc", 0)
    assert view.in_data(Edit(0, 2, b"#", "pan")) == Edit(4, 10, b"#\x1b[2m", "pan")


@given(texts, st.integers(0, 40))
def test_start_is_where_the_text_goes_on(data: bytes, start: int) -> None:
    """Of a cut into an escape sequence, which is no place in the text: behind what is seen before it."""
    start = min(start, len(data))
    cuts = [match.span() for match in re.finditer(COMMON_ESCAPE.encode(), data)]
    whole = next((first for first, past in cuts if first < start < past), start)
    assert NormalisedView(data, start).start == len(without_escapes(data[:whole]))
    assert NormalisedView(data, start, b"\x1b").start == len(bordered(data[:whole]))
