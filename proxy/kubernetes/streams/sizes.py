"""Sizes of terminals, as clients tell them on a stream of their own: JSON objects one behind the other. Pure.

k8s.io/client-go, tools/remotecommand/resize.go and v3.go: `{"Width":80,"Height":24}` and a line end, both uint16.
"""

import json
from dataclasses import dataclass
from typing import Any, Final

from proxy.kubernetes.streams.violation import StreamViolation

#: Of one object; with both numbers it has some thirty.
MAX_BYTES: Final = 256
MAX_CELLS: Final = 65_535

_SPACE: Final = b" \t\r\n"


@dataclass(frozen=True)
class Size:
    """Columns and rows."""

    width: int
    height: int


class Sizes:
    """Reads a stream of sizes, split anywhere."""

    def __init__(self) -> None:
        self._held = b""

    def feed(self, data: bytes) -> list[Size]:
        """Take what arrived; returns the sizes that are whole. Raises StreamViolation for anything that is no size."""
        found: list[Size] = []
        *whole, rest = data.split(b"}")
        for piece in whole:
            found.append(_size(self._with(piece) + b"}"))
            self._held = b""
        self._held = self._with(rest)
        return found

    def _with(self, piece: bytes) -> bytes:
        """An object's beginning; it is looked at only when it is whole, but never longer than it may be."""
        held = self._held + piece if self._held else piece.lstrip(_SPACE)
        if len(held) > MAX_BYTES or (held and not held.startswith(b"{")):
            raise StreamViolation("what is no size of a terminal where one is told")
        return held


def encode(size: Size) -> bytes:
    """As client-go writes it."""
    return f'{{"Width":{size.width},"Height":{size.height}}}\n'.encode()


def _size(told: bytes) -> Size:
    try:
        # Pairs: a name that is told twice is no dict of two names.
        pairs: Any = json.loads(told.decode(), object_pairs_hook=list)
    except (ValueError, RecursionError):
        raise StreamViolation("a size of a terminal that is no JSON") from None
    if sorted(name for name, _ in pairs) != ["Height", "Width"] or not all(_is_count(cells) for _, cells in pairs):
        raise StreamViolation(f"a size of a terminal without a width and a height up to {MAX_CELLS}")
    told_of: dict[str, int] = dict(pairs)
    return Size(told_of["Width"], told_of["Height"])


def _is_count(cells: object) -> bool:
    return type(cells) is int and 0 <= cells <= MAX_CELLS
