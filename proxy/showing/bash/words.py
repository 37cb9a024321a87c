"""Words of a command line as their literal pieces, and how a piece is written with some of it hidden. Pure.

A piece that holds an expansion, a substitution or braces that multiply a word is *computed*: it has no text, and is
never changed.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from tree_sitter import Node

from proxy.showing.bash.changes import HIDDEN, Change, applied
from proxy.syntax.bash import inside_quotes, literal, multiplies, source, unescaped

#: Stands in a word's text for what is computed.
COMPUTED = "\x00"

#: Node types that are words, or pieces of one.
WORDS = frozenset(
    ["word", "number", "raw_string", "string", "ansi_c_string", "translated_string", "concatenation", "extglob_pattern"]
)
_CONTROL = re.compile(r"[\x01-\x1f\x7f]")
_SAFE = re.compile(r"[^\w@%+=:,./*-]")


class Quoting(Enum):
    """How a piece is quoted."""

    BARE = auto()
    SINGLE = auto()
    DOUBLE = auto()
    #: Between double quotes that hold more than it.
    INSIDE = auto()
    ANSI = auto()


@dataclass(frozen=True)
class Piece:
    """A part of a word: where it stands (bytes of the script), and what it says; None: computed."""

    start: int
    end: int
    text: str | None
    quoting: Quoting = Quoting.BARE

    @property
    def said(self) -> str:
        """What it says, or the mark of what is computed."""
        return COMPUTED if self.text is None else self.text


def text_of(pieces: Sequence[Piece]) -> str:
    """What a word says, with a mark for each piece that is computed."""
    return "".join(piece.said for piece in pieces)


def pieces(node: Node) -> list[Piece]:
    """The pieces of a word, in order."""
    if node.type == "concatenation":
        if multiplies(node):
            return [_computed(node)]
        return [piece for child in node.children for piece in pieces(child)]
    if node.type == "string" and literal(node) is None:
        return list(_inside(node))
    return [_piece(node)]


def _piece(node: Node) -> Piece:
    match node.type:
        case "word" | "number" | "extglob_pattern":
            return Piece(node.start_byte, node.end_byte, None if multiplies(node) else unescaped(source(node)))
        case "raw_string":
            return Piece(node.start_byte, node.end_byte, literal(node), Quoting.SINGLE)
        case "string":
            return Piece(node.start_byte, node.end_byte, literal(node), Quoting.DOUBLE)
        case "ansi_c_string":
            return Piece(node.start_byte, node.end_byte, literal(node), Quoting.ANSI)
        case _:
            return _computed(node)


def _inside(node: Node) -> Iterator[Piece]:
    at = node.start_byte
    for child in node.children:
        if child.start_byte > at:
            yield Piece(at, child.start_byte, None)
        at = child.end_byte
        if child.type == "string_content":
            yield Piece(child.start_byte, child.end_byte, inside_quotes(source(child)), Quoting.INSIDE)
        elif child.type != '"':
            yield _computed(child)


def _computed(node: Node) -> Piece:
    return Piece(node.start_byte, node.end_byte, None)


def rewritten(word: Sequence[Piece], changes: Sequence[Change]) -> Iterator[tuple[Piece, str]]:
    """The pieces that the changes (characters of the word's text) touch, as they are to be written."""
    at = 0
    begun: set[Change] = set()
    for piece in word:
        length = len(piece.said)
        touching = [each for each in changes if each.start < at + length and each.end > at]
        if piece.text is None:
            begun.clear()
        elif touching:
            inside = [
                Change(max(each.start - at, 0), min(each.end - at, length), "" if each in begun else each.new)
                for each in touching
            ]
            begun.update(touching)
            yield piece, _written(piece, applied(piece.text, inside))
        at += length


def _written(piece: Piece, text: str) -> str:
    if text in {HIDDEN, ""} and piece.quoting is not Quoting.INSIDE:
        return text
    return _quoted(text, piece.quoting)


def _quoted(text: str, quoting: Quoting) -> str:
    match quoting:
        case Quoting.BARE:
            return _SAFE.sub(lambda found: f"\\{found[0]}", text)
        case Quoting.SINGLE:
            return "'" + text.replace("'", "'\\''") + "'"
        case Quoting.DOUBLE:
            return f'"{_escaped(text)}"'
        case Quoting.INSIDE:
            return _escaped(text)
        case Quoting.ANSI:
            return "$'" + _CONTROL.sub(_ansi, text.replace("\\", "\\\\").replace("'", "\\'")) + "'"


def _ansi(found: re.Match[str]) -> str:
    return f"\\x{ord(found[0]):02x}"


def _escaped(text: str) -> str:
    return re.sub(r'([\\"$`])', r"\\\1", text)
