"""RowMasker: masks and records the rows of one result. Pure.

Cells are decoded before they are looked at (a scan over raw messages would take lengths for digits), and the cells of
many rows are scanned at once. What cannot be masked in its type becomes NULL, in either format, so that clients can
still read the row. Refuses rows that do not fit their description.
"""

import json
import re
import struct
from collections.abc import Callable, Sequence
from typing import Any, cast

from proxy.masking.edits import REDACTED
from proxy.masking.rules import Masker, MaskingRule
from proxy.postgres.protocol.frames import Frame, ProtocolViolation
from proxy.postgres.protocol.messages import BINARY, Column, data_row, read_data_rows
from proxy.postgres.protocol.values import (
    ELEMENTS,
    JSONB,
    RECORD,
    SEARCHED_AS_TEXT,
    Nature,
    embedded_numbers,
    is_text,
    nature,
    number_text,
    readable,
)

Cell = bytes | None
Row = list[Cell]

#: Card numbers have twelve digits at least, whatever stands between them.
MIN_NUMBER_CHARACTERS = 12
#: In a binary value of unknown shape a length may look like a digit, so anything as long as a card number is hidden.
_LONG_NUMBER = re.compile(rb"(?:\d[ -]?){12}")
_ARRAY_HEAD = struct.Struct(">iiI")
_INT4 = struct.Struct(">i")
_JSONB_VERSION = b"\x01"

#: A value of unknown shape that is longer than this, and no text, is hidden without a search for numbers.
MAX_SEARCHED_BYTES = 64 * 1024

#: Between cells that are decoded together.
_BORDER = b"\x1f\n"
_LINE = _BORDER.decode()

#: A recorded cell is cut here.
MAX_RECORDED_CHARACTERS = 64 * 1024


class RowMasker:
    """Masks DataRows of one RowDescription; `rules` are the columns' own, by name or origin."""

    def __init__(self, columns: Sequence[Column], rules: Sequence[MaskingRule | None], masker: Masker) -> None:
        self.columns = tuple(columns)
        #: For the recording: an alias can hold anything.
        self.recorded_names = [masker.text(column.name) for column in columns]
        self._masker = masker
        self._scanned: list[int] = []
        #: Column index -> how a value that is not NULL is masked.
        self._each: list[tuple[int, Callable[[bytes], Cell]]] = []
        for index, (column, rule) in enumerate(zip(columns, rules, strict=True)):
            self._plan(index, column, rule)
        self._binary = [(i, column.type_oid) for i, column in enumerate(columns) if column.format == BINARY]

    def _plan(self, index: int, column: Column, rule: MaskingRule | None) -> None:
        kind = nature(column.type_oid)
        if rule is not None:
            self._each.append((index, self._ruled(column, kind, rule)))
        elif kind is Nature.TEXT:
            self._scanned.append(index)
        elif kind is not Nature.HARMLESS:
            self._each.append((index, self._by_content(column.type_oid, kind, binary=column.format == BINARY)))

    def mask(self, chunk: bytes, frames: Sequence[Frame]) -> tuple[bytes, list[Row]]:
        """Mask the DataRows at `frames`, which follow one another in `chunk`; returns the messages and the rows.

        Raises ProtocolViolation if a row does not fit its description.
        """
        rows = read_data_rows(chunk, frames, len(self.columns))
        changed = self._scan(rows)
        for index, mask in self._each:
            for row in rows:
                cell = row[index]
                if cell is not None and (masked := mask(cell)) is not cell:
                    row[index] = masked
                    changed = True
        if changed:
            return b"".join(map(data_row, rows)), rows
        return chunk[frames[0][1] - 5 : frames[-1][2]], rows

    def _scan(self, rows: list[Row]) -> bool:
        """Mask all text cells of all rows in one go; whether any changed."""
        scanned = self._scanned
        if not scanned:
            return False
        cells = [row[index] for row in rows for index in scanned]
        masked = self._masker.cells(cells)
        if masked is cells:
            return False
        new = iter(masked)
        for row in rows:
            for index in scanned:
                row[index] = next(new)
        return True

    def recorded(self, rows: Sequence[Row]) -> list[list[str | None]]:
        """Masked rows as text, for the recording."""
        if not self._binary:
            return _as_text(rows, len(self.columns))
        types: list[int | None] = [None] * len(self.columns)
        for index, type_oid in self._binary:
            types[index] = type_oid
        return [[_readable(cell, type_oid) for cell, type_oid in zip(row, types, strict=True)] for row in rows]

    # --- one column's way of masking ----------------------------------------------------------------------------------

    def _ruled(self, column: Column, kind: Nature, rule: MaskingRule) -> Callable[[bytes], Cell]:
        def whole(cell: bytes) -> Cell:
            masked = self._masker.whole(rule, cell)
            if kind is Nature.TEXT or masked is None:
                return masked
            if kind is Nature.JSON:
                text = json.dumps(masked.decode()).encode()
                return _JSONB_VERSION + text if column.type_oid == JSONB and column.format == BINARY else text
            return None

        return whole

    def _by_content(self, type_oid: int, kind: Nature, *, binary: bool) -> Callable[[bytes], Cell]:
        if kind is Nature.NUMBER:
            return self._binary_number(type_oid) if binary else self._number
        if kind is Nature.JSON:
            return self._jsonb if binary and type_oid == JSONB else self._json
        if kind is Nature.ARRAY:
            return self._array(ELEMENTS[type_oid]) if binary else self._text_array(ELEMENTS[type_oid])
        if type_oid == RECORD:
            return self._record if binary else self._text
        if not binary:
            return self._opaque
        return self._unknown if type_oid in SEARCHED_AS_TEXT else self._with_numbers(type_oid)

    def _text(self, cell: bytes) -> Cell:
        return self._masker.bytes(cell)

    def _number(self, cell: bytes) -> Cell:
        if len(cell) < MIN_NUMBER_CHARACTERS or not self._masker.masks_number(cell.decode("ascii", "replace")):
            return cell
        return self._hidden(cell)

    def _binary_number(self, type_oid: int) -> Callable[[bytes], Cell]:
        def number(cell: bytes) -> Cell:
            try:
                text = number_text(cell, type_oid)
            except (struct.error, ArithmeticError, ValueError) as error:
                raise ProtocolViolation("a binary number that is none") from error
            if len(text) < MIN_NUMBER_CHARACTERS or not self._masker.masks_number(text):
                return cell
            return self._hidden(cell)

        return number

    def _opaque(self, cell: bytes) -> Cell:
        """A type whose text we must not change: `\\x…` of bytea is looked into, anything else is read as it is."""
        content = _hex(cell)
        return self._hidden(cell) if self._masker.edits(cell) or (content and self._masker.edits(content)) else cell

    def _unknown(self, cell: bytes) -> Cell:
        return self._hidden(cell) if _LONG_NUMBER.search(cell) or self._masker.edits(cell) else cell

    def _with_numbers(self, type_oid: int) -> Callable[[bytes], Cell]:
        """A range, a point, money, an extension's type: a card number may be in it as the eight bytes of an integer."""

        def searched(cell: bytes) -> Cell:
            if self._unknown(cell) is None:
                return None
            if is_text(cell):
                return cell
            numbers = embedded_numbers(cell, type_oid)
            if len(cell) > MAX_SEARCHED_BYTES or any(map(self._masker.masks_number, numbers)):
                return self._hidden(cell)
            return cell

        return searched

    def _hidden(self, cell: bytes) -> None:
        """Count what is hidden."""
        edits = self._masker.edits(cell)
        if edits:
            self._masker.count(edits)
        else:
            self._masker.counts["pan"] = self._masker.counts.get("pan", 0) + 1

    def _jsonb(self, cell: bytes) -> Cell:
        if cell[:1] != _JSONB_VERSION:
            return self._unknown(cell)
        masked = self._json(text := cell[1:])
        return cell if masked is text else None if masked is None else _JSONB_VERSION + masked

    def _json(self, cell: bytes) -> Cell:
        """Masked in place if that leaves JSON; else value by value: a number becomes null, a string its masked form."""
        masked = self._masker.bytes(cell)
        if masked is cell:
            return cell
        try:
            json.loads(masked)
        except (ValueError, RecursionError):
            pass
        else:
            return masked
        try:
            document: Any = json.loads(cell, parse_int=_Digits, parse_float=_Digits)
            return json.dumps(self._masked_json(document), allow_nan=False).encode()
        except (ValueError, RecursionError):
            return None

    def _masked_json(self, value: Any) -> Any:
        match value:
            case _Digits():
                return None if self._masker.edits(value.encode()) else json.loads(value)
            case str():
                return self._masker.text(value)
            case list():
                return [self._masked_json(each) for each in cast("list[Any]", value)]
            case dict():
                pairs = cast("dict[str, Any]", value).items()
                return {self._masker.text(key): self._member(key, each) for key, each in pairs}
            case _:
                return value

    def _member(self, key: str, value: Any) -> Any:
        """A value beside its key, which may be the label that tells what it is: `"cvv": 123`."""
        if not isinstance(value, str):
            return self._masked_json(value)
        label = f"{key}: "
        masked = self._masker.text(label + value)
        if masked == label + value and self._masker.column_rule(key) is None:
            return self._masked_json(value)
        if isinstance(value, _Digits):
            return None
        return masked.removeprefix(label) if masked.startswith(label) and masked != label + value else REDACTED

    def _text_array(self, element: int) -> Callable[[bytes], Cell]:
        """`{a,b}`: text may be masked where it stands, other elements hide the whole array."""
        return self._text if nature(element) is Nature.TEXT else self._opaque

    def _array(self, element: int) -> Callable[[bytes], Cell]:
        """array_send: dimensions, a flag for NULLs, the element's type, bounds, then elements with their lengths."""
        mask = self._text if nature(element) is Nature.TEXT else self._by_content(element, nature(element), binary=True)

        def array(cell: bytes) -> Cell:
            dimensions, _flags, type_oid = _ARRAY_HEAD.unpack_from(cell)
            position = _ARRAY_HEAD.size + 8 * dimensions
            values = _lengths(cell, position)
            masked = [None if value is None else mask(value) for value in values]
            if all(new is old for new, old in zip(masked, values, strict=True)):
                return cell
            head = _ARRAY_HEAD.pack(dimensions, 1 if None in masked else 0, type_oid)
            return head + cell[_ARRAY_HEAD.size : position] + b"".join(map(_with_length, masked))

        return _decoded(array)

    def _record(self, cell: bytes) -> Cell:
        """record_send: the number of fields, then type, length and value of each."""

        def record(cell: bytes) -> Cell:
            [count] = _INT4.unpack_from(cell)
            position = 4
            for _ in range(count):
                type_oid, size = struct.unpack_from(">Ii", cell, position)
                position += 8
                value = cell[position : position + max(size, 0)]
                position += max(size, 0)
                kind = nature(type_oid)
                if kind is Nature.HARMLESS or size < 0:
                    continue
                mask = self._text if kind is Nature.TEXT else self._by_content(type_oid, kind, binary=True)
                if mask(value) is not value:
                    return None
            return cell

        return _decoded(record)(cell)


class _Digits(str):
    """A JSON number as it was written."""

    __slots__ = ()


def _decoded(mask: Callable[[bytes], Cell]) -> Callable[[bytes], Cell]:
    """A value that does not follow its type's binary form is a fault of the upstream."""

    def checked(cell: bytes) -> Cell:
        try:
            return mask(cell)
        except (struct.error, IndexError) as error:
            raise ProtocolViolation("a binary value that does not fit its type") from error

    return checked


def _lengths(cell: bytes, position: int) -> list[Cell]:
    """The values from `position` on, each with its length before it."""
    values: list[Cell] = []
    while position < len(cell):
        [size] = _INT4.unpack_from(cell, position)
        position += 4
        if size > len(cell) - position:
            raise struct.error("an element overruns its array")
        values.append(None if size < 0 else cell[position : position + size])
        position += max(size, 0)
    return values


def _with_length(value: Cell) -> bytes:
    return b"\xff\xff\xff\xff" if value is None else len(value).to_bytes(4, "big") + value


def _hex(cell: bytes) -> bytes | None:
    if not cell.startswith(b"\\x"):
        return None
    try:
        return bytes.fromhex(cell[2:].decode("ascii"))
    except ValueError:
        return None


def _as_text(rows: Sequence[Row], width: int) -> list[list[str | None]]:
    """Cells in text format. All are decoded at once where that tells them apart, which is far cheaper."""
    cells = [cell for row in rows for cell in row]
    if max((len(cell) for cell in cells if cell is not None), default=0) > MAX_RECORDED_CHARACTERS:
        return [recorded_row(row) for row in rows]
    texts: list[str | None] = [*_BORDER.join([cell or b"" for cell in cells]).decode("utf-8", "replace").split(_LINE)]
    if len(texts) != len(cells):
        return [recorded_row(row) for row in rows]
    if None in cells:
        texts = [None if cell is None else text for cell, text in zip(cells, texts, strict=True)]
    return [texts[start : start + width] for start in range(0, len(texts), width)] if width else [[] for _ in rows]


def recorded_row(row: Sequence[Cell]) -> list[str | None]:
    """A masked row of text cells, for the recording."""
    return [None if cell is None else _text(cell) for cell in row]


def _readable(cell: Cell, type_oid: int | None) -> str | None:
    if cell is None:
        return None
    if type_oid is None:
        return _text(cell)
    if len(cell) > MAX_RECORDED_CHARACTERS:
        return f"{readable(cell[:MAX_RECORDED_CHARACTERS], type_oid)}… ({len(cell)} bytes)"
    return cut(readable(cell, type_oid))


def _text(cell: bytes) -> str:
    """Only what is recorded of a long one is decoded."""
    if len(cell) <= MAX_RECORDED_CHARACTERS:
        return cell.decode("utf-8", "replace")
    return f"{cell[:MAX_RECORDED_CHARACTERS].decode('utf-8', 'replace')}… ({len(cell)} bytes)"


def cut(text: str) -> str:
    """A text for the recording, which says how long it was if it was long."""
    if len(text) <= MAX_RECORDED_CHARACTERS:
        return text
    return f"{text[:MAX_RECORDED_CHARACTERS]}… ({len(text)} characters)"
