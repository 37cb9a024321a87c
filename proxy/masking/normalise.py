"""What a reader of the screen sees: digits in every script, without the bytes between them that show nothing.

Patterns for RE2 over UTF-8, the parse of one run of digits, and text without its escape sequences. Where two readings
are possible, the one that hides more wins. Newlines and tabs end a run: numbers below and beside are other numbers.
"""

import re
import unicodedata
from bisect import bisect_right
from typing import NamedTuple

from proxy.masking.edits import Edit

#: Digits that are no \p{Nd}: raised, lowered, circled.
RAISED_DIGITS = "⁰¹²³⁴-⁹₀-₉①-⑨⓪❶-❾➀-➈➊-➒"
#: A decimal digit: ASCII, full-width, of any script.
ANY_DIGIT = rf"[\p{{Nd}}{RAISED_DIGITS}]"

#: ECMA-48: control sequences (5.4), control strings (5.6), and the rest.
ESCAPE = (
    r"(?:\x1b\[[0-?]*[ -/]*[@-~]"
    r"|\x1b\][^\x07\x1b\x1f]*(?:\x07|\x1b\\)"
    r"|\x1b[PX^_][^\x1b\x1f]*\x1b\\"
    r"|\x1b[ -/]*[0-OQ-WYZ\\`-~])"
)
#: Controls of C0 and DEL that show nothing and move nothing. SOH and the four separators stand between fields.
SILENT_C0 = r"\x00\x02-\x08\x0e-\x1a\x7f"
#: The same of C1, without what moves the cursor and what begins a sequence or a string.
_SILENT_C1 = r"\x{80}-\x{83}\x{86}\x{87}\x{89}-\x{8c}\x{8e}\x{8f}\x{91}-\x{97}\x{99}\x{9a}\x{9c}"
#: Shows nothing, or is overwritten: escape sequences, format characters, combining marks, a character taken back by
#: backspace, and the space and carriage return with which readline wraps a line.
NOISE = rf"(?:{ESCAPE}|\x{{9b}}[0-?]*[ -/]*[@-~]|[{SILENT_C0}{_SILENT_C1}\p{{Cf}}\p{{Mn}}\p{{Me}}]|[!-~]\x08| \r)"

SPACE = r"[\p{Zs}]"
MARK = r"[-.\p{Pd}\x{2212}·•_/+\r]"
#: One break between groups of digits, also as it stands in URLs and HTML.
SEPARATOR = rf"(?:{SPACE}?{MARK}{SPACE}?|{SPACE}|%2[0Dd]|&nbsp;)"
#: What may stand between two digits of one number.
GAP = rf"{NOISE}*(?:{SEPARATOR}{NOISE}*)?"

#: The forms that programs put into text, for words; of the rarer ones random bytes are full.
COMMON_ESCAPE = r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b\x1f]*(?:\x07|\x1b\\)|[()][0-9A-Z])"

_escape = re.compile(COMMON_ESCAPE.encode())
_unseen = re.compile(rf"{ESCAPE}|\x9b[0-?]*[ -/]*[@-~]| \r")
_written_out = re.compile(r"%2[0Dd]|&nbsp;")
_SILENT = frozenset({"Cf", "Mn", "Me", "Cc"})
_PLAIN = bytes(range(0x20, 0x7F)).translate(None, b"%&")
_group = re.compile(rb"[0-9]+")

#: A character as it stands on the line: itself, and its byte offsets (start, end) in the data.
_Seen = tuple[str, int, int]


class Run(NamedTuple):
    """Digits as seen, in groups."""

    #: ASCII, all groups joined.
    digits: bytes
    #: Byte offsets (start, end) of each digit in the scanned data.
    places: list[tuple[int, int]]
    #: Where each group begins in `digits`, and at last their number.
    groups: list[int]
    #: What stands before each group but the first, without noise.
    separators: list[str]
    #: Byte offsets of digits that were overwritten; hidden with the others if the run is.
    overwritten: list[tuple[int, int]]
    #: Indexes into `digits` before which there is noise within a group.
    seams: list[int]
    #: Whether anything but printable ASCII is in it: then it is no mere row of numbers.
    noisy: bool

    def split(self) -> "Run":
        """The other reading of noise: as a border between groups."""
        before = dict(zip(self.groups[1:-1], self.separators, strict=True)) | dict.fromkeys(self.seams, "")
        starts = sorted(before)
        return self._replace(groups=[0, *starts, self.groups[-1]], separators=[before[start] for start in starts])


def parse_run(data: bytes, start: int, end: int) -> Run:
    """Read data[start:end], digits with gaps between, as a person in front of a terminal would."""
    if not data[start:end].translate(None, _PLAIN):
        return _parse_plain(data, start, end)
    line, gone = _typed(data[start:end].decode("utf-8", "surrogateescape"), start)
    digits = bytearray()
    places: list[tuple[int, int]] = []
    groups: list[int] = []
    separators: list[str] = []
    seams: list[int] = []
    between = ""
    for character, first, past in line:
        value = unicodedata.digit(character[0], -1)
        if value < 0:
            between += character
            continue
        if between or not places:
            groups.append(len(digits))
            separators.append(between)
            between = ""
        elif first != places[-1][1]:
            seams.append(len(digits))
        digits.append(0x30 + value)
        places.append((first, past))
    groups.append(len(digits))
    overwritten = [(first, past) for character, first, past in gone if unicodedata.digit(character[0], -1) >= 0]
    return Run(bytes(digits), places, groups, separators[1:], overwritten, seams, noisy=True)


def _parse_plain(data: bytes, start: int, end: int) -> Run:
    """The same for printable ASCII, which nearly every run is, several times faster."""
    groups: list[int] = []
    separators: list[str] = []
    places: list[tuple[int, int]] = []
    last = start
    for match in _group.finditer(data, start, end):
        first, past = match.span()
        groups.append(len(places))
        separators.append(data[last:first].decode("ascii"))
        places.extend([(at, at + 1) for at in range(first, past)])
        last = past
    groups.append(len(places))
    return Run(b"".join(_group.findall(data, start, end)), places, groups, separators[1:], [], [], noisy=False)


def _typed(text: str, offset: int) -> tuple[list[_Seen], list[_Seen]]:
    """Play `text` on a line of a terminal: what stands there at the end, and what was overwritten."""
    line: list[_Seen] = []
    gone: list[_Seen] = []
    cursor = at = 0
    while at < len(text):
        unseen = _unseen.match(text, at)
        written = unseen or _written_out.match(text, at)
        piece = written.group() if written else text[at]
        past = offset + len(piece.encode("utf-8", "surrogateescape"))
        if piece == "\b":
            cursor = max(0, cursor - 1)
        elif not unseen and (piece == "\r" or unicodedata.category(piece[0]) not in _SILENT):
            if cursor < len(line):
                gone.append(line[cursor])
            line[cursor : cursor + 1] = [(piece, offset, past)]
            cursor += 1
        at += len(piece)
        offset = past
    return line, gone


class NormalisedView:
    """Text without its escape sequences, and the way back to it: `grep --color` puts them into the middle of words.

    A `border`, of one byte, stands in the place of each: programs that draw a screen put them between words.
    """

    def __init__(self, data: bytes, start: int, border: bytes = b"") -> None:
        self._data = data
        #: Offsets in the text and in the data where a piece between two escape sequences begins.
        self._in_text: list[int] = []
        self._in_data: list[int] = []
        pieces: list[bytes] = []
        at = length = 0
        self.start = 0
        for first, past in [*(match.span() for match in _escape.finditer(data)), (len(data), len(data))]:
            self._in_text.append(length)
            self._in_data.append(at)
            pieces.append(data[at:first])
            if at <= start:
                self.start = length + min(start, first) - at
            length += first - at + len(border)
            at = past
        self.text = border.join(pieces)
        self._border = len(border)

    def in_data(self, edit: Edit) -> Edit:
        """An edit of the text as one of the data; escape sequences within it stay, behind its replacement."""
        first = self._offset(edit.start)
        past = self._past(edit.end)
        kept = b"".join(_escape.findall(self._data, first, past))
        return Edit(first, past, edit.replacement + kept, edit.kind)

    def _past(self, in_text: int) -> int:
        """Where what ends here in the text ends in the data: of an escape sequence nothing is left over."""
        piece = bisect_right(self._in_text, in_text) - 1
        if self._border and self._in_text[piece] == in_text:
            return self._in_data[piece]
        return self._offset(in_text - 1) + 1

    def _offset(self, in_text: int) -> int:
        piece = bisect_right(self._in_text, in_text) - 1
        return self._in_data[piece] + in_text - self._in_text[piece]
