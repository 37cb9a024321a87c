"""Column values: which types can hold what must be masked, and binary values as text. Pure.

OIDs are those of pg_type.dat; binary forms are those of the types' send functions (src/backend/utils/adt).
"""

import base64
import contextlib
import struct
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum, auto
from uuid import UUID

BOOL, BYTEA, CHAR, NAME, INT8, INT2, INT4, TEXT, OID = 16, 17, 18, 19, 20, 21, 23, 25, 26
TID, XID, CID, JSON, XML, FLOAT4, FLOAT8, UNKNOWN = 27, 28, 29, 114, 142, 700, 701, 705
BPCHAR, VARCHAR, DATE, TIME, TIMESTAMP, TIMESTAMPTZ, INTERVAL = 1042, 1043, 1082, 1083, 1114, 1184, 1186
TIMETZ, NUMERIC, RECORD, CSTRING, VOID, UUID_, JSONB = 1266, 1700, 2249, 2275, 2278, 2950, 3802
_REG = (24, 2202, 2203, 2204, 2205, 2206, 3734, 3769, 4089, 4096, 4191)

#: Array type -> element type, for the arrays that can hold something to mask.
ELEMENTS = {
    1001: BYTEA,
    1003: NAME,
    1009: TEXT,
    1014: BPCHAR,
    1015: VARCHAR,
    1016: INT8,
    1022: FLOAT8,
    1231: NUMERIC,
    199: JSON,
    143: XML,
    3807: JSONB,
    2287: RECORD,
}


#: Opaque types whose binary form holds no number that could be a card's: small integers, dates, addresses, or bytes
#: that are searched as text (bytea). Arrays, ranges and multiranges of such types too.
SEARCHED_AS_TEXT = frozenset(
    {
        BYTEA,
        22,
        30,
        650,
        651,
        774,
        775,
        829,
        869,
        1000,
        1002,
        1003,
        1005,
        1006,
        1007,
        1010,
        1011,
        1012,
        1013,
        1021,
        1028,
    }
    | {1033, 1040, 1041, 1115, 1182, 1183, 1185, 1187, 1270, 1560, 1561, 1562, 1563, 1790, 2201, 2951, 3614, 3615, 3643}
    | {3645, 3904, 3905, 3908, 3909, 3910, 3911, 3912, 3913, 4072, 4073, 4451, 4533, 4534, 4535}
    | {6150, 6152, 6153, 6155}
)


class Nature(Enum):
    """What masking may do with a value of a type."""

    #: Too small or too regular to hold anything sensitive; only a column's rule masks it, as NULL.
    HARMLESS = auto()
    #: Any text is a valid value.
    TEXT = auto()
    #: Any JSON is.
    JSON = auto()
    #: Becomes NULL if it is a card number.
    NUMBER = auto()
    ARRAY = auto()
    #: Becomes NULL if anything is found in it.
    OPAQUE = auto()


_NATURES = (
    dict.fromkeys(
        (BOOL, CHAR, INT2, INT4, OID, TID, XID, CID, FLOAT4, DATE, TIME, TIMESTAMP, TIMESTAMPTZ, INTERVAL, TIMETZ),
        Nature.HARMLESS,
    )
    | dict.fromkeys((VOID, UUID_, *_REG), Nature.HARMLESS)
    | dict.fromkeys((NAME, TEXT, XML, UNKNOWN, BPCHAR, VARCHAR, CSTRING), Nature.TEXT)
    | dict.fromkeys((JSON, JSONB), Nature.JSON)
    | dict.fromkeys((INT8, FLOAT8, NUMERIC), Nature.NUMBER)
    | dict.fromkeys(ELEMENTS, Nature.ARRAY)
)


def nature(type_oid: int) -> Nature:
    return _NATURES.get(type_oid, Nature.OPAQUE)


# --- binary values ------------------------------------------------------------------------------------------------

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_INT2, _INT4, _INT8, _UINT4 = (struct.Struct(form) for form in (">h", ">i", ">q", ">I"))
_FLOAT4, _FLOAT8 = struct.Struct(">f"), struct.Struct(">d")
_NUMERIC_HEAD = struct.Struct(">HhHH")
_NUMERIC_SPECIAL = {0xC000: "NaN", 0xD000: "Infinity", 0xF000: "-Infinity"}
_NUMERIC_NEGATIVE = 0x4000
#: Numbers between these may be a card's; a numeric of that size has at most so many groups of four digits.
_LEAST, _MOST, _MOST_GROUPS = 10**11, 10**20, 6
#: point, lseg, path, box, polygon, line and circle, and arrays of them: floats and nothing else.
_SHAPES = frozenset({600, 601, 602, 603, 604, 628, 718, 1017, 1018, 1019, 1020, 1027, 629, 719})
_FIRST_USER_OID = 16_384


def numeric_text(value: bytes) -> str:
    """A binary numeric as a plain decimal. Raises struct.error or ArithmeticError if it is none."""
    count, weight, sign, scale = _NUMERIC_HEAD.unpack_from(value)
    if sign in _NUMERIC_SPECIAL:
        return _NUMERIC_SPECIAL[sign]
    digits = struct.unpack_from(f">{count}H", value, _NUMERIC_HEAD.size)
    whole = "".join(f"{digits[i] if i < count else 0:04d}" for i in range(weight + 1))
    start = max(weight + 1, 0)
    fraction = "0000" * max(-weight - 1, 0) + "".join(f"{digit:04d}" for digit in digits[start:])
    text = (whole.lstrip("0") or "0") + (f".{fraction.ljust(scale, '0')[:scale]}" if scale else "")
    return f"-{text}" if sign == _NUMERIC_NEGATIVE else text


def _timestamp(value: bytes) -> str:
    return (_EPOCH + timedelta(microseconds=_INT8.unpack(value)[0])).replace(tzinfo=None).isoformat(" ")


def _date(value: bytes) -> str:
    return (_EPOCH + timedelta(days=_INT4.unpack(value)[0])).date().isoformat()


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")


_DECODERS: dict[int, Callable[[bytes], str]] = {
    BOOL: lambda value: "t" if value == b"\x01" else "f",
    INT2: lambda value: str(_INT2.unpack(value)[0]),
    INT4: lambda value: str(_INT4.unpack(value)[0]),
    INT8: lambda value: str(_INT8.unpack(value)[0]),
    OID: lambda value: str(_UINT4.unpack(value)[0]),
    FLOAT4: lambda value: repr(_FLOAT4.unpack(value)[0]),
    FLOAT8: lambda value: repr(_FLOAT8.unpack(value)[0]),
    NUMERIC: numeric_text,
    DATE: _date,
    TIMESTAMP: _timestamp,
    TIMESTAMPTZ: lambda value: f"{_timestamp(value)}+00",
    UUID_: lambda value: str(UUID(bytes=value)),
    BYTEA: lambda value: f"\\x{value.hex()}",
    JSONB: lambda value: _text(value[1:]),
    **dict.fromkeys((NAME, TEXT, XML, UNKNOWN, BPCHAR, VARCHAR, CSTRING, JSON, CHAR), _text),
}


def decoded(value: bytes, type_oid: int) -> str | None:
    """A binary value as text; None where its type is not known, or it is no value of it."""
    decode = _DECODERS.get(type_oid)
    if decode is None:
        return None
    try:
        return decode(value)
    except (struct.error, ValueError, ArithmeticError):
        return None


def readable(value: bytes, type_oid: int) -> str:
    """A binary value for the recording: as text where the type is known, else in base64."""
    text = decoded(value, type_oid)
    return text if text is not None else f"base64:{base64.b64encode(value).decode()}"


def is_text(value: bytes) -> bool:
    """Whether it is what an enum or citext sends; integers of a card's size begin with null bytes."""
    try:
        return value.decode().isprintable()
    except UnicodeDecodeError:
        return False


def embedded_numbers(value: bytes, type_oid: int) -> Iterator[str]:
    """As digits, every int8, float8 and numeric as long as a card number that could stand anywhere in a binary value.

    Ordinary floats read as integers have 19 digits: integers are not looked for in shapes, and in types that are not
    PostgreSQL's own only those of 16 digits, the common length.
    """
    most = 0 if type_oid in _SHAPES else _MOST if type_oid < _FIRST_USER_OID or len(value) == _INT8.size else 10**16
    for start in range(len(value) - 7):
        [whole] = _INT8.unpack_from(value, start)
        if _LEAST <= abs(whole) < most:
            yield str(abs(whole))
        [real] = _FLOAT8.unpack_from(value, start)
        if _LEAST <= abs(real) < _MOST:
            yield str(Decimal(abs(real)))
        count, weight, sign, _ = _NUMERIC_HEAD.unpack_from(value, start)
        if 1 <= count <= _MOST_GROUPS and 2 <= weight < _MOST_GROUPS and sign in {0, _NUMERIC_NEGATIVE}:
            with contextlib.suppress(struct.error):
                yield numeric_text(value[start:]).lstrip("-")


def number_text(value: bytes, type_oid: int) -> str:
    """A binary int8, float8 or numeric as digits. Raises struct.error or ArithmeticError if it is none."""
    if type_oid == NUMERIC:
        return numeric_text(value)
    if type_oid == INT8:
        return str(_INT8.unpack(value)[0])
    return str(Decimal(_FLOAT8.unpack(value)[0]))
