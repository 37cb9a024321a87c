"""The readings of a text in which terminals see numbers: what one takes for the end of a sequence another passes over.

Each is as long as the text, with NUL or CAN for each byte that shows nothing in that reading, so that places in one are
places in the text. What `normalise` reads in all of them alike stays as it is.
"""

import re
from collections.abc import Iterator

from proxy.masking.normalise import BEGINS, WITHIN

#: Shown as nothing, and what parts the fields of records. US stands between cells: text has RS in its place.
_SEPARATORS = b"\x01\x1c\x1d\x1e"
_unseparated = bytes.maketrans(_SEPARATORS, b"\0" * len(_SEPARATORS))
_ascii = bytes(code if code < 0x80 else 0 for code in range(0x100))
#: Backspace is obeyed wherever it stands in a sequence.
_blank = bytes(8 if code == 8 else 0 for code in range(0x100))

_ESC = rf"\x1b[{WITHIN}]*+"
#: Parameters in order. Controls may be of any of its parts: it gives nothing back, for that would be tried in all ways.
_HEAD = rf"[{WITHIN}]*+[<-?]?+[0-;{WITHIN}]*+[ -/{WITHIN}]*+"
#: Ends what is begun and is gone with it. NEL and RI move the cursor, and what begins another is for that to say.
_C1 = rf"\xc2[\x80-\x84\x86-\x8c\x8e-\x9f](?<![{BEGINS}])"
_OTHER = r"(?:\xc2[\xa0-\xbf]|[\xc3-\xf4][\x80-\xbf]++)"
_BEYOND = rf"(?:{_C1}|{_OTHER})"
#: As xterm.js has it: gives up, at what is not ASCII, all but commands and what is past the head of a DCS string;
#: these at C1. A sequence with parameters in the wrong order goes on to its end.
_given_up = re.compile(
    (
        rf"(?:{_ESC}(?:\[{_HEAD}|[ -/][ -/{WITHIN}]*+|P{_HEAD}"
        r"|[X^_][^\x18\x1a\x1b\x1f\x80-\xff]*+)?"
        rf"|\xc2(?:\x9b{_HEAD}|\x90{_HEAD}"
        rf"|[\x98\x9e\x9f][^\x18\x1a\x1b\x1f\x80-\xff]*+)){_BEYOND}"
        rf"|(?:{_ESC}\]|\xc2\x9d)(?:[^\x07\x18\x1a\x1b\x1f\xc2]|\xc2[\xa0-\xbf])*+{_C1}"
        rf"|(?:{_ESC}P|\xc2\x90)(?:[^\x18\x1a\x1b\x1f\xc2]|\xc2[\xa0-\xbf])*+{_C1}"
        rf"|(?:{_ESC}\[|\xc2\x9b)(?:[ -?{WITHIN}]|{_OTHER})*+{_C1}"
        rf"|({_ESC}\[|\xc2\x9b)((?:[ -?{WITHIN}]|{_OTHER})*+)"
    ).encode("latin-1")
)
_any_c1 = re.compile(rb"\xc2[\x80-\x9f]")
#: As tmux has it: within sequences and strings nothing counts but ASCII, and NEL and RI move nothing.
_gone_on = re.compile(
    (
        rf"\x1b[{WITHIN}\x80-\xff]*(?:\[[ -?{WITHIN}\x80-\xff]*|[ -/][ -/{WITHIN}\x80-\xff]*|\][^\x07\x18\x1a\x1b\x1f]*"
        r"|[PX^_k][^\x18\x1a\x1b\x1f]*)?|\xc2[\x85\x8d]"
    ).encode("latin-1")
)


def readings(text: bytes) -> Iterator[bytes]:
    """`text`, which is UTF-8, and whatever else it may be read as; each is given once."""
    yield text
    plain = text
    if any(separator in text for separator in _SEPARATORS):
        plain = text.translate(_unseparated)
        yield plain
    if plain.isascii() or (b"\x1b" not in plain and _any_c1.search(plain) is None):
        return
    given_up = _given_up.sub(_without, plain)
    if given_up != plain:
        yield given_up
    gone_on = _gone_on.sub(lambda found: found[0].translate(_ascii), plain)
    if gone_on not in (plain, given_up):
        yield gone_on


def _without(found: re.Match[bytes]) -> bytes:
    if found[1] is not None:
        return found[1] + found[2].translate(_ascii)
    # CAN, as it ends what was begun before it and is given up, too.
    return b"\x18" + found[0][1:].translate(_blank)
