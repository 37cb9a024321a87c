"""Binary values taken apart and put together again, or refused."""

import struct

import pytest

from proxy.postgres.cells import parts

ARRAY = struct.pack(">iiIii", 1, 0, 25, 2, 1) + b"\0\0\0\1a\0\0\0\1b"
RECORD = struct.pack(">i", 2) + struct.pack(">Ii", 25, 1) + b"a" + struct.pack(">Ii", 23, -1)


def test_an_array() -> None:
    assert parts.array(ARRAY, lambda value: value) is ARRAY
    masked = parts.array(ARRAY, lambda value: None if value == b"a" else b"longer")
    assert masked == struct.pack(">iiIii", 1, 1, 25, 2, 1) + b"\xff\xff\xff\xff\0\0\0\6longer"


def test_a_record() -> None:
    fields = parts.fields(RECORD)
    assert fields == [parts.Field(25, b"a"), parts.Field(23, None)]
    assert parts.record(RECORD, fields, [field.value for field in fields]) is RECORD
    masked = parts.record(RECORD, fields, [b"***", None])
    assert parts.fields(masked) == [parts.Field(25, b"***"), parts.Field(23, None)]


@pytest.mark.parametrize(
    ("cell", "bounds"),
    [(b"\1", []), (b"\x18", []), (b"\2\0\0\0\1a\0\0\0\1b", [b"a", b"b"]), (b"\x12\0\0\0\1a", [b"a"])],
)
def test_a_range(cell: bytes, bounds: list[bytes]) -> None:
    assert parts.bounds(cell) == bounds


def test_a_multirange() -> None:
    assert parts.ranges(b"\0\0\0\2\0\0\0\1\1\0\0\0\1\x18") == [b"\1", b"\x18"]


@pytest.mark.parametrize(("oid", "head"), parts.POINTS.items())
def test_shapes_are_floats(oid: int, head: int) -> None:
    one, two = struct.pack(">d", 1.5), struct.pack(">d", 2.5)
    assert list(parts.floats(bytes(head) + one + two, oid)) == [one, two]
    with pytest.raises(struct.error):
        list(parts.floats(bytes(head) + one + b"x", oid))


@pytest.mark.parametrize("cell", [RECORD + b"x", RECORD[:-1], b"", b"\0\0\0\1" + struct.pack(">Ii", 25, 99)])
def test_no_record(cell: bytes) -> None:
    with pytest.raises(struct.error):
        parts.fields(cell)


@pytest.mark.parametrize("cell", [b"", b"\0", b"\0\0\0\0\1a", b"\1\0\0\0\1a", b"\0\0\0\0\x09a"])
def test_no_range(cell: bytes) -> None:
    with pytest.raises(struct.error):
        parts.bounds(cell)


def test_no_array() -> None:
    for cell in (ARRAY[:-1], b"", struct.pack(">iiI", 99, 0, 25)):
        with pytest.raises(struct.error):
            parts.array(cell, lambda value: value)
    with pytest.raises(struct.error):
        parts.ranges(b"\0\0\0\2\0\0\0\1\1")
