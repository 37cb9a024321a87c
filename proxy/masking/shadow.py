"""What a reader of the screen sees: digits in every script, without the bytes between them that show nothing.

Patterns for RE2 (over UTF-8 bytes) and the parse of one run of digits. Where two forms can be read, the one that hides
more wins. Newlines and tabs always end a run: numbers below and beside each other are other numbers.
"""

import re
import unicodedata
from typing import NamedTuple

#: A decimal digit: ASCII, full-width, any script's, circled, raised.
DIGIT = r"[\p{Nd}⁰¹²³⁴-⁹₀-₉①-⑨⓪❶-❾➀-➈➊-➒]"

_CSI = r"(?:\x1b\[|\x{9b})[0-?]*[ -/]*[@-~]"  # ECMA-48 5.4
_OSC = r"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"
_STRING = r"\x1b[PX^_][^\x1b]*\x1b\\"
_ESCAPE = r"\x1b[ -/]*[0-OQ-WYZ\\`-~]"

#: Shows nothing, or is overwritten: escape sequences, format characters, combining marks, a character taken back by
#: backspace, and the space and carriage return with which readline wraps a line.
NOISE = rf"(?:{_CSI}|{_OSC}|{_STRING}|{_ESCAPE}|[\x00\x07\x08\x0e\x0f\x7f\p{{Cf}}\p{{Mn}}\p{{Me}}]|[!-~]\x08| \r)"

_SPACE = r"[\p{Zs}]"
#: One break between groups of digits.
SEPARATOR = rf"(?:{_SPACE}?[-.\p{{Pd}}·•_/+\r]{_SPACE}?|{_SPACE}|%2[0Dd]|&nbsp;)"

#: What may stand between two digits of one number.
GAP = rf"{NOISE}*(?:{SEPARATOR}{NOISE}*)?"

_ESCAPES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"
    r"|\x1b[PX^_][^\x1b]*\x1b\\"
    r"|\x1b[ -/]*[0-OQ-WYZ\\`-~]"
    r"| \r"
    r"|%2[0Dd]|&nbsp;"
)
_SILENT = {"Cf", "Mn", "Me", "Cc"}


class Run(NamedTuple):
    """Digits as seen, in groups."""

    #: ASCII, all groups joined.
    digits: bytes
    #: Byte offsets (start, end) of each digit in the scanned data.
    places: list[tuple[int, int]]
    #: Index into `digits` where each group begins, and at last their number.
    groups: list[int]
    #: What stood before each group but the first, without noise.
    separators: list[str]
    #: Byte offsets of digits that were overwritten: hidden with the others if the run is.
    overwritten: list[tuple[int, int]]


class _Seen(NamedTuple):
    character: str
    start: int
    end: int


def _line(text: str, offset: int) -> tuple[list[_Seen], list[_Seen]]:
    """Play `text` on a line of a terminal; what stands there, and what was overwritten."""
    line: list[_Seen] = []
    gone: list[_Seen] = []
    cursor = at = 0
    here = offset
    while at < len(text):
        escape = _ESCAPES.match(text, at)
        piece = escape.group() if escape else text[at]
        size = len(piece.encode())
        character = " " if piece in {"%20", "&nbsp;"} else "-" if piece[:2] == "%2" else piece
        if character == "\b":
            cursor = max(0, cursor - 1)
        elif len(character) == 1 and (character == "\r" or unicodedata.category(character) not in _SILENT):
            if cursor < len(line):
                gone.append(line[cursor])
                line[cursor] = _Seen(character, here, here + size)
            else:
                line.append(_Seen(character, here, here + size))
            cursor += 1
        at += len(piece)
        here += size
    return line, gone


def digit_of(character: str) -> int:
    """The value of a digit in any script, or -1."""
    return unicodedata.digit(character, -1)


def parse_run(data: bytes, start: int, end: int) -> Run:
    """Read data[start:end], which matched digits with GAPs between, as a person would."""
    line, gone = _line(data[start:end].decode("utf-8", "replace"), start)
    digits = bytearray()
    places: list[tuple[int, int]] = []
    groups: list[int] = []
    separators: list[str] = []
    between = ""
    for seen in line:
        value = digit_of(seen.character)
        if value < 0:
            between += seen.character
            continue
        if between or not places:
            groups.append(len(digits))
            if places:
                separators.append(between)
            between = ""
        digits.append(48 + value)
        places.append((seen.start, seen.end))
    groups.append(len(digits))
    overwritten = [(seen.start, seen.end) for seen in gone if digit_of(seen.character) >= 0]
    return Run(bytes(digits), places, groups, separators, overwritten)


_PLAIN_GROUP = re.compile(rb"[0-9]+")


def parse_plain_run(data: bytes, start: int, end: int) -> Run:
    """The same for printable ASCII, which is nearly every run, several times faster."""
    groups: list[int] = []
    separators: list[str] = []
    places: list[tuple[int, int]] = []
    digits: list[bytes] = []
    last = start
    for match in _PLAIN_GROUP.finditer(data, start, end):
        first, past = match.span()
        if places:
            separators.append(data[last:first].decode("ascii"))
        groups.append(len(places))
        digits.append(match.group())
        places.extend((at, at + 1) for at in range(first, past))
        last = past
    groups.append(len(places))
    return Run(b"".join(digits), places, groups, separators, [])
