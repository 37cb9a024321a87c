"""RowMasker: masks and records the rows of one result. Pure.

Cells are decoded before they are looked at (a scan over raw messages would take lengths for digits), and the cells of
many rows are scanned at once; what is no text is masked by its type, value by value (cells). Refuses rows that do not
fit their description.
"""

import json
from collections.abc import Sequence
from json.encoder import encode_basestring_ascii

from proxy.masking.rules import Masker, MaskingRule
from proxy.postgres.cells.cells import Cell, CellMasker, Mask
from proxy.postgres.cells.types import Types
from proxy.postgres.protocol.frames import Frame
from proxy.postgres.protocol.messages import BINARY, Column, data_row, read_data_rows
from proxy.postgres.protocol.values import Nature, nature, readable

Row = list[Cell]

#: Between cells that are decoded together.
_BORDER = b"\x1f\n"
_LINE = _BORDER.decode()

#: So many rows are decoded, and put into JSON, one by one.
_FEW = 8
_encode = json.JSONEncoder(separators=(",", ":")).encode

#: A recorded cell is cut here.
MAX_RECORDED_CHARACTERS = 64 * 1024


class RowMasker:
    """Masks DataRows of one RowDescription; `rules` are the columns' own, by name or origin."""

    def __init__(
        self,
        columns: Sequence[Column],
        rules: Sequence[MaskingRule | None],
        masker: Masker,
        types: Types | None = None,
    ) -> None:
        self.columns = tuple(columns)
        #: For the recording, in JSON: an alias can hold anything.
        self.recorded_names = json.dumps([masker.text(column.name) for column in columns], separators=(",", ":"))
        self._masker = masker
        self._scanned: list[int] = []
        #: Column index -> how a value that is not NULL is masked.
        self._each: list[tuple[int, Mask]] = []
        cells = CellMasker(masker, types or Types())
        for index, (column, rule) in enumerate(zip(columns, rules, strict=True)):
            binary = column.format == BINARY
            if rule is not None:
                self._each.append((index, cells.ruled(column.type_oid, rule, binary=binary)))
            elif nature(column.type_oid) is Nature.TEXT:
                self._scanned.append(index)
            elif (mask := cells.by_content(column.type_oid, binary=binary)) is not None:
                self._each.append((index, mask))
        self._binary = [(i, column.type_oid) for i, column in enumerate(columns) if column.format == BINARY]

    def masked(self, chunk: bytes, frames: Sequence[Frame]) -> tuple[bytes, list[list[str | None]]]:
        """The same, with the rows as they are recorded."""
        masked, rows = self.mask(chunk, frames)
        return masked, self.recorded(rows)

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
            return data_row(rows[0]) if len(rows) == 1 else b"".join(map(data_row, rows)), rows
        return chunk[frames[0][1] - 5 : frames[-1][2]], rows

    def _scan(self, rows: list[Row]) -> bool:
        """Mask all text cells of all rows in one go; whether any changed."""
        scanned = self._scanned
        if not scanned:
            return False
        cells = [row[index] for row in rows for index in scanned]
        masked = self._masker.cells(cells) if len(rows) > 1 else self._masker.row(cells)
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


def _as_text(rows: Sequence[Row], width: int) -> list[list[str | None]]:
    """Cells in text format. All are decoded at once where that tells them apart, which is far cheaper."""
    if len(rows) < _FEW:
        return [recorded_row(row) for row in rows]
    cells = [cell for row in rows for cell in row]
    if max((len(cell) for cell in cells if cell is not None), default=0) > MAX_RECORDED_CHARACTERS:
        return [recorded_row(row) for row in rows]
    texts: list[str | None] = [*_BORDER.join([cell or b"" for cell in cells]).decode("utf-8", "replace").split(_LINE)]
    if len(texts) != len(cells):
        return [recorded_row(row) for row in rows]
    if None in cells:
        texts = [None if cell is None else text for cell, text in zip(cells, texts, strict=True)]
    return [texts[start : start + width] for start in range(0, len(texts), width)] if width else [[] for _ in rows]


def rows_json(rows: Sequence[Sequence[str | None]]) -> str:
    """Recorded rows as JSON. An encoder is made for every call of it, which takes longer than few rows do."""
    if len(rows) > _FEW:
        return _encode(rows)
    cells = ",".join(
        [f"[{','.join(['null' if cell is None else encode_basestring_ascii(cell) for cell in row])}]" for row in rows]
    )
    return f"[{cells}]"


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
