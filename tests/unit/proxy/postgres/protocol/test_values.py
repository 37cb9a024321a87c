"""Column values: binary forms as text, and every number of a card's size that a binary value could hold."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.postgres.protocol import values
from proxy.postgres.protocol.values import (
    ELEMENTS,
    SEARCHED_AS_TEXT,
    Nature,
    embedded_numbers,
    is_text,
    nature,
    number_text,
    numeric_text,
    readable,
)

PAN = b"4111111111111111"
NUMERIC_PAN = struct.pack(">HhHH4H", 4, 3, 0, 0, 4111, 1111, 1111, 1111)


@pytest.mark.parametrize(
    ("value", "type_oid", "text"),
    [
        (NUMERIC_PAN, values.NUMERIC, PAN.decode()),
        (struct.pack(">HhHH2H", 2, 0, 0x4000, 2, 12, 5000), values.NUMERIC, "-12.50"),
        (struct.pack(">HhHH1H", 1, -2, 0, 8, 42), values.NUMERIC, "0.00000042"),
        (struct.pack(">HhHH", 0, 0, 0xC000, 0), values.NUMERIC, "NaN"),
        (struct.pack(">i", -7), values.INT4, "-7"),
        (b"\x01", values.BOOL, "t"),
        (struct.pack(">q", 0), values.TIMESTAMPTZ, "2000-01-01 00:00:00+00"),
        (struct.pack(">i", 366), values.DATE, "2001-01-01"),
        (bytes(16), values.UUID_, "00000000-0000-0000-0000-000000000000"),
        (b"ab", values.BYTEA, "\\x6162"),
        (b"\xff\x00", 99999, "base64:/wA="),
        (b"short", values.INT8, "base64:c2hvcnQ="),
    ],
)
def test_recorded_text(value: bytes, type_oid: int, text: str) -> None:
    assert readable(value, type_oid) == text


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**12), max_value=10**12))
def test_numerics_read_back(number: object) -> None:
    """numeric_send as PostgreSQL writes it: base 10000, no leading or trailing zero digits."""
    text = f"{number:f}"
    sign = 0x4000 if text.startswith("-") else 0
    whole, _, fraction = text.lstrip("-").partition(".")
    whole = whole.zfill(-(-len(whole) // 4) * 4)
    digits = [int((whole + fraction)[i : i + 4]) for i in range(0, len(whole + fraction), 4)]
    weight = len(whole) // 4 - 1
    while digits and digits[0] == 0:
        digits, weight = digits[1:], weight - 1
    while digits and digits[-1] == 0:
        digits.pop()
    binary = struct.pack(f">HhHH{len(digits)}H", len(digits), weight if digits else 0, sign, 4, *digits)
    assert numeric_text(binary) == text


@pytest.mark.parametrize(
    ("type_oid", "expected"),
    [
        (values.TEXT, Nature.TEXT),
        (values.JSONB, Nature.JSON),
        (values.INT8, Nature.NUMBER),
        (values.NUMERIC, Nature.NUMBER),
        (values.INT4, Nature.HARMLESS),
        (values.UUID_, Nature.HARMLESS),
        (values.BYTEA, Nature.OPAQUE),
        (1009, Nature.ARRAY),
        # One that nobody knows, such as an extension's.
        (99999, Nature.OPAQUE),
    ],
)
def test_natures(type_oid: int, expected: Nature) -> None:
    assert nature(type_oid) is expected


def test_no_type_is_searched_as_text_that_could_be_a_number() -> None:
    numbers = {values.INT8, values.FLOAT8, values.NUMERIC}
    assert not numbers & SEARCHED_AS_TEXT
    assert not {array for array, element in ELEMENTS.items() if element in numbers} & SEARCHED_AS_TEXT


@given(st.integers(10**11, 10**16 - 1), st.binary(max_size=12), st.binary(max_size=12))
def test_an_integer_is_found_wherever_it_stands(number: int, before: bytes, after: bytes) -> None:
    assert str(number) in set(embedded_numbers(before + struct.pack(">q", number) + after, 99999))


def test_floats_and_numerics_are_found_too() -> None:
    assert PAN.decode() in set(embedded_numbers(b"x" + struct.pack(">d", float(PAN)), 600))
    assert PAN.decode() in set(embedded_numbers(b"x" + NUMERIC_PAN, 3906))


def test_a_shape_of_floats_is_not_read_as_integers() -> None:
    assert list(embedded_numbers(struct.pack(">dd", 13.25, 52.5), 600)) == []


@pytest.mark.parametrize(("value", "expected"), [("ü".encode(), True), (b"a\0", False), (b"\xff", False), (b"", True)])
def test_is_text(value: bytes, expected: bool) -> None:
    assert is_text(value) is expected


def test_numbers_as_digits() -> None:
    assert number_text(struct.pack(">q", int(PAN)), values.INT8) == PAN.decode()
    assert number_text(struct.pack(">d", float(PAN)), values.FLOAT8) == PAN.decode()
    assert number_text(NUMERIC_PAN, values.NUMERIC) == PAN.decode()
    with pytest.raises(struct.error):
        number_text(b"short", values.INT8)
