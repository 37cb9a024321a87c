"""What describes unfinished values is as wide as what finds whole ones, wherever a cut falls."""

import sys
import unicodedata

import pytest
import re2

from proxy.masking import byte_patterns, normalise
from proxy.masking.byte_patterns import (
    DIGIT,
    ESCAPE,
    GAP,
    IN_WORD,
    LINK,
    NOISE,
    RUN,
    UNFINISHED_ESCAPE,
    UNFINISHED_SEPARATOR,
    VALUE,
    WORD,
)
from proxy.masking.edits import re2_options

EVERY_CHARACTER = "".join(chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code < 0xE000)
ESCAPES = [
    b"\x1b[31m",
    b"\x1b[?25 h",
    b"\x1b]8;;https://x.example\x1b\\",
    b"\x1b]0;title\x07",
    b"\x1bPq#0\x1b\\",
    b"\x1bXx\x1b\\",
    b"\x1b^x\x1b\\",
    b"\x1b_x\x1b\\",
    b"\x1b(B",
    b"\x1b7",
    b"\x1bM",
    b"\x1b[31\x18",
    b"\x1b[3\x07 m",
    b"\x1b\x1b[3m",
    b"\x1b]0;x\x1b[m",
    b"\x1b]0;x\x1a",
    b"\xc2\x9b31m",
    b"\xc2\x9d0;x\xc2\x9c",
    b"\xc2\x90q\xc2\x9c",
    b"\x1b#8",
]
PATTERNS = {name: value for name, value in vars(byte_patterns).items() if name.isupper() and isinstance(value, str)}


def matches(pattern: str, data: bytes) -> bool:
    compiled = re2.compile(f"(?:{pattern})".encode("latin-1"), re2_options(over_bytes=True))
    return compiled.fullmatch(data) is not None


def every(pattern: str) -> list[str]:
    """All characters that match a pattern of `normalise` alone."""
    found: list[str] = re2.findall(pattern, EVERY_CHARACTER, re2_options())
    return found


def all_of(characters: list[str], pattern: str) -> list[str]:
    """Those of `characters` that `pattern` does not match."""
    compiled = re2.compile(f"(?:{pattern})".encode("latin-1"), re2_options(over_bytes=True))
    return [one for one in characters if compiled.fullmatch(one.encode()) is None]


@pytest.mark.parametrize("name", PATTERNS)
def test_no_pattern_has_a_group(name: str) -> None:
    plain = re2.Options()
    plain.encoding = re2.Options.Encoding.LATIN1
    plain.max_mem = re2_options().max_mem
    assert re2.compile(PATTERNS[name].encode("latin-1"), plain).groups == 0


def test_every_digit_that_is_found_whole() -> None:
    """But for digits that RE2 knows and Python's tables don't: no run with them is read as a number."""
    found = [one for one in every(normalise.ANY_DIGIT) if unicodedata.digit(one, -1) >= 0]
    assert len(found) > 600
    assert all_of(found, DIGIT) == []


@pytest.mark.parametrize("character", ["a", "\u00bd", "\u2160", "\u4e09"])
def test_what_is_no_digit(character: str) -> None:
    assert not matches(DIGIT, character.encode())


def test_every_space_and_every_mark_between_digits() -> None:
    for pattern in (normalise.SPACE, normalise.MARK):
        found = every(pattern)
        assert len(found) > 5
        assert all_of(found, GAP) == []


def test_every_character_that_shows_nothing() -> None:
    """A character that is overwritten is two; what is longer is below."""
    is_noise = re2.compile(normalise.NOISE, re2_options()).fullmatch
    silent = [each for each in every(r"[\p{Cc}\p{Cf}\p{Mn}\p{Me}]") if is_noise(each)]
    assert {"\x00", "\x05", "\x07", "\x18", "\x7f", "\x80", "\x9c"} <= set(silent)
    assert len(silent) > 1500
    assert all_of(silent, rf"{NOISE}+") == []


@pytest.mark.parametrize("noise", [*ESCAPES, b"", b"x\b", b" \r", "\u200b\u0301".encode()])
@pytest.mark.parametrize(
    "separator", [b"", b" ", b"-", b" - ", b" / ", b"\r", b"%20", b"%2D", b"%2d", b"&nbsp;", b"\xc2\xa0"]
)
def test_a_gap_that_normalise_reads(noise: bytes, separator: bytes) -> None:
    gap = noise + separator + noise
    assert re2.compile(normalise.GAP, re2_options()).fullmatch(gap) is not None
    assert matches(GAP, gap)
    assert matches(RUN, b"4" + gap + b"1" + gap + "\uff11".encode())


@pytest.mark.parametrize("mark", ["\u2013", "\u2212", "\u00b7", "\u2022"])
def test_a_mark_beyond_ascii_between_spaces(mark: str) -> None:
    gap = f" {mark} ".encode()
    assert re2.compile(normalise.GAP, re2_options()).fullmatch(gap) is not None
    assert matches(GAP, gap)


@pytest.mark.parametrize("escape", ESCAPES)
def test_an_escape_sequence_cut_anywhere(escape: bytes) -> None:
    assert matches(ESCAPE, escape)
    assert re2.compile(normalise.ESCAPE, re2_options()).fullmatch(escape) is not None
    for cut in range(len(escape)):
        assert matches(UNFINISHED_ESCAPE, escape[:cut])


def test_a_separator_cut_anywhere() -> None:
    for separator in (b"%20", b"%2D", b"&nbsp;", b"e+15", b"E15"):
        for cut in range(1, len(separator)):
            assert matches(UNFINISHED_SEPARATOR, separator[:cut])


def test_a_word_is_what_white_space_and_quotes_end() -> None:
    ends = {bytes([byte]) for byte in range(0x100) if not matches(WORD, bytes([byte]))}
    assert ends == {bytes([byte]) for byte in (*range(0x21), *b"\"'<>", 0x7F)}


@pytest.mark.parametrize("data", [b"al\x1b[1mice", "na\u00efve".encode()[:3], b"x\by", b"", b"a=b;c"])
def test_what_a_word_may_have_in_it(data: bytes) -> None:
    assert matches(IN_WORD, data)


@pytest.mark.parametrize(
    "link",
    [b"", b": ", b'":"', b" = ", b"_code is ", b"=>", b" Number: ", b": Bearer ", b"\xc2\xa0", b"(", b": \x1b[1m"],
)
def test_what_links_a_label_to_its_value(link: bytes) -> None:
    assert matches(LINK, link)


@pytest.mark.parametrize("link", [b"\n", b" and ", b",", b"1"])
def test_what_links_nothing(link: bytes) -> None:
    assert not matches(LINK, link)


@pytest.mark.parametrize(
    ("value", "whole"),
    [
        (b"hunter2", True),
        (b'"two words', True),
        (b"'it is", True),
        (b"two words", False),
        (b'"a\nb', False),
        (b'"a"b', False),
    ],
)
def test_a_value_is_a_word_or_what_a_quote_has_opened(value: bytes, whole: bool) -> None:
    assert matches(VALUE, value) is whole
