"""Private keys in PEM: RFC 7468, OpenSSH's and PGP's.

Without an END line a key lasts as long as what follows could be one. A key may be longer than
what a stream holds back: once its first part was replaced, the rest is discarded. Of what terminals
read otherwise than each other, the reading counts that hides more.
"""

import re
from collections.abc import Iterator

from access.policy.entities import Entity
from proxy.lazily import Lazily
from proxy.masking.detector import Detector
from proxy.masking.discard import CONTEXT
from proxy.masking.edits import CELL_BORDER, REDACTED, Edit
from proxy.masking.normalise import BEGINS

#: Longest body of a private key, in characters that show: RSA of 16384 bits has about 12,700, more if it is indented.
_MAX_BODY = 65536
#: Longest control string that is passed over, and longest end of a key that waits for what follows it, in bytes.
_MAX_STRING = 4096
_MAX_PENDING = 2 * _MAX_STRING
#: Most sequences, and runs of what does not show, between two letters of a BEGIN or END line.
_MAX_BETWEEN = 16
#: Letters of an armour's name before PRIVATE KEY.
_MAX_ARMOUR = 30

#: Tools and terminals put these anywhere into a key: controls, what is not ASCII, sequences and strings.
_SILENT = r"[\x00-\x08\x0e-\x1a\x1c-\x1e\x7f]"
_BEYOND = r"[\x80-\xff]"
_C1 = rf"\xc2[{BEGINS}]"
#: Controls that sequences pass over or obey; and, as tmux has it, what is not ASCII.
_CONTROLS = r"\x00-\x17\x19\x1c-\x1e\x7f"
_WITHIN = rf"{_CONTROLS}\x80-\xff"
#: In a sequence that C1 begins: another one ends it, and a string ends at ST.
_IN_C1 = rf"[\x80-\xc1\xc3-\xff]|\xc2(?![{BEGINS}\x9c])"

#: Sequences: all of one but its end, and that.
_Sequences = tuple[tuple[str, str], ...]


def _string(begun: str, inner: str, end: str) -> tuple[str, str]:
    """A control string; of one that is too long what stands behind is shown."""
    return rf"{begun}(?:{inner}){{0,{_MAX_STRING}}}+", rf"{end}|(?={inner})"


_BY_C1: _Sequences = (
    (rf"\xc2\x9b(?:[ -?{_CONTROLS}]|{_IN_C1}|\xc2\x9c)*+", r"[@-~\x18\x1a]"),
    _string(r"\xc2\x9d", rf"[^\x07\x18\x1a\x1b\x1f\x80-\xff]|{_IN_C1}", r"[\x07\x18\x1a]|\xc2\x9c"),
    _string(r"\xc2[\x90\x98\x9e\x9f]", rf"[^\x18\x1a\x1b\x1f\x80-\xff]|{_IN_C1}", r"[\x18\x1a]|\xc2\x9c"),
)
#: Those that ESC begins, as long as any terminal takes them to be.
_ESC = rf"\x1b[{_WITHIN}]*+"
_LONGEST: _Sequences = (
    (rf"{_ESC}\[[ -?{_WITHIN}]*+", r"[@-~\x18\x1a]"),
    (rf"{_ESC}[ -/][ -/{_WITHIN}]*+", r"[0-~\x18\x1a]"),
    _string(rf"{_ESC}\]", r"[^\x07\x18\x1a\x1b\x1f]", r"[\x07\x18\x1a]"),
    _string(rf"{_ESC}[PX^_k]", r"[^\x18\x1a\x1b\x1f]", r"[\x18\x1a]"),
    (_ESC, r"[0-OQ-WYZ\\`-jl-~\x18\x1a]"),
)
#: And as short: given up at what is not ASCII, titles of screen unknown, but the palette of Linux known.
_ESC_ALONE = rf"\x1b[{_CONTROLS}]*+"
_SHORTEST: _Sequences = (
    (rf"{_ESC_ALONE}\]", "R|P[0-9A-Fa-f]{7}"),
    (rf"{_ESC_ALONE}\[[ -?{_CONTROLS}]*+", rf"[@-~\x18\x1a]|{_BEYOND}"),
    (rf"{_ESC_ALONE}[ -/][ -/{_CONTROLS}]*+", rf"[0-~\x18\x1a]|{_BEYOND}"),
    _string(rf"{_ESC_ALONE}\]", r"[^\x07\x18\x1a\x1b\x1f\xc2]|\xc2[\xa0-\xbf]", r"[\x07\x18\x1a]|\xc2[\x80-\x9f]"),
    _string(rf"{_ESC_ALONE}[PX^_]", r"[^\x18\x1a\x1b\x1f\x80-\xff]", rf"[\x18\x1a]|{_BEYOND}"),
    (_ESC_ALONE, rf"[0-OQ-WYZ\\`-~\x18\x1a]|{_BEYOND}"),
)
_SEQUENCE_BEGUN = "|".join(begun for begun, _ in (*_LONGEST, *_BY_C1))
#: Where all ends; cells end at US.
_AT_END = r"(?=\x1f|\Z)"


def _sequences(at_end: str = "", by_esc: _Sequences = _LONGEST) -> str:
    """Sequences to their end, to the next one, or `at_end`: what may follow one that is unfinished."""
    ends = rf"(?=\x1b|{_C1})" + (at_end and f"|{at_end}")
    return "|".join(rf"{begun}(?:{end}|{ends})" for begun, end in (*by_esc, *_BY_C1))


def _colours(at_end: str = "") -> str:
    return rf"(?:{_sequences(at_end)}|{_SILENT})*+"


_SILENT_RUN = rf"(?:{_SILENT}|(?!{_C1}){_BEYOND}| \r)++"


def _between(sequences: str) -> str:
    """What may stand between the letters of a BEGIN or END line; readline wraps a line by a space and CR.

    So many sequences and no more: else each of many beginnings would be read to the end of all of them.
    """
    return rf"(?:{sequences}|{_SILENT_RUN}){{0,{_MAX_BETWEEN}}}+"


_UNSEEN = _between(_sequences())


def _spelled(word: str, between: str = _UNSEEN) -> str:
    """A word of a BEGIN or END line, with what is not seen behind each of its letters but the last."""
    return between.join(word)


def _begun(word: str, rest: str = "", between: str = _UNSEEN) -> str:
    """The first letters of a word, or all of it and the `rest`."""
    pattern = rest
    for letter in reversed(word):
        pattern = rf"(?:{between}{letter}{pattern})?"
    return pattern


def _first_line(between: str) -> str:
    armour, block = rf"(?:{between}[A-Z0-9 ]){{0,{_MAX_ARMOUR}}}?", rf"(?:{between}{_spelled(' BLOCK', between)})?"
    words = [_spelled(word, between) for word in ("-----BEGIN ", "PRIVATE KEY", "-----")]
    return rf"{words[0]}{armour}{between}{words[1]}{block}{between}{words[2]}"


_ARMOUR = rf"(?:{_UNSEEN}[A-Z0-9 ]){{0,60}}"
_DASHES = _spelled("-----")
_BEGIN = rf"(?:{_first_line(_UNSEEN)}|{_first_line(_between(_sequences(by_esc=_SHORTEST)))})"
_MARK = _spelled("-----END ")
_SEEN = rf"(?!{_C1})[A-Za-z0-9+/=\s\\:,.\x80-\xff-]"
#: One of a key's body, and one that stays one whatever follows.
_CHARACTER = rf"(?:{_colours(_AT_END)}(?!{_MARK}){_SEEN})"
_CERTAIN = rf"(?:{_colours()}(?!{_MARK}|-{_begun('----END ')}{_UNSEEN}(?:{_SEQUENCE_BEGUN}| )?\Z){_SEEN})"
#: To its END line, of which the last dashes are a group, or what of that is there where all ends.
_ALL_OF_IT = rf"{_begun('----')}{_between(_sequences(_AT_END))}{_AT_END}"
_ENDED = rf"{_colours(_AT_END)}(?:{_MARK}{_ARMOUR}(?:{_UNSEEN}({_DASHES})|{_ALL_OF_IT}))?"

#: How a line of a key begins again behind other signs: by so many of its letters, also as addresses and pages write
#: them, by a few with what fills up the last line, or by its END line.
_LETTER = rb"(?:[A-Za-z0-9+/=]|%[0-9A-Fa-f]{2}|&#x?[0-9A-Fa-f]{1,4};)"
_line = Lazily(
    _LETTER
    + rb"{20,}+|[A-Za-z0-9+/]{2,}={1,2}(?![A-Za-z0-9+/=])|"
    + rf"{_MARK}{_ARMOUR}{_UNSEEN}{_DASHES}".encode("latin-1")
)
_LINE_BYTES = 20 * len(b"&#xffff;")
#: Most bytes of other signs between two lines of a key.
MAX_SIGNS = 512

_behind_begin = Lazily(rf"{_CHARACTER}{{0,{_MAX_BODY}}}+{_ENDED}".encode("latin-1"))
_line_begun = Lazily(_LETTER + rb"{0,20}+")
_rest = Lazily(_line_begun.pattern + rf"{_CHARACTER}{{0,{_MAX_BODY}}}+{_ENDED}".encode("latin-1"))
_begin = Lazily(_BEGIN.encode("latin-1"))
#: What `_begin` reads between two letters, one by one.
_readings = [
    Lazily(rf"{sequences}|{_SILENT_RUN}".encode("latin-1"))
    for sequences in (_sequences(), _sequences(by_esc=_SHORTEST))
]
#: What a BEGIN line has at least, up to where its next letter may be another one than stands there.
_NOT_SEEN = r"(?:[\x00-\x08\x0e-\x1e\x7f-\xff]| \r)"
_LABEL = rf"[A-Z0-9 ]{{0,{_MAX_ARMOUR}}}PRIVATE KEY(?: BLOCK)?"


def _worth(word: str, rest: str) -> str:
    for letter in reversed(word):
        rest = rf"(?:{letter}{rest}|{_NOT_SEEN})"
    return rest


_LABELLED = rf"(?:{_LABEL}-|[A-Z0-9 ]*+(?:{_NOT_SEEN}|\r))"
_dash = Lazily(rf"-(?={_worth('----BEGIN ', _LABELLED)})".encode("latin-1"))
_label = re.compile(_LABEL.encode())
_LETTERS = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ")
_MAX_LABEL = _MAX_ARMOUR + len("PRIVATE KEY BLOCK")
_SEEN_BYTES = frozenset(range(0x21, 0x7F))
#: A dash is looked for in so many bytes at once, and so many of them say whether it is worth more.
_SEARCHED_BYTES = 64 * 1024
_DASH_BYTES = 128
#: Ends that are remembered; those before a dash are asked for no more.
_MAX_REMEMBERED = 4096
_opening = Lazily(_spelled("-----BEGIN ").encode("latin-1"))
_silent = Lazily(rf"(?:{_sequences(_AT_END)}|{_SILENT})++".encode("latin-1"))
_body = Lazily(rf"{_CERTAIN}*+{_colours()}".encode("latin-1"))
_end = Lazily(rf"{_MARK}{_ARMOUR}{_UNSEEN}{_DASHES}".encode("latin-1"))
_ended = Lazily(rf"{_CHARACTER}*+{_ENDED}".encode("latin-1"))
#: The first bytes of "-----END RSA PRIVATE KEY-----", or of a sequence.
_end_begun = Lazily(
    rf"(?:-{_begun('----END ', _ARMOUR + _begun('-----'))}{_UNSEEN})?(?:{_SEQUENCE_BEGUN}| )?\Z".encode("latin-1")
)


class _Reading:
    """The letters that are seen in data, in one reading of its sequences, each of which is read once."""

    def __init__(self, data: bytes, unseen: re.Pattern[bytes]) -> None:
        self._data = data
        self._unseen = unseen
        #: Where a sequence, and where all of them, that begin at a place end.
        self._ends: dict[int, int] = {}
        self._letters: dict[int, int] = {}

    def line(self, at: int) -> int | None:
        """Where the BEGIN line ends that begins at `at`, if one does."""
        return self._word(b"-----", self._label(self._word(b"-----BEGIN ", at)))

    def _word(self, word: bytes, at: int | None) -> int | None:
        for letter in word:
            if at is None or (at := self._letter(at)) >= len(self._data) or self._data[at] != letter:
                return None
            at += 1
        return at

    def _label(self, at: int | None) -> int | None:
        if at is None:
            return None
        letters = bytearray()
        past = at
        while (at := self._letter(past)) < len(self._data) and self._data[at] in _LETTERS:
            if len(letters) == _MAX_LABEL:
                return None
            letters.append(self._data[at])
            past = at + 1
        return past if _label.fullmatch(letters) else None

    def _letter(self, at: int) -> int:
        """Where the next letter is seen, or what is no letter stands."""
        if at >= len(self._data) or self._data[at] in _SEEN_BYTES:
            return at
        letter = self._letters.get(at)
        if letter is None:
            if len(self._letters) == _MAX_REMEMBERED:
                self._letters.clear()
            letter = self._letters[at] = self._behind_unseen(at)
        return letter

    def _behind_unseen(self, at: int) -> int:
        for _ in range(_MAX_BETWEEN):
            past = self._ends.get(at)
            if past is None:
                if len(self._ends) == _MAX_REMEMBERED:
                    self._ends.clear()
                unseen = self._unseen.match(self._data, at)
                past = self._ends[at] = at if unseen is None else unseen.end()
            if past == at:
                break
            at = past
        return at


class _BeginLines:
    """Finds what `_begin` does, in no more time than the bytes take to be read, and others take turns with it.

    One search would read the same sequences behind each of many beginnings, and nothing else would run meanwhile.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._readings = [_Reading(data, unseen.compiled) for unseen in _readings]

    def behind(self, at: int) -> tuple[int, int] | None:
        """Where the first line begins that does not begin before `at`, and where it ends."""
        while at < len(self._data):
            limit = at + _SEARCHED_BYTES
            dash = _dash.compiled.search(self._data, at, limit)
            if dash is None:
                at = limit if limit >= len(self._data) else limit - _DASH_BYTES
                continue
            for reading in self._readings:
                if (past := reading.line(dash.start())) is not None:
                    return dash.start(), past
            at = dash.end()
        return None


def _find(data: bytes, start: int, _shown: int, replacement: bytes | None) -> Iterator[Edit]:
    """Keys in data[start:]; the last dashes of one may be the first of the next."""
    form = REDACTED.encode() if replacement is None else replacement
    lines = _BeginLines(data)
    while (line := lines.behind(start)) is not None:
        first, past = line
        match = _behind_begin.compiled.match(data, past)
        if match is None:
            return
        yield Edit(first, match.end(), form, Entity.PRIVATE_KEY.value)
        start = match.end() if match[1] is None else match.start(1)
        if match[1] is None:
            for edit in _more(data, start, replacement):
                yield edit
                start = edit.end


def _more(data: bytes, behind: int, replacement: bytes | None) -> Iterator[Edit]:
    """Lines of a key that ended at `behind` without its END line, parted by signs that a tool puts between them."""
    form = REDACTED.encode() if replacement is None else replacement
    while (line := _line_behind(data, behind)) is not None:
        rest = _rest.compiled.match(data, line)
        if rest is None:
            return
        yield Edit(*rest.span(), form, Entity.PRIVATE_KEY.value, is_part=True)
        if rest[1] is not None:
            return
        behind = rest.end()


def _line_behind(data: bytes, behind: int) -> int | None:
    """Where the next line of a key begins; None: there is none, or another key or cell begins before it."""
    at, limit = max(behind, 0), behind + MAX_SIGNS
    border = data.find(CELL_BORDER, at, limit + _LINE_BYTES)
    line = _line.compiled.search(data, at, limit + _LINE_BYTES if border < 0 else border)
    if line is None or line.start() > limit:
        return None
    key = _begin.compiled.search(data, at, line.start())
    return line.start() if key is None else None


class DiscardKey:
    """Discards a key's body and END line; `found`: all that was replaced, of which a key is the last."""

    def __init__(self, found: bytes) -> None:
        self.done = self.is_open = False
        self.last = b""
        self._pending = b""
        #: How many characters of the body may follow.
        self._room = _MAX_BODY
        last = 0
        for edit in _find(found, 0, 0, None):
            last = edit.start
        begun = _begin.compiled.match(found, last) or _line_begun.compiled.match(found, last)
        self.feed(found[begun.end() if begun is not None else last :])

    def feed(self, data: bytes) -> bytes:
        """Drop from the start of `data`; return what follows the END line, or what can be part of no key."""
        data = self._pending + data
        past = _past(_body.compiled, data)
        if _shown(data[:past]) > self._room:
            rest = rf"{_CHARACTER}{{0,{self._room}}}+{_ENDED}".encode("latin-1")
            ended = re.compile(rest).match(data)
            return self._over(
                data, ended.end() if ended is not None else 0, by_end=ended is not None and ended[1] is not None
            )
        if (end := _end.compiled.match(data, past)) is not None:
            return self._over(data, end.end(), by_end=True)
        if _end_begun.compiled.match(data, past) is None:
            return self._over(data, past)
        if len(data) - past > _MAX_PENDING:
            past = len(data)
        self._pending = data[past:]
        self._room -= _shown(data[:past])
        self._drop(data[:past])
        return b""

    def _over(self, data: bytes, past: int, *, by_end: bool = False) -> bytes:
        self.done, self.is_open = True, not by_end
        self._drop(data[:past])
        return data[past:]

    def _drop(self, data: bytes) -> None:
        """To look back at, but for BEGIN lines: no other key begins in this one."""
        self.last = _opening.compiled.sub(lambda found: found[0].lower(), self.last + data[-2 * CONTEXT :])[-CONTEXT:]

    def finish(self) -> bytes:
        """What is left when the stream ends and is no part of the key."""
        return self._over(self._pending, _past(_ended.compiled, self._pending))


def _past(pattern: re.Pattern[bytes], data: bytes) -> int:
    """Where what `pattern` matches at the beginning of `data` ends."""
    match = pattern.match(data)
    return 0 if match is None else match.end()


def _shown(body: bytes) -> int:
    """How many characters of a key's body show."""
    return len(_silent.compiled.sub(b"", body))


def prepare() -> None:
    """Compile what is used at once, for who must not be kept waiting later."""
    for each in (
        *(_behind_begin, *_readings, _dash, _line, _line_begun, _rest, _begin, _opening, _silent, _body),
        *(_end, _ended, _end_begun),
    ):
        _ = each.compiled


def _loose(pattern: str) -> str:
    """The same for RE2, which knows no possessive repetitions, and none of a thousand."""
    return pattern.replace(f"{{0,{_MAX_STRING}}}+", "*").replace("*+", "*")


#: What an unfinished BEGIN line has between its letters, at least.
_LOOSE_SEQUENCE = "|".join([*(rf"{_loose(begun)}[0-~]?" for begun, _ in _LONGEST), rf"{_C1}[^\x1b]*"])
_ANY_UNSEEN = rf"(?:{_LOOSE_SEQUENCE}|{_SILENT}|{_BEYOND}| \r)*"
_BEGIN_LINE = rf"(?:[A-Z0-9 -]|{_LOOSE_SEQUENCE}|{_SILENT}|{_BEYOND}| \r)*"

_WORDS = ("----BEGIN", "----END")

DETECTOR = Detector(
    Entity.PRIVATE_KEY,
    _find,
    hint=_spelled("-BEGIN", rf"(?:[\x1b{BEGINS}][^\x1b]*|[^\t-\r -~]| \r)*"),
    reads_escapes=True,
    unfinished=rf"-(?:{'|'.join(_begun(word, _BEGIN_LINE, _ANY_UNSEEN) for word in _WORDS)}){_ANY_UNSEEN} ?",
    goes_on=DiscardKey,
    more=_more,
)
