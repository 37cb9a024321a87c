"""A quick look at JSON text, which tells what holds nothing to mask without reading it: most of what API servers send.

It is several times as quick as reading, and errs to one side: what it calls quiet, `walk` leaves as it is. What it does
not understand is not quiet; nor is it refused here. What is quiet need be no JSON: it goes as it came, and whoever
reads it judges it.
"""

import re
from collections.abc import Collection

from proxy.kubernetes.objects.names import Names
from proxy.kubernetes.objects.places import SECRET
from proxy.kubernetes.objects.walk import APPLIED, ENCODED, OPAQUE, is_card
from proxy.masking.edits import CELL_BORDER
from proxy.masking.rules import Masker

# How it works. A text is cut at its quotes. Of the parts every other one is a string, if no quote is escaped: so
# escapes of quotes, and of backslashes before them, are replaced by control characters first, of which JSON has none.
# What a string is for is marked by more of them, so that it may be forgotten where it stood:
#
#     {"name":"a\"b","n":1}  ->  {" name‹key› "" ‹name› a‹quote›b "," n‹key› "1}
#
# Then only distinct parts are looked at, and of those only what was not seen before: objects of a list are alike. What
# stands between strings must be punctuation, literals and numbers that are no card's. A colon there, or a mark, is one
# that was misread (there was white space before it, or a string began with it where none was expected): not quiet.

_BACKSLASH, _QUOTE, _KEY, _COLON, _NAME, _APPLIED = "\x01", "\x02", "\x03", "\x04", "\x05", "\x06"
_BORDER = CELL_BORDER.decode()
_MARKS = (_BACKSLASH, _QUOTE, _KEY, _COLON, _NAME, _APPLIED)

#: Members whose values are looked at one by one, and the kind of object that is nothing else.
_LOUD = frozenset({SECRET, _NAME + SECRET, *(key + _KEY for key in (*ENCODED, "stringData", *OPAQUE))})
#: Members whose strings are marked.
_MARKED = (("name", _NAME), *((key, _APPLIED) for key in sorted(APPLIED)))
#: A string that begins with a colon, by what may stand before its quote.
_BEFORE_COLON = (":", ",", "[", "{", " ")

_SPACE = r"[ \t\r\n]*"
_LITERAL = r"(?:true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)(?![\w.+-])"
#: Between a name and its string is nothing, or one space.
_between = re.compile(rf" ?|{_SPACE}(?:(?:[{{}}\[\],]|{_LITERAL}){_SPACE})+")
_number = re.compile(r"[0-9][0-9.eE+-]*")
_ESCAPES = (
    ("\\n", "\n"),
    ("\\u003c", "<"),
    ("\\u003e", ">"),
    ("\\u0026", "&"),
    ("\\t", "\t"),
    ("\\r", "\r"),
    (_QUOTE, '"'),
)

#: So many parts are remembered, of so many characters at most; then all are forgotten.
_REMEMBERED = 8192
_LONGEST = 64


class Quiet:
    """Looks for one session, and remembers parts in which there was nothing."""

    def __init__(self, masker: Masker, names: Names) -> None:
        #: Looks without counting: what is found is masked, and counted, by others.
        self._probe = Masker(masker.rules)
        self._names = names
        self._strings: set[str] = set()
        self._gaps: set[str] = set()

    def depth(self, text: str) -> int | None:
        """If there is nothing in `text` to mask: how many more brackets are opened in it than closed; None: look."""
        if any(mark in text for mark in _MARKS):
            return None
        return self._depth(text.replace("\\\\", _BACKSLASH).replace('\\"', _QUOTE) if "\\" in text else text)

    def _depth(self, text: str) -> int | None:
        parts = _parts(text)
        if any(gap[-1:] == _KEY for gap in set(parts[::2]) - self._gaps):
            parts = _parts(_without_colons(text))
        gaps, strings = parts[::2], parts[1::2]
        if len(gaps) == len(strings):
            return None
        if not self._are_gaps(set(gaps) - self._gaps) or not self._are_quiet(set(strings) - self._strings):
            return None
        brackets = "".join(gaps)
        return brackets.count("{") + brackets.count("[") - brackets.count("}") - brackets.count("]")

    def _are_gaps(self, gaps: set[str]) -> bool:
        """Whether there is nothing between strings but what stands there in JSON, without a card's number."""
        for gap in gaps:
            if _between.fullmatch(gap) is None or any(is_card(self._probe, each) for each in _number.findall(gap)):
                return False
        _remember(self._gaps, gaps)
        return True

    def _are_quiet(self, strings: set[str]) -> bool:
        if not strings:
            return True
        if not _LOUD.isdisjoint(strings):
            return False
        applied = [string for string in strings if string[:1] == _APPLIED]
        names = [string for string in strings if string[-1:] == _KEY or string[:1] == _NAME]
        cells = _plain_each(strings.difference(applied))
        told = _plain_each(names)
        if cells is None or told is None or not all(self._is_applied(string[1:]) for string in applied):
            return False
        searched: list[bytes | None] = [*cells]
        if self._probe.cells(searched) is not searched or self._names.any_tells([name.decode() for name in told]):
            return False
        _remember(self._strings, strings)
        return True

    def _is_applied(self, string: str) -> bool:
        """Whether a string is an object, as JSON, in which there is nothing."""
        text = _plain(string)
        return text is not None and text[:1] == "{" and self.depth(text) == 0


def _parts(text: str) -> list[str]:
    """What stands between the quotes of `text`, in which none is escaped, strings marked for what they are."""
    text = text.replace('":', f'{_KEY}"')
    spaces = ("", " ") if f'{_KEY}" "' in text else ("",)
    for key, mark in _MARKED:
        for space in spaces:
            text = text.replace(f'"{key}{_KEY}"{space}"', f'"{key}{_KEY}"{space}"{mark}')
    return text.split('"')


def _without_colons(text: str) -> str:
    """The same with a mark for each colon that begins a string: behind a quote it was taken for what follows a key."""
    for before in _BEFORE_COLON:
        text = text.replace(f'{before}":', f'{before}"{_COLON}')
    return text


def _plain_each(strings: Collection[str]) -> list[bytes] | None:
    """What marked strings say, without what they are for; None if one of them cannot be told."""
    text = _plain(_BORDER.join(strings).replace(_KEY, "").replace(_NAME, ""))
    plain = [] if text is None else text.encode().split(_BORDER.encode())
    return plain if len(plain) == max(1, len(strings)) else None


def _plain(string: str) -> str | None:
    """What a marked string says, or several; None if it holds an escape that is seldom written."""
    if "\\" in string or _QUOTE in string:
        for escape, character in _ESCAPES:
            string = string.replace(escape, character)
        if "\\" in string:
            return None
    return string.replace(_COLON, ":").replace(_BACKSLASH, "\\")


def _remember(known: set[str], parts: set[str]) -> None:
    if len(known) > _REMEMBERED:
        known.clear()
    known.update(part for part in parts if len(part) <= _LONGEST and part[:1] != _APPLIED)
