"""COPY … TO STDOUT: how its rows look, and how one is taken apart and put together again. Pure.

PostgreSQL docs, "COPY", File Formats. The server sends one row per CopyData message in text and csv format.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from google.protobuf.message import Message
from postgast import pg_query_pb2 as pg

from proxy.pieces import PIECE_BYTES, copied, each_piece, joined, split
from proxy.postgres.protocol.frames import ProtocolViolation

_ESCAPES = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
_TO_ESCAPE = re.compile(rb"[\\\b\f\n\r\t\v]")
_BACK = {value: b"\\" + key for key, value in _ESCAPES.items()} | {b"\\": b"\\\\"}


@dataclass(frozen=True)
class CopyOut:
    """The shape of a COPY's output, and where it comes from."""

    #: None for COPY (query).
    schema: str | None = None
    table: str | None = None
    #: The column list; empty: all of the table's.
    columns: tuple[str, ...] = ()
    #: text, csv or binary
    format: str = "text"
    delimiter: bytes = b"\t"
    null: bytes = b"\\N"
    quote: bytes = b'"'
    escape: bytes = b'"'
    #: The first row holds the columns' names.
    header: bool = False

    def split(self, line: bytes) -> list[bytes | None]:
        """The cells of one CopyData payload, unescaped; None is NULL. The line's end is not part of the last one."""
        body = _without_end(line, every=self.format == "text")
        return self._split_csv(body) if self.format == "csv" else self._split_text(body)

    def join(self, cells: Sequence[bytes | None]) -> bytes:
        """A line of these cells, with its end."""
        write = self._csv_cell if self.format == "csv" else self._text_cell
        return self.delimiter.join(self.null if cell is None else write(cell) for cell in cells) + b"\n"

    def _split_text(self, body: bytes) -> list[bytes | None]:
        if b"\\" not in body:
            return [None if part == self.null else part for part in split(body, self.delimiter)]
        cells: list[bytes | None] = []
        begun = at = 0
        while True:
            end = body.find(self.delimiter, at)
            end = len(body) if end < 0 else end
            at = end + 1
            if _is_open(body, begun, end):
                if end == len(body):
                    raise ProtocolViolation("a text row with an open escape")
                continue
            cell = copied(body, begun, end)
            cells.append(None if cell == self.null else _changed(cell, b"\\", _unescaped))
            if end == len(body):
                return cells
            begun = at

    def _text_cell(self, cell: bytes) -> bytes:
        escaped = each_piece(cell, lambda piece: _TO_ESCAPE.sub(lambda match: _BACK[match[0]], piece))
        return each_piece(escaped, lambda piece: piece.replace(self.delimiter, b"\\" + self.delimiter))

    def _split_csv(self, body: bytes) -> list[bytes | None]:
        cells: list[bytes | None] = []
        position = 0
        while True:
            cell, position = self._csv_field(body, position)
            cells.append(cell)
            if position >= len(body):
                return cells
            position += 1

    def _csv_field(self, body: bytes, position: int) -> tuple[bytes | None, int]:
        """One field and the position of the delimiter behind it, or of the end."""
        if body[position : position + 1] != self.quote:
            end = body.find(self.delimiter, position)
            end = len(body) if end < 0 else end
            plain = body[position:end]
            return (None if plain == self.null else plain), end
        begun = at = position + 1
        quote = -1
        while True:
            if quote < at:
                quote = body.find(self.quote, at)
            if quote < 0:
                raise ProtocolViolation("a csv row with an open quote")
            escape = body.find(self.escape, at, quote + 1)
            if escape >= 0 and body[escape + 1 : escape + 2] in {self.escape, self.quote}:
                at = escape + 2
            elif 0 <= escape < quote:
                at = escape + 1
            else:
                return self._unquoted(copied(body, begun, quote)), quote + 1

    def _unquoted(self, cell: bytes) -> bytes:
        if self.escape not in cell:
            return cell
        escaped = re.compile(re.escape(self.escape) + b"([" + re.escape(self.escape + self.quote) + b"])")
        return _changed(cell, self.escape, lambda piece: escaped.sub(rb"\1", piece))

    def _csv_cell(self, cell: bytes) -> bytes:
        plain = cell not in {b"", self.null} and not any(
            char in cell for char in (self.delimiter, self.quote, b"\n", b"\r")
        )
        if plain and cell.strip() == cell:
            return cell
        escaped = cell.replace(self.escape, self.escape * 2) if self.escape != self.quote else cell
        return self.quote + escaped.replace(self.quote, self.escape + self.quote) + self.quote


def copy_out(copy: Message) -> CopyOut | None:
    """What a COPY statement sends to the client; None if it sends nothing there."""
    if not isinstance(copy, pg.CopyStmt) or copy.is_from or copy.filename:
        return None
    options = {each.def_elem.defname: _text(each.def_elem) for each in copy.options}
    form = options.get("format", "text").lower()
    csv = form == "csv"
    quote = options.get("quote", '"')
    return CopyOut(
        schema=copy.relation.schemaname or None,
        table=copy.relation.relname or None,
        columns=tuple(each.string.sval for each in copy.attlist),
        format=form,
        delimiter=options.get("delimiter", "," if csv else "\t").encode(),
        null=options.get("null", "" if csv else "\\N").encode(),
        quote=quote.encode(),
        escape=options.get("escape", quote).encode(),
        header=any(each.def_elem.defname == "header" and _is_on(each.def_elem) for each in copy.options),
    )


def _text(option: pg.DefElem) -> str:
    return option.arg.string.sval if option.arg.HasField("string") else ""


def _is_on(option: pg.DefElem) -> bool:
    """A flag of COPY: on when it stands alone."""
    argument = option.arg
    if argument.HasField("boolean"):
        return argument.boolean.boolval
    if argument.HasField("integer"):
        return argument.integer.ival != 0
    return _text(option).lower() not in {"false", "off"}


def _without_end(line: bytes, *, every: bool) -> bytes:
    """The line without its end; `every`: without all of these that stand there."""
    end = line[-PIECE_BYTES:]
    kept = end.rstrip(b"\r\n") if every else end.removesuffix(b"\n").removesuffix(b"\r")
    return kept if len(end) == len(line) else copied(line, 0, len(line) - len(end) + len(kept))


def _is_open(text: bytes, start: int, end: int, escape: bytes = b"\\") -> bool:
    """Whether text[start:end] ends in an escape that means what comes behind it."""
    at = end
    while at > start and text[at - 1 : at] == escape:
        at -= 1
    return (end - at) % 2 == 1


def _changed(cell: bytes, escape: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """`change(cell)`, of a change that looks at each character and what `escape` says of the next, in pieces."""
    if len(cell) <= PIECE_BYTES:
        return change(cell) if escape in cell else cell
    changed: list[bytes] = []
    start = 0
    while start < len(cell):
        end = min(start + PIECE_BYTES, len(cell))
        end += end < len(cell) and _is_open(cell, start, end, escape)
        changed.append(change(cell[start:end]))
        start = end
    return joined(changed)


def _unescaped(cell: bytes) -> bytes:
    return _ESCAPED.sub(lambda match: _ESCAPES.get(match[1], match[1]), cell)
