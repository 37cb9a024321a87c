"""What a reader of the screen sees: digits in every script, without the bytes between them that show nothing.

Patterns for RE2 over UTF-8, the parse of one run of digits, and text without its escape sequences. Where two readings
are possible, the one that hides more wins. Newlines and tabs end a run: numbers below and beside are other numbers.
"""

import re
import unicodedata
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, overload

from proxy.masking.edits import Edit
from proxy.pieces import copied, each_piece

#: Digits that are no \p{Nd}: raised, lowered, circled.
RAISED_DIGITS = "⁰¹²³⁴-⁹₀-₉①-⑨⓪❶-❾➀-➈➊-➒"
#: A decimal digit: ASCII, full-width, of any script.
ANY_DIGIT = rf"[\p{{Nd}}{RAISED_DIGITS}]"

#: Controls of C0 and DEL that show nothing and move nothing. SOH and the four separators stand between fields.
SILENT_C0 = r"\x00\x02-\x08\x0e-\x1a\x7f"
#: Controls that are obeyed within a sequence, which goes on behind them; terminals know nothing of SOH and the
#: separators. CAN and SUB end it. US stands between cells.
WITHIN = r"\x00-\x08\x0e-\x17\x19\x1c-\x1e\x7f"
#: What of C1 begins a sequence or a string.
BEGINS = r"\x90\x98\x9b\x9d-\x9f"
_ESC = rf"\x1b[{WITHIN}]*"


def _without_parameters(esc: str, passed: str = "") -> str:
    """Sequences of ESC without parameters."""
    return rf"(?:{esc}[ -/][ -/{WITHIN}{passed}]*[0-~\x18\x1a]|{esc}[0-OQ-WYZ\\`-~\x18\x1a])"


def _palette(esc: str) -> str:
    """Linux and PuTTY set and reset their palette with these; for others they begin a command."""
    return rf"(?:{esc}\]R|{esc}\]P[0-9A-Fa-f]{{7}})"


_SHORT = _without_parameters(_ESC)
#: One of these (`ESC 8` puts the cursor back) before a number, of which that digit is none.
ENDS_IN_A_DIGIT = rf"\x1b[{WITHIN} -/]*[0-9]"
_BEL, _CSI, _OSC, _STRINGS, _ST = r"\x07", r"\x9b", r"\x9d", r"\x90\x98\x9e\x9f", r"\x9c"


class Escapes(NamedTuple):
    """ECMA-48's control sequences (5.4), control strings (5.6) and the rest, as terminals read them."""

    #: Up to where another one may begin, which ends this one.
    begun: str
    #: To the final byte, or to what ends it before that: ST, CAN, SUB.
    whole: str


def escapes(
    c1: Callable[[str], str], content: Callable[[str], str], silent: str, passed: str = ""
) -> tuple[Escapes, Escapes]:
    """Those that ESC begins, and those that C1 does.

    Given are the patterns of some of C1, of one character in a string, and of one that shows nothing in a sequence;
    `passed`, as in brackets, is what is passed over right behind ESC, too.
    """
    esc = rf"\x1b[{WITHIN}{passed}]*"

    def of(csi: str, osc: str, string: str) -> Escapes:
        sequence, command, other = (
            rf"{csi}(?:[ -?{WITHIN}]|{silent})*",
            rf"{osc}{content(_BEL)}*",
            rf"{string}{content('')}*",
        )
        ends = rf"[\x18\x1a]|{c1(_ST)}"
        return Escapes(
            rf"{sequence}|{command}|{other}", rf"{sequence}[@-~\x18\x1a]|{command}(?:\x07|{ends})|{other}(?:{ends})"
        )

    long = of(rf"{esc}\[", rf"{esc}\]", rf"{esc}[PX^_]")
    title = rf"{esc}k{content('0-9')}*"
    by_esc = Escapes(
        rf"(?:{long.begun}|{title}|{esc}[ -/][ -/{WITHIN}{passed}]*|{esc})",
        rf"(?:{_palette(esc)}|{long.whole}|{title}(?:[\x18\x1a]|{c1(_ST)})|{_without_parameters(esc, passed)})",
    )
    by_c1 = of(c1(_CSI), c1(_OSC), c1(_STRINGS))
    return by_esc, Escapes(rf"(?:{by_c1.begun})", rf"(?:{by_c1.whole})")


#: What of these a terminal passes over in a sequence, and does not end it: what is silent beyond ASCII.
_SILENT_WITHIN = "[\x80-\x84\x86-\x8c\x8e\x8f\x91-\x97\x99\x9a\xad\u034f\u200b-\u200f\u2060-\u2065\ufe00-\ufe0f\ufeff]"
_by_esc, _by_c1 = escapes(
    lambda some: f"[{some}]", lambda ends: rf"[^{ends}\x18\x1a\x1b\x1f\x9c{BEGINS}]", _SILENT_WITHIN
)
#: What is given up where another one begins belongs to that: `ESC \` ends a string so.
ESCAPE = rf"(?:(?:{_by_esc.begun}|{_by_c1.begun})*(?:{_by_esc.whole}|{_by_c1.whole}))"
#: One by itself, for Python's `re`, which would go back over a chain of them.
LONE_ESCAPE = (
    rf"(?:{_ESC}k[^0-9\x18\x1a\x1b\x1f\x9c{BEGINS}]*(?=\x1b\\)|{_by_esc.whole}|{_by_c1.whole}"
    rf"|(?:{_by_esc.begun}|{_by_c1.begun})(?=[\x1b{BEGINS}]))"
)
#: All of C1 but NEL and RI, which move the cursor. Terminals without C1 show nothing of IND, which ECMA-48 no longer
#: has, or of what begins a sequence or a string either.
_SILENT_C1 = r"\x80-\x84\x86-\x8c\x8e-\x9f"
#: Letters and symbols that are blank: fillers of Hangul, braille without dots, a note without its head.
BLANK = "\u115f\u1160\u2800\u3164\uffa0\U0001d159"
#: Not assigned, and ignored by whoever knows them not (Unicode, Default_Ignorable_Code_Point).
_IGNORED = "\u2065\ufff0-\ufff8\U000e0000-\U000e0fff"
#: Shows nothing, or is overwritten: escape sequences, format characters, combining marks, a character taken back by
#: backspace, and the space and carriage return with which readline wraps a line.
_SILENT_ITSELF = rf"[{SILENT_C0}{_SILENT_C1}{BLANK}{_IGNORED}\p{{Cf}}\p{{Mn}}\p{{Me}}]|[!-~]\x08| \r"
NOISE = rf"(?:{ESCAPE}|{_SILENT_ITSELF})"
_BEYOND = r"\x{80}-\x{10ffff}"
_wide_esc, _wide_c1 = escapes(
    lambda some: f"[{some}]", lambda ends: rf"[^{ends}\x18\x1a\x1b\x1f]", f"[{_BEYOND}]", _BEYOND
)
#: The same for terminals that give a sequence up at what is not ASCII, or go on, and where what moves the cursor or
#: parts fields shows nothing either.
ANY_NOISE = (
    rf"(?:(?:{_wide_esc.begun}|{_wide_c1.begun})*(?:{_wide_esc.whole}|{_wide_c1.whole})"
    rf"|(?:{_wide_esc.begun}|{_wide_c1.begun})+[{_BEYOND}]|[\x01\x1c-\x1e\x85\x8d]|{_SILENT_ITSELF})"
)

SPACE = r"[\p{Zs}]"
MARK = r"[-.\p{Pd}\x{2212}·•_/+\r]"
#: One break between groups of digits, also as it stands in URLs and HTML.
SEPARATOR = rf"(?:{SPACE}?{MARK}{SPACE}?|{SPACE}|%2[0Dd]|&nbsp;)"
#: What may stand between two digits of one number.
GAP = rf"{NOISE}*(?:{SEPARATOR}{NOISE}*)?"

#: The forms that programs put into text, for words; of the rarer ones random bytes are full.
COMMON_ESCAPE = (
    rf"\x1b(?:[{WITHIN}]*\[[ -?{WITHIN}]*[@-~\x18\x1a]"
    r"|\][^\x07\x18\x1a\x1b\x1f]*(?:[\x07\x18\x1a]|\x1b\\)|[()][0-9A-Z])"
)
#: What may stand in a word: of what is silent beyond ASCII, and the short sequences.
_SILENT_IN_WORD = (
    rf"(?:[{_SILENT_C1}\xad\x{{34f}}\x{{200b}}-\x{{200f}}\x{{2060}}-\x{{2065}}\x{{fe00}}-\x{{fe0f}}\x{{feff}}]"
    rf"|{_SHORT})"
)
_NAME = r"A-Za-z0-9._%+-"
#: Whether words are worth reading without what hides them, RE2 over UTF-8. Random bytes are full of the rarer kinds:
#: those count behind a letter, and what is silent by itself only beside an @.
HIDES = (
    rf"(?:{COMMON_ESCAPE}|[@{_NAME}](?:"
    rf"\x1b[{WITHIN}]*(?:\[[ -?{WITHIN}]*)?\x1b|\x1b[{WITHIN}]*[]PX^_][^\x1b\x1f]*[\x18\x1a\x1b\x9c]"
    rf"|\x9b[ -?{WITHIN}]*[@-~\x18\x1a\x1b]|[\x90\x98\x9d-\x9f][^\x1b\x1f]*[\x07\x18\x1a\x1b\x9c])"
    rf"|[{_NAME}]{_SILENT_IN_WORD}+[{_NAME}]*@|@[{_NAME}]*{_SILENT_IN_WORD}+[{_NAME}])"
)


def may_hide(data: bytes) -> bool:
    """Whether there is anything that the text without it has not: for words that are rare by themselves."""
    return any(each.search(data) is not None for each in _any)


def _hiding() -> "list[re.Pattern[bytes]]":
    """Escape sequences of any kind and what is silent beyond ASCII, by their first byte: so each is found quickly."""
    by_esc, by_c1 = escapes(
        lambda some: rf"\xc2[{some}]",
        lambda ends: rf"(?:[^{ends}\x18\x1a\x1b\x1f\xc2]|\xc2(?![\x9c{BEGINS}]))",
        r"(?:\xc2[\x80-\x84\x86-\x8c\x8e\x8f\x91-\x97\x99\x9a\xad]|\xcd\x8f|\xe2\x80[\x8b-\x8f]|\xe2\x81[\xa0-\xa5]"
        r"|\xef\xb8[\x80-\x8f]|\xef\xbb\xbf)",
    )
    next_one = rf"(?=\x1b|\xc2[{BEGINS}])"
    patterns = (
        rf"{by_esc.whole}|{by_esc.begun}{next_one}",
        rf"{by_c1.whole}|{by_c1.begun}{next_one}|\xc2[\x80-\x84\x86-\x8c\x8e-\x9f\xad]",
        r"\xcd\x8f",
        r"\xe2\x80[\x8b-\x8f]|\xe2\x81[\xa0-\xa5]",
        r"\xef\xb8[\x80-\x8f]|\xef\xbb\xbf",
    )
    return [re.compile(each.encode()) for each in patterns]


_common = [re.compile(COMMON_ESCAPE.encode())]
_short = [re.compile(rf"{COMMON_ESCAPE}|{_SHORT}|\xc2\x9b[ -?{WITHIN}]*[@-~\x18\x1a]".encode("latin-1"))]
_any = _hiding()
_unseen = re.compile(rf"{LONE_ESCAPE}| \r")
_string = re.compile(rf"\x1b[{WITHIN}]*[]PX^_k]|[\x90\x98\x9d-\x9f]")
_blank = re.compile(f"[{BLANK}{_IGNORED}]")
_written_out = re.compile(r"%2[0Dd]|&nbsp;")
#: Characters that begin nothing longer.
_SINGLE = frozenset(map(chr, range(0x7F))) - frozenset("\x1b %&")
_SILENT = frozenset({"Cf", "Mn", "Me", "Cc"})
_PLAIN = bytes(range(0x20, 0x7F)).translate(None, b"%&")
_group = re.compile(rb"[0-9]+")
_NO_DIGITS = bytes(code for code in range(0x100) if code not in b"0123456789")
#: What is longer is read in another way: a list of places takes a hundred bytes for each digit.
_LONG_RUN_BYTES = 4096
_digits = re.compile(r"[0-9]+")
_ASCII_DIGITS = frozenset("0123456789")

#: A character as it stands on the line: itself, and its byte offsets (start, end) in the data.
_Seen = tuple[str, int, int]


class Run(NamedTuple):
    """Digits as seen, in groups."""

    #: ASCII, all groups joined.
    digits: bytes
    #: Byte offsets (start, end) of each digit in the scanned data.
    places: Sequence[tuple[int, int]]
    #: Where each group begins in `digits`, and at last their number.
    groups: Sequence[int]
    #: What stands before each group but the first, without noise.
    separators: list[str]
    #: Byte offsets of digits that were overwritten, in order; hidden with the others if the run is.
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
    moves = each_piece(copied(data, start, end), lambda piece: piece.translate(None, _PLAIN))
    if not moves:
        return _parse_plain(data, start, end)
    text = data[start:end].decode("utf-8", "surrogateescape")
    line, gone = _typed(text, start) if b"\b" in moves or b"\r" in moves else (_pieces(text, start), [])
    digits = bytearray()
    places: list[tuple[int, int]] = []
    groups: list[int] = []
    separators: list[str] = []
    seams: list[int] = []
    between = ""
    for piece, first, past in line:
        plain = piece[0] in _ASCII_DIGITS
        if not plain and unicodedata.digit(piece[0], -1) < 0:
            between += piece
            continue
        if between or not places:
            groups.append(len(digits))
            separators.append(between)
            between = ""
        elif first != places[-1][1]:
            seams.append(len(digits))
        if plain:
            digits += piece.encode()
            places += zip(range(first, past), range(first + 1, past + 1), strict=True)
        else:
            digits.append(0x30 + unicodedata.digit(piece))
            places.append((first, past))
    groups.append(len(digits))
    overwritten = sorted((first, past) for character, first, past in gone if unicodedata.digit(character[0], -1) >= 0)
    return Run(bytes(digits), places, groups, separators[1:], overwritten, seams, noisy=True)


def _parse_plain(data: bytes, start: int, end: int) -> Run:
    """The same for printable ASCII, which nearly every run is, several times faster."""
    if end - start > _LONG_RUN_BYTES:
        return _parse_long(data, start, end)
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


class _Beside(Sequence[tuple[int, int]]):
    """Places of digits that are beside each other in their groups, made when they are asked for."""

    def __init__(self, groups: Sequence[int], starts: Sequence[int]) -> None:
        """`groups` as Run has them, and where each is in the data."""
        self._groups = groups
        self._starts = starts

    def __len__(self) -> int:
        return self._groups[-1]

    @overload
    def __getitem__(self, index: int) -> tuple[int, int]: ...
    @overload
    def __getitem__(self, index: slice) -> list[tuple[int, int]]: ...
    def __getitem__(self, index: int | slice) -> tuple[int, int] | list[tuple[int, int]]:
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(len(self)))]
        place = range(len(self))[index]
        group = bisect_right(self._groups, place) - 1
        at = self._starts[group] + place - self._groups[group]
        return at, at + 1


def _parse_long(data: bytes, start: int, end: int) -> Run:
    """The same for rows of numbers that have no end, in a few bytes for each digit."""
    groups, starts = array("L"), array("L")
    separators: list[str] = []
    count, last = 0, start
    for match in _group.finditer(data, start, end):
        first, past = match.span()
        groups.append(count)
        starts.append(first)
        separators.append(data[last:first].decode("ascii"))
        count += past - first
        last = past
    groups.append(count)
    digits = each_piece(copied(data, start, end), lambda piece: piece.translate(None, _NO_DIGITS))
    return Run(digits, _Beside(groups, starts), groups, separators[1:], [], [], noisy=False)


def _typed(text: str, offset: int) -> tuple[list[_Seen], list[_Seen]]:
    """Play `text` on a line of a terminal: what stands there at the end, and what was overwritten."""
    line: list[_Seen] = []
    gone: list[_Seen] = []
    cursor = at = 0
    while at < len(text):
        piece = text[at]
        if piece in _SINGLE:
            unseen, past = None, offset + 1
        else:
            unseen = _unseen.match(text, at)
            written = unseen or _written_out.match(text, at)
            piece = written.group() if written else piece
            past = offset + len(piece.encode("utf-8", "surrogateescape"))
        if piece == "\b" or (unseen and not _string.match(piece)):
            cursor = max(0, cursor - piece.count("\b"))
        elif not unseen and (piece == "\r" or not _is_silent(piece[0])):
            if cursor < len(line):
                gone.append(line[cursor])
            line[cursor : cursor + 1] = [(piece, offset, past)]
            cursor += 1
        at += len(piece)
        offset = past
    return line, gone


def _pieces(text: str, offset: int) -> Iterator[_Seen]:
    """The same for text in which nothing moves the cursor back; ASCII's digits beside each other in one piece."""
    at = 0
    while at < len(text):
        if unbroken := _digits.match(text, at):
            piece, seen = unbroken[0], True
        else:
            unseen = _unseen.match(text, at)
            written = unseen or _written_out.match(text, at)
            piece = written[0] if written else text[at]
            seen = not unseen and not _is_silent(piece[0])
        past = offset + len(piece.encode("utf-8", "surrogateescape"))
        if seen:
            yield piece, offset, past
        at += len(piece)
        offset = past


def _is_silent(character: str) -> bool:
    if character < "\x7f":
        return character < " "
    return unicodedata.category(character) in _SILENT or _blank.match(character) is not None


class NormalisedView:
    """Text without its escape sequences, and the way back to it: `grep --color` puts them into the middle of words.

    A `border`, of one byte, stands in the place of each: programs that draw a screen put them between words. Without
    one, whatever shows nothing is left out; with one, the rarer kinds stay, because a word may stand in them. The
    short sequences are among those, as a word may begin with what ends one, unless `short`.
    """

    def __init__(self, data: bytes, start: int, border: bytes = b"", *, short: bool = False) -> None:
        self._data = data
        self._escapes = _any if not border else _short if short else _common
        #: Offsets in the text and in the data where a piece between two escape sequences begins.
        self._in_text: list[int] = []
        self._in_data: list[int] = []
        pieces: list[bytes] = []
        at = length = 0
        self.start = 0
        for first, past in [*self._left_out(0, len(data)), (len(data), len(data))]:
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
        kept = b"".join([self._data[begun:ended] for begun, ended in self._left_out(first, past)])
        return Edit(first, past, edit.replacement + kept, edit.kind)

    def _left_out(self, first: int, past: int) -> list[tuple[int, int]]:
        """What of data[first:past] the text has not, as offsets; of two that overlap the first."""
        found = sorted(match.span() for each in self._escapes for match in each.finditer(self._data, first, past))
        kept: list[tuple[int, int]] = []
        for begun, ended in found:
            if not kept or begun >= kept[-1][1]:
                kept.append((begun, ended))
        return kept

    def _past(self, in_text: int) -> int:
        """Where what ends here in the text ends in the data: of an escape sequence nothing is left over."""
        piece = bisect_right(self._in_text, in_text) - 1
        if self._border and self._in_text[piece] == in_text:
            return self._in_data[piece]
        return self._offset(in_text - 1) + 1

    def _offset(self, in_text: int) -> int:
        piece = bisect_right(self._in_text, in_text) - 1
        return self._in_data[piece] + in_text - self._in_text[piece]
