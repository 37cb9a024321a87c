"""What terminals read otherwise than each other, and what parts fields, hides no number and no place in the text."""

import random
import re
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.masking.cards import readings as module
from proxy.masking.cards.readings import readings
from proxy.masking.rules import DEFAULT_RULES, Masker
from proxy.masking.stream import StreamMasker

FIRST_SHOWN = 6

#: Shown as one number by xterm.js, by tmux or by both; with what stands between its digits.
SHOWN = [
    # Given up at a character that is not ASCII.
    *("\x1b\u0301", "\x1b\u00ad", "\x1b\u200b", "\x1b^\u0301", "\x1b_x\u00e9", "\x1b(\u00e9", "\x1b[\u00a0"),
    *("\x1b[1;\u4e2d", "\x1bP1\u00e9", "\x1b]0;\u0080", "\x1bPq\u0080", "\x1b\uff14\x1b[m", "\u009b1\u00e9"),
    *("\x1b\x1c\u009b\x07\u0080", "\x1b\x1b\u009b\u0301", "\u009b;?\u4e2d\x1b[m", "\x1b[;?\u00e9\u0080"),
    # Passed over.
    *("\x1b\u0080B\x1b[1;\x07m", "\x1b[1\u00e9m", "\x1b[\u00a0m", "\x1b(\u00e9B", "\x1b[ 1\u00e9m", "\x1b\u00e9[m"),
    *("\x1b]0;\u009b\x07", "\x1b]0;\u009cb\x07", "\x1bPq\u00e9\u0080\x1b\\"),
    # Moves nothing in tmux, nor does RI in the first line.
    *("\u0085", "\u008d"),
    # Parts fields.
    *("\x01", "\x1c", "\x1d", "\x1e", "\x1f", "\x1c\x1b[m\x1f", "\x1d\x1b\u0301\x1d"),
]


@pytest.mark.parametrize("between", SHOWN)
@pytest.mark.parametrize("parts", [("4111111111", "111111"), ("4111-", "1111-1111-1111"), ("411111111111", "1111")])
def test_a_number_that_some_terminal_shows_is_masked(
    between: str, parts: tuple[str, str], typed: Callable[[bytes], bytes]
) -> None:
    """And all that is no digit of it stays, however it comes."""
    first, second = parts
    data = f"id {first}{between}{second} ok\n".encode()
    hidden = sum(character.isdigit() for character in first)
    start = "".join("*" if character.isdigit() else character for character in first)
    shown = f"{start}{between}{''.join('*' if c.isdigit() else c for c in second[:-4])}1111"
    assert hidden + second.count("1") == 16
    whole = Masker(DEFAULT_RULES).bytes(data)
    assert whole == f"id {shown} ok\n".encode()
    source = random.Random(between)
    for sizes in ([1], *([source.randrange(1, 9) for _ in range(40)] for _ in range(10))):
        masking, at, out = StreamMasker(Masker(DEFAULT_RULES)), 0, b""
        while at < len(data):
            size = source.choice(sizes)
            out += masking.feed(data[at : at + size])
            at += size
        assert out + masking.flush(final=True) == whole
    assert typed(data).count(b"*") >= 16 - FIRST_SHOWN - 4


@pytest.mark.parametrize("between", ["\x1c", "\x1e", "\x1f", "\x01"])
def test_what_parts_fields_still_does(between: str) -> None:
    """A number beside others in fields is known as it was, and rows of small numbers are none."""
    text = between.join(["17", "4111111111111111", "2024"])
    assert Masker(DEFAULT_RULES).text(text) == between.join(["17", "************1111", "2024"])
    fields = between.join(["10", "2024", "11", "30", "7"])
    assert Masker(DEFAULT_RULES).text(fields) is fields


def test_no_number_stands_in_two_cells() -> None:
    row: list[bytes | None] = [b"4111111111", b"111111", b"a\x1fb"]
    assert Masker(DEFAULT_RULES).cells(row) is row
    assert Masker(DEFAULT_RULES).cells([b"4111111111\x1f111111", b"x"]) == [b"**********\x1f**1111", b"x"]


def test_plain_text_has_one_reading() -> None:
    for text in (b"4111 1111", "caf\u00e9 \x1b[1m4111\x1b[m \u4e2d\x1b]0;t\x07".encode()):
        assert list(readings(text)) == [text]


def test_what_each_terminal_passes_over() -> None:
    given, gone = "1\x1b(\u00e91\x1c1".encode(), b"1\x1b(\0\x001\x001"
    assert list(readings(given)) == [given, given.replace(b"\x1c", b"\0"), b"1\x18\0\0\x001\x001", gone]


def test_a_backspace_in_a_sequence_stays() -> None:
    assert b"1\x18\0\b\0\x001" in list(readings("1\x1b[\b\u00e91".encode()))


pieces = st.sampled_from(
    ["1", "4111", "\x1b", "[", "(", "P", "]", "\u00e9", "\u0080", "\u009b", "\x1c", "\x07", "m", " "]
)


@given(st.lists(pieces, max_size=20).map("".join))
def test_every_reading_is_as_long_and_hides_nothing_but_by_nul_and_can(text: str) -> None:
    data = text.encode()
    for seen in readings(data):
        assert len(seen) == len(data)
        assert all(now in (was, 0, 0x18) for was, now in zip(data, seen, strict=True))


def _giving_back(pattern: bytes) -> re.Pattern[bytes]:
    """The same pattern without possessive repetitions: all its ways are tried."""
    return re.compile(re.sub(rb"(?<=[*+?])\+", b"", pattern))


heads = st.sampled_from(
    [
        b"\x1b",
        b"[",
        b"P",
        b"]",
        b"X",
        b"(",
        b"\x02",
        b"\x7f",
        b"<",
        b"?",
        b"0",
        b";",
        b" ",
        b"/",
        b"z",
        b"\x07",
        b"\x18",
    ]
    + [each.encode() for each in "\x80\x84\x85\x90\x98\x9b\x9c\x9d\u00a0\u00e9\u4e2d\U0001f600"]
)


@settings(max_examples=1000)
@given(st.lists(heads, max_size=16).map(b"".join))
def test_what_gives_nothing_back_reads_the_same(data: bytes) -> None:
    given_up, all_ways = module._given_up, _giving_back(module._given_up.pattern)
    assert all_ways.pattern != given_up.pattern
    assert [(found.span(), found.groups()) for found in given_up.finditer(data)] == [
        (found.span(), found.groups()) for found in all_ways.finditer(data)
    ]


@pytest.mark.timeout(60)
@pytest.mark.parametrize("begun", ["\x1b[", "\x1bP", "\u009b", "\u0090", "\x1b", "\x1b(", "\x1b]", "\x1bX"])
@pytest.mark.parametrize("filled", ["\x02", "0", " ", "0\x02", "<0"])
def test_controls_in_a_sequence_take_no_time(begun: str, filled: str) -> None:
    """Tried in all ways they take minutes: strangers' names are read."""
    text = f"\u00e9 4111111111111111 {begun}{filled * 2000}z"
    assert Masker(DEFAULT_RULES).text(text) == text.replace("411111111111", "*" * 12)
