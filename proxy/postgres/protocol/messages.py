"""PostgreSQL's messages as bytes: read the payloads that we must understand, write our own. Pure.

PostgreSQL docs, "Frontend/Backend Protocol", "Message Formats". Knows no connection and no state; whatever does not
follow the format raises ProtocolViolation and nothing else.
"""

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from proxy.pieces import PIECE_BYTES, copied, joined
from proxy.postgres.protocol.frames import Frame, ProtocolViolation

#: Startup packets end here in PostgreSQL too (MAX_STARTUP_PACKET_LENGTH, libpq/pqcomm.h).
MAX_STARTUP_BYTES = 10_000
#: A password message before anybody is known; PG_MAX_AUTH_TOKEN_LENGTH in PostgreSQL is 65535.
MAX_PASSWORD_BYTES = 65_535
_INT16 = struct.Struct(">H")
_INT32 = struct.Struct(">i")
_COLUMN = struct.Struct(">IhIhih")

TEXT, BINARY = 0, 1

#: What a server keeps of the name of a statement or portal (NAMEDATALEN, less the null byte).
MAX_NAME_BYTES = 63


class Column(NamedTuple):
    """One field of a RowDescription."""

    name: str
    #: 0 when the column is no plain column of a table.
    table_oid: int
    #: 0 when it is none or a whole row.
    attribute: int
    type_oid: int
    #: TEXT or BINARY; a description of a statement (not a portal) always says TEXT.
    format: int


class Bind(NamedTuple):
    """What we need of a Bind; parameter values are never looked at."""

    portal: str
    statement: str
    parameter_count: int
    result_formats: tuple[int, ...]


@dataclass(frozen=True)
class Fields:
    """An ErrorResponse or NoticeResponse: field code -> text, in order."""

    values: Mapping[str, str]

    def __getitem__(self, code: str) -> str:
        return self.values.get(code, "")


# --- reading ------------------------------------------------------------------------------------------------------


def text_of(value: bytes) -> str:
    """Decode client-encoded text; bytes that are not UTF-8 survive a round trip (surrogateescape)."""
    return value.decode("utf-8", "surrogateescape")


def bytes_of(value: str) -> bytes:
    """The reverse of text_of."""
    return value.encode("utf-8", "surrogateescape")


def take_string(payload: bytes, position: int) -> tuple[str, int]:
    """Read a null-terminated string; returns it and the position behind it."""
    end = payload.find(b"\0", position)
    if end < 0:
        raise ProtocolViolation("a string without its end")
    return text_of(payload[position:end]), end + 1


def take_name(payload: bytes, position: int) -> tuple[str, int]:
    """Read the name of a statement or portal, as much of it as the server keeps, and the position behind it.

    A longer one that is not ASCII is refused: where the server cuts it depends on its own encoding.
    """
    name, end = take_string(payload, position)
    if end - position <= MAX_NAME_BYTES + 1:
        return name, end
    if not name.isascii():
        raise ProtocolViolation(f"a name of more than {MAX_NAME_BYTES} bytes that is not ASCII")
    return name[:MAX_NAME_BYTES], end


def take_int16(payload: bytes, position: int) -> tuple[int, int]:
    if position + 2 > len(payload):
        raise ProtocolViolation("a message ends within an Int16")
    return _INT16.unpack_from(payload, position)[0], position + 2


def take_int32(payload: bytes, position: int) -> tuple[int, int]:
    if position + 4 > len(payload):
        raise ProtocolViolation("a message ends within an Int32")
    return _INT32.unpack_from(payload, position)[0], position + 4


def read_query(payload: bytes) -> bytes:
    """The SQL of a Query, undecoded."""
    return _only_string(payload)


def read_parse(payload: bytes) -> tuple[str, bytes]:
    """A Parse: the statement's name and its SQL, undecoded. Parameter types are passed on unread."""
    name, position = take_name(payload, 0)
    end = payload.find(b"\0", position)
    if end < 0:
        raise ProtocolViolation("a Parse without its SQL")
    count, after = take_int16(payload, end + 1)
    if after + 4 * count != len(payload):
        raise ProtocolViolation("a Parse with another number of parameter types than it says")
    return name, payload[position:end]


def read_bind(payload: bytes) -> Bind:
    """A Bind; checks that its parts add up."""
    portal, position = take_name(payload, 0)
    statement, position = take_name(payload, position)
    formats, position = take_int16(payload, position)
    parameters, position = take_int16(payload, position + 2 * formats)
    for _ in range(parameters):
        size, position = take_int32(payload, position)
        if size < -1:
            raise ProtocolViolation("a parameter with a negative length")
        position += max(size, 0)
    count, position = take_int16(payload, position)
    if position + 2 * count != len(payload):
        raise ProtocolViolation("a Bind with another number of result formats than it says")
    return Bind(portal, statement, parameters, struct.unpack_from(f">{count}h", payload, position))


def read_target(payload: bytes) -> tuple[str, str]:
    """A Describe or Close: `S` (prepared statement) or `P` (portal), and the name."""
    kind = payload[:1]
    if kind not in {b"S", b"P"}:
        raise ProtocolViolation("a Describe or Close of neither a statement nor a portal")
    name, end = take_name(payload, 1)
    if end != len(payload):
        raise ProtocolViolation("a Describe or Close that is too long")
    return kind.decode(), name


def read_execute(payload: bytes) -> tuple[str, int]:
    """The portal of an Execute, and how many rows it may give; 0 is all."""
    name, position = take_name(payload, 0)
    if position + 4 != len(payload):
        raise ProtocolViolation("an Execute of the wrong length")
    return name, take_int32(payload, position)[0]


def read_row_description(payload: bytes) -> tuple[Column, ...]:
    """The columns of a RowDescription."""
    count, position = take_int16(payload, 0)
    columns: list[Column] = []
    for _ in range(count):
        name, position = take_string(payload, position)
        if position + _COLUMN.size > len(payload):
            raise ProtocolViolation("a RowDescription ends within a column")
        table, attribute, type_oid, _size, _modifier, column_format = _COLUMN.unpack_from(payload, position)
        columns.append(Column(name, table, attribute, type_oid, column_format))
        position += _COLUMN.size
    if position != len(payload):
        raise ProtocolViolation("a RowDescription that is too long")
    return tuple(columns)


def read_data_rows(chunk: bytes, frames: Iterable[Frame], width: int) -> list[list[bytes | None]]:
    """Split DataRows into their column values; None is SQL NULL.

    Raises ProtocolViolation if a row has not `width` columns, or one of them overruns it. Written for speed: every byte
    of every result passes through here.
    """
    rows: list[list[bytes | None]] = []
    length, columns, count = _INT32.unpack_from, range(width), width.to_bytes(2, "big")
    for _, start, end in frames:
        if chunk[start : start + 2] != count or end < start + 2 + 4 * width:
            raise ProtocolViolation("a DataRow with another number of columns than described")
        row: list[bytes | None] = []
        position = start + 2
        try:
            for _ in columns:
                [size] = length(chunk, position)
                position += 4
                if size < 0:
                    row.append(None)
                else:
                    cell_end = position + size
                    row.append(chunk[position:cell_end] if size <= PIECE_BYTES else copied(chunk, position, cell_end))
                    position = cell_end
        except struct.error as error:
            raise ProtocolViolation("a DataRow whose columns do not add up") from error
        if position != end:
            raise ProtocolViolation("a DataRow whose columns do not add up")
        rows.append(row)
    return rows


def read_data_row(payload: bytes) -> list[bytes | None]:
    """The same for one payload, however many columns it has."""
    width, _ = take_int16(payload, 0)
    return read_data_rows(payload, [(ord("D"), 0, len(payload))], width)[0]


def read_fields(payload: bytes) -> Fields:
    """An ErrorResponse or NoticeResponse."""
    values: dict[str, str] = {}
    position = 0
    while True:
        if position >= len(payload):
            raise ProtocolViolation("an ErrorResponse or NoticeResponse without its end")
        code = payload[position : position + 1]
        if code == b"\0":
            return Fields(values)
        values[code.decode("latin-1")], position = take_string(payload, position + 1)


def read_copy_response(payload: bytes) -> tuple[int, int]:
    """A CopyInResponse or CopyOutResponse: the overall format and the number of columns."""
    if len(payload) < 3:
        raise ProtocolViolation("a CopyResponse that is too short")
    count, position = take_int16(payload, 1)
    if position + 2 * count != len(payload):
        raise ProtocolViolation("a CopyResponse with another number of columns than it says")
    return payload[0], count


def read_parameter_status(payload: bytes) -> tuple[str, str]:
    name, position = take_string(payload, 0)
    value, position = take_string(payload, position)
    if position != len(payload):
        raise ProtocolViolation("a ParameterStatus that is too long")
    return name, value


def read_notification(payload: bytes) -> tuple[int, str, str]:
    """A NotificationResponse: process id, channel, payload."""
    process, position = take_int32(payload, 0)
    channel, position = take_string(payload, position)
    message, position = take_string(payload, position)
    return process, channel, message


def read_password(payload: bytes) -> str:
    """A PasswordMessage: the text before its null byte."""
    return text_of(_only_string(payload))


def _only_string(payload: bytes) -> bytes:
    if payload.find(b"\0") != len(payload) - 1 or not payload:
        raise ProtocolViolation("a message that is not one null-terminated string")
    return payload[:-1]


# --- writing ------------------------------------------------------------------------------------------------------


def message(tag: bytes, payload: bytes = b"") -> bytes:
    """A whole message: tag, length, payload."""
    return tag + (len(payload) + 4).to_bytes(4, "big") + payload


def c_string(value: str) -> bytes:
    """A null-terminated string; a null byte inside cannot be sent and is dropped."""
    return bytes_of(value).replace(b"\0", b"") + b"\0"


def fields(tag: bytes, values: Mapping[str, str]) -> bytes:
    """An ErrorResponse (E) or NoticeResponse (N)."""
    body = b"".join(code.encode("latin-1") + c_string(value) for code, value in values.items())
    return message(tag, body + b"\0")


def error(code: str, text: str, *, severity: str = "ERROR", detail: str = "") -> bytes:
    """An ErrorResponse of our own; `code` is an SQLSTATE."""
    values = {"S": severity, "V": severity, "C": code, "M": text}
    return fields(b"E", values | {"D": detail} if detail else values)


def notice(text: str) -> bytes:
    """A NoticeResponse of our own."""
    return fields(b"N", {"S": "NOTICE", "V": "NOTICE", "C": "00000", "M": text})


def ready_for_query(status: bytes) -> bytes:
    return message(b"Z", status)


def parameter_status(name: str, value: str) -> bytes:
    return message(b"S", c_string(name) + c_string(value))


def notification(process: int, channel: str, payload: str) -> bytes:
    return message(b"A", struct.pack(">i", process) + c_string(channel) + c_string(payload))


def query(sql: str) -> bytes:
    return message(b"Q", c_string(sql))


def parse(name: str, sql: str) -> bytes:
    return message(b"P", c_string(name) + c_string(sql) + b"\0\0")


def bind(portal: str, statement: str) -> bytes:
    """A Bind without parameters, for results in text."""
    return message(b"B", c_string(portal) + c_string(statement) + bytes(6))


def describe_portal(name: str) -> bytes:
    return message(b"D", b"P" + c_string(name))


def describe_statement(name: str) -> bytes:
    return message(b"D", b"S" + c_string(name))


def close(target: str, name: str) -> bytes:
    """`target` is S or P."""
    return message(b"C", target.encode() + c_string(name))


def execute(portal: str) -> bytes:
    return message(b"E", c_string(portal) + b"\0\0\0\0")


def data_row(cells: Iterable[bytes | None]) -> bytes:
    """A DataRow of these column values."""
    count, size, parts = 0, 0, [b""]
    for cell in cells:
        count += 1
        if cell is None:
            parts.append(b"\xff\xff\xff\xff")
        else:
            parts += (len(cell).to_bytes(4, "big"), cell)
            size += len(cell)
    size += 4 * count + 6
    parts[0] = b"D" + size.to_bytes(4, "big") + count.to_bytes(2, "big")
    return b"".join(parts) if size <= PIECE_BYTES else joined(parts)


FLUSH = message(b"H")
SYNC = message(b"S")
TERMINATE = message(b"X")
