"""What recognising one sensitive value yields, and what every detector searches with.

Words only: the detectors find, `rules` decides which of them run, and neither is known here.
"""

import codecs
from typing import NamedTuple

import re2

from proxy.pieces import PIECE_BYTES, each_piece, joined, pieces

#: What a value is replaced with when none of it may be shown.
REDACTED = "***"

#: Stands between cells that are scanned together (ASCII's unit separator). Nothing is ever found across it.
CELL_BORDER = b"\x1f"
#: The separator that stands for one in text, which has no cells: there it may be part of a title.
_NO_BORDER = b"\x1e"

#: Room for RE2's automaton. It is built as the data asks for, and falls back to a slower search when full.
_MEMORY_BYTES = 64 << 20


#: Changes "?", which `replace` puts for a byte that is no UTF-8, with NUL, and back.
_SWAPPED = bytes.maketrans(b"?\0", b"\0?")


class Edit(NamedTuple):
    """One replacement: bytes `start` to `end` (exclusive) of the scanned data become `replacement`."""

    start: int
    end: int
    replacement: bytes
    #: What is counted: an entity's value.
    kind: str
    #: The replacement has as many characters as the original, and each stands for the one at its place.
    aligned: bool = False
    #: More of the value that was replaced before it, which was counted.
    is_part: bool = False


def re2_options(*, over_bytes: bool = False) -> re2.Options:
    """Options for searching UTF-8, or bytes of any kind; no groups, which would take RE2's slow way."""
    options = re2.Options()
    options.max_mem = _MEMORY_BYTES
    options.never_capture = True
    options.log_errors = False
    if over_bytes:
        options.encoding = re2.Options.Encoding.LATIN1
    return options


def without_borders(text: bytes) -> bytes:
    """Text to be searched, of the same length, with what is no border of cells as what it shows as."""
    if CELL_BORDER not in text:
        return text
    return each_piece(text, lambda piece: piece.replace(CELL_BORDER, _NO_BORDER))


def without_broken(text: bytes) -> bytes:
    """Text of the same length with a NUL for each byte that is no UTF-8: tmux and xterm.js show nothing of it."""
    if _is_utf8(text):
        return text
    if len(text) <= PIECE_BYTES:
        return _shown(text.translate(_SWAPPED).decode("utf-8", "surrogateescape"))
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    swapped = (bytes(piece).translate(_SWAPPED) for piece in pieces(text))
    return joined([*(_shown(decoder.decode(piece)) for piece in swapped), _shown(decoder.decode(b"", final=True))])


def _shown(text: str) -> bytes:
    return text.encode("utf-8", "replace").translate(_SWAPPED)


def _is_utf8(text: bytes) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")() if len(text) > PIECE_BYTES else None
    try:
        if decoder is None:
            text.decode()
        else:
            for piece in pieces(text):
                decoder.decode(piece)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
