"""Rows masked in every type and both formats: still valid, still of the right lengths, and nothing clear in them."""

import json
import struct
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.masking.rules import DEFAULT_RULES, Masker
from proxy.postgres.protocol import values
from proxy.postgres.protocol.frames import FrameReader, ProtocolViolation
from proxy.postgres.protocol.messages import BINARY, TEXT, Column, data_row, read_data_row
from proxy.postgres.protocol.values import readable
from proxy.postgres.relay.rows.rows import RowMasker

PAN = b"4111111111111111"
MASKED = b"************1111"
NUMERIC_PAN = struct.pack(">HhHH4H", 4, 3, 0, 0, 4111, 1111, 1111, 1111)

Cells = Sequence[bytes | None]


def mask(columns: list[Column], rows: Sequence[Cells], *, masker: Masker | None = None) -> list[list[bytes | None]]:
    masker = masker or Masker(DEFAULT_RULES)
    chunk, frames = FrameReader().feed(b"".join(data_row(row) for row in rows))
    said, kept = RowMasker(columns, [masker.column_rule(each.name) for each in columns], masker).mask(chunk, frames)
    chunk, frames = FrameReader().feed(said)
    assert [read_data_row(chunk[start:end]) for _, start, end in frames] == kept
    return kept


def one(value: bytes | None, type_oid: int, form: int, name: str = "x") -> bytes | None:
    [[masked]] = mask([Column(name, 0, 0, type_oid, form)], [[value]])
    return masked


def array(element: int, *elements: bytes | None) -> bytes:
    parts = b"".join(b"\xff\xff\xff\xff" if e is None else struct.pack(">i", len(e)) + e for e in elements)
    return struct.pack(">iiIii", 1, int(None in elements), element, len(elements), 1) + parts


def record(*fields: tuple[int, bytes | None]) -> bytes:
    parts = [struct.pack(">Ii", oid, -1 if v is None else len(v)) + (v or b"") for oid, v in fields]
    return struct.pack(">i", len(fields)) + b"".join(parts)


@pytest.mark.parametrize(
    ("value", "type_oid", "form", "masked"),
    [
        (PAN, values.TEXT, TEXT, MASKED),
        (PAN, values.VARCHAR, BINARY, MASKED),
        (b"card " + PAN + b" of Ada", values.BPCHAR, BINARY, b"card " + MASKED + b" of Ada"),
        (PAN, values.INT8, TEXT, None),
        (struct.pack(">q", int(PAN)), values.INT8, BINARY, None),
        (struct.pack(">q", 42), values.INT8, BINARY, struct.pack(">q", 42)),
        (PAN, values.NUMERIC, TEXT, None),
        (PAN + b".00", values.NUMERIC, TEXT, None),
        (NUMERIC_PAN, values.NUMERIC, BINARY, None),
        (b"4.111111111111111e+15", values.FLOAT8, TEXT, None),
        (struct.pack(">d", float(PAN)), values.FLOAT8, BINARY, None),
        (b"\\x" + PAN.hex().encode(), values.BYTEA, TEXT, None),
        (PAN, values.BYTEA, BINARY, None),
        (b'"' + PAN + b'"', values.JSON, TEXT, b'"' + MASKED + b'"'),
        (b"\x01" + b'"' + PAN + b'"', values.JSONB, BINARY, b"\x01" + b'"' + MASKED + b'"'),
        (b"{a," + PAN + b"}", 1009, TEXT, b"{a," + MASKED + b"}"),
        (array(25, b"a", None, PAN), 1009, BINARY, array(25, b"a", None, MASKED)),
        (b"{1," + PAN + b"}", 1016, TEXT, None),
        (array(20, struct.pack(">q", int(PAN)), struct.pack(">q", 1)), 1016, BINARY, None),
        (b"(1," + PAN + b")", values.RECORD, TEXT, b"(1," + MASKED + b")"),
        (record((23, b"\0\0\0\1"), (25, PAN)), values.RECORD, BINARY, record((23, b"\0\0\0\1"), (25, MASKED))),
        (record((20, struct.pack(">q", int(PAN)))), values.RECORD, BINARY, record((20, None))),
        (record((25, b"x")), values.RECORD, BINARY, record((25, b"x"))),
        # A type that we know nothing of: its text is hidden whole, and so is anything as long as a card number.
        (b"[" + PAN + b",)", 3926, TEXT, None),
        (b"\x00\x00\x00\x10" + PAN, 99999, BINARY, None),
        (b"abc", 99999, BINARY, b"abc"),
        # … and a number of that size wherever it stands: int8range, xid8, money, point, numrange.
        (b"\x02" + struct.pack(">iqiq", 8, int(PAN), 8, int(PAN) + 1), 3926, BINARY, None),
        (struct.pack(">q", int(PAN)), 5069, BINARY, None),
        (struct.pack(">q", int(PAN)), 790, BINARY, None),
        (struct.pack(">dd", 0.5, float(PAN)), 600, BINARY, None),
        (b"\x12" + struct.pack(">i", len(NUMERIC_PAN)) + NUMERIC_PAN, 3906, BINARY, None),
        (struct.pack(">q", int(PAN)), 99999, BINARY, None),
        (array(5069, struct.pack(">q", int(PAN))), 271, BINARY, None),
        (record((790, struct.pack(">q", int(PAN)))), values.RECORD, BINARY, record((790, None))),
        (bytes(100_000), 99999, BINARY, None),
        (struct.pack(">q", 42), 790, BINARY, struct.pack(">q", 42)),
        (struct.pack(">dd", 13.25, 52.5), 600, BINARY, struct.pack(">dd", 13.25, 52.5)),
        (b"\x02" + struct.pack(">iqiq", 8, 1, 8, 10), 3926, BINARY, b"\x02" + struct.pack(">iqiq", 8, 1, 8, 10)),
        (b"a label of an enum, or citext: \xc3\xbc", 99999, BINARY, b"a label of an enum, or citext: \xc3\xbc"),
        (array(23, b"\0\x0e\x9b\xf9", b"\0\0\0\1"), 1007, BINARY, array(23, b"\0\x0e\x9b\xf9", b"\0\0\0\1")),
        (None, values.TEXT, TEXT, None),
        (b"", values.TEXT, TEXT, b""),
        (b"2026-01-01 00:00:00", values.TIMESTAMP, TEXT, b"2026-01-01 00:00:00"),
    ],
)
def test_by_content(value: bytes | None, type_oid: int, form: int, masked: bytes | None) -> None:
    found = one(value, type_oid, form)
    if type_oid == 1016 and form == BINARY:
        assert found == array(20, None, struct.pack(">q", 1))
    else:
        assert found == masked


@pytest.mark.parametrize(
    ("value", "type_oid", "form", "masked"),
    [
        (b"737", values.TEXT, TEXT, b"***"),
        (b"737", values.VARCHAR, BINARY, b"***"),
        (b"737", values.INT4, TEXT, None),
        (struct.pack(">i", 737), values.INT4, BINARY, None),
        (b'{"a": 1}', values.JSON, TEXT, b'"***"'),
        (b'\x01{"a": 1}', values.JSONB, BINARY, b'\x01"***"'),
        (b"{737}", 1009, TEXT, None),
        (None, values.TEXT, TEXT, None),
    ],
)
def test_by_the_columns_rule(value: bytes | None, type_oid: int, form: int, masked: bytes | None) -> None:
    assert one(value, type_oid, form, name="cvv") == masked


@pytest.mark.parametrize(
    "document",
    [
        '{"pan": 4111111111111111, "n": 1.50, "big": 12345678901234567890}',
        '[4111111111111111, {"a": [null, true, "4111 1111 1111 1111"]}]',
        '{"4111111111111111": 1}',
        '{"text": "say \\"4111111111111111\\" twice"}',
    ],
)
def test_json_stays_json(document: str) -> None:
    masked = one(document.encode(), values.JSON, TEXT)
    assert masked is not None
    assert PAN not in masked
    assert json.loads(masked)


def test_a_verification_code_in_json_is_hidden_whatever_its_type() -> None:
    document = b'{"cvv": 123, "card": {"cvc": "987", "pan": 4111111111111111, "name": "Ada"}}'
    masked = one(document, values.JSON, TEXT)
    assert masked is not None
    assert json.loads(masked) == {"cvv": None, "card": {"cvc": "***", "pan": None, "name": "Ada"}}


def test_json_too_deep_to_read_is_hidden() -> None:
    assert one(b"[" * 5000 + PAN + b"]" * 5000, values.JSON, TEXT) is None


def test_unchanged_rows_are_handed_on_as_they_came() -> None:
    masker = Masker(DEFAULT_RULES)
    chunk, frames = FrameReader().feed(data_row([b"a", None]) * 3)
    columns = [Column("a", 0, 0, values.TEXT, TEXT), Column("b", 0, 0, values.INT4, TEXT)]
    said, rows = RowMasker(columns, [None, None], masker).mask(chunk, frames)
    assert said == chunk
    assert rows == [[b"a", None]] * 3
    assert not masker.counts


def test_hits_are_counted() -> None:
    masker = Masker(DEFAULT_RULES)
    columns = [Column("a", 0, 0, values.TEXT, TEXT), Column("b", 0, 0, values.INT8, TEXT)]
    columns.append(Column("cvv", 0, 0, values.TEXT, TEXT))
    mask(columns, [[PAN, PAN, b"123"], [b"x", b"1", None]], masker=masker)
    assert masker.counts == {"pan": 2, "cvv": 1}


def test_a_row_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ProtocolViolation):
        mask([Column("a", 0, 0, values.TEXT, TEXT)], [[b"a", b"b"]])


BINARY_TYPES = [values.INT8, values.NUMERIC, values.FLOAT8, values.JSONB, values.BYTEA, values.RECORD, 1009, 1016, 3807]


@pytest.mark.parametrize("type_oid", BINARY_TYPES)
@given(value=st.binary(max_size=60))
def test_binary_garbage_raises_only_protocol_violation(type_oid: int, value: bytes) -> None:
    try:
        one(value, type_oid, BINARY)
    except ProtocolViolation:
        return
    readable(value, type_oid)


@given(st.lists(st.none() | st.text(max_size=30), min_size=1, max_size=30), st.integers(0, 29))
def test_a_card_among_others_is_found_in_its_place(texts: list[str | None], place: int) -> None:
    cells: list[bytes | None] = [None if text is None else text.encode() for text in texts]
    cells[place % len(cells)] = PAN
    masked = mask([Column("a", 0, 0, values.TEXT, TEXT)], [[cell] for cell in cells])
    assert masked[place % len(cells)] == [MASKED]
    assert [cell is None for [cell] in masked] == [cell is None for cell in cells]
