"""Values that are made of others, taken apart in their binary form and put together again. Pure.

The forms are those of array_send, record_send, range_send and multirange_send (src/backend/utils/adt), and of the
geometric types. What does not follow them raises struct.error.
"""

import struct
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

Cell = bytes | None

_ARRAY_HEAD = struct.Struct(">iiI")
_INT4 = struct.Struct(">i")
_FIELD = struct.Struct(">Ii")
#: range_send's flags: empty, infinite below and above (rangetypes.h).
_EMPTY, _NO_LOWER, _NO_UPPER = 0x01, 0x08, 0x10

#: point, lseg, box, line, circle -> bytes before their floats; path and polygon have a count there.
POINTS = {600: 0, 601: 0, 603: 0, 628: 0, 718: 0, 602: 5, 604: 4}


def array(cell: bytes, mask: Callable[[bytes], Cell]) -> Cell:
    """Dimensions, a flag for NULLs, the elements' type, bounds, then elements with their lengths."""
    dimensions, _flags, type_oid = _ARRAY_HEAD.unpack_from(cell)
    if not 0 <= dimensions <= 6:
        raise struct.error("an array of so many dimensions")
    position = _ARRAY_HEAD.size + 8 * dimensions
    values = _lengths(cell, position)
    masked = [None if value is None else mask(value) for value in values]
    if _same(masked, values):
        return cell
    head = _ARRAY_HEAD.pack(dimensions, 1 if None in masked else 0, type_oid)
    return head + cell[_ARRAY_HEAD.size : position] + b"".join(map(_with_length, masked))


class Field(NamedTuple):
    """One field of a record."""

    type_oid: int
    value: Cell


def fields(cell: bytes) -> list[Field]:
    """The number of fields, then type, length and value of each."""
    [count] = _INT4.unpack_from(cell)
    position = 4
    found: list[Field] = []
    for _ in range(count):
        type_oid, size = _FIELD.unpack_from(cell, position)
        position += _FIELD.size
        found.append(Field(type_oid, _value(cell, position, size)))
        position += max(size, 0)
    if position != len(cell):
        raise struct.error("a record that is longer than its fields")
    return found


def record(cell: bytes, old: Sequence[Field], masked: Sequence[Cell]) -> bytes:
    """A record of other values; the same object if they are the same."""
    if _same(masked, [field.value for field in old]):
        return cell
    parts = [field.type_oid.to_bytes(4, "big") + _with_length(value) for field, value in zip(old, masked, strict=True)]
    return cell[:4] + b"".join(parts)


def bounds(cell: bytes) -> list[bytes]:
    """The bounds of a range, without those that are infinite."""
    if not cell:
        raise struct.error("a range without flags")
    count = 0 if cell[0] & _EMPTY else (not cell[0] & _NO_LOWER) + (not cell[0] & _NO_UPPER)
    values = [value for value in _lengths(cell, 1) if value is not None]
    if len(values) != count:
        raise struct.error("a range of other bounds than it says")
    return values


def ranges(cell: bytes) -> list[bytes]:
    """The ranges of a multirange."""
    [count] = _INT4.unpack_from(cell)
    values = [value for value in _lengths(cell, 4) if value is not None]
    if len(values) != count:
        raise struct.error("a multirange of other ranges than it says")
    return values


def floats(cell: bytes, type_oid: int) -> Iterable[bytes]:
    """The float8s that a geometric value is made of."""
    start = POINTS[type_oid]
    if (len(cell) - start) % 8:
        raise struct.error("a shape that is not made of floats")
    return (cell[position : position + 8] for position in range(start, len(cell), 8))


def _same(new: Sequence[Cell], old: Sequence[Cell]) -> bool:
    return all(one is other for one, other in zip(new, old, strict=True))


def _value(cell: bytes, position: int, size: int) -> Cell:
    if size > len(cell) - position:
        raise struct.error("a value that overruns what it is in")
    return None if size < 0 else cell[position : position + size]


def _lengths(cell: bytes, position: int) -> list[Cell]:
    """The values from `position` on, each with its length before it."""
    values: list[Cell] = []
    while position < len(cell):
        [size] = _INT4.unpack_from(cell, position)
        position += 4
        values.append(_value(cell, position, size))
        position += max(size, 0)
    return values


def _with_length(value: Cell) -> bytes:
    return b"\xff\xff\xff\xff" if value is None else len(value).to_bytes(4, "big") + value
