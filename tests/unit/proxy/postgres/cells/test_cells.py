"""How a value is masked by its type; each built-in one is tried by the rows' tests."""

import struct

import pytest

from proxy.masking.rules import DEFAULT_RULES, Masker
from proxy.postgres.cells.cells import CellMasker
from proxy.postgres.cells.types import Types
from proxy.postgres.protocol.frames import ProtocolViolation
from proxy.postgres.protocol.values import INT4, INT8, TEXT

PAN = 4111111111111111
PAIR, PAIRS, SMALL, CARD, MISSING, MOOD = range(20_000, 20_006)


@pytest.fixture
def cells() -> CellMasker:
    types = Types()
    rows = [
        (str(PAIR), "c", "0", "78,79"),
        (str(PAIRS), "a", str(PAIR), ""),
        (str(SMALL), "d", str(INT8), ""),
        (str(CARD), "c", "0", ",".join(name.encode().hex() for name in ("holder", "cvv"))),
        (str(MOOD), "e", "0", ""),
    ]
    types.learn([PAIR, PAIRS, SMALL, CARD, MISSING, MOOD], rows)
    return CellMasker(Masker(DEFAULT_RULES), types)


def record(*fields: tuple[int, bytes | None]) -> bytes:
    parts = [struct.pack(">Ii", oid, -1 if v is None else len(v)) + (v or b"") for oid, v in fields]
    return struct.pack(">i", len(fields)) + b"".join(parts)


def masked(cells: CellMasker, type_oid: int, cell: bytes, *, binary: bool = True) -> bytes | None:
    mask = cells.by_content(type_oid, binary=binary)
    return cell if mask is None else mask(cell)


@pytest.mark.finding("pg-F4")
def test_lengths_and_oids_are_no_numbers(cells: CellMasker) -> None:
    """What was taken for one is looked at by the type that stands beside it."""
    for number in range(2_000):
        cell = record((INT4, struct.pack(">i", number)), (TEXT, b"row %d" % number))
        assert masked(cells, PAIR, cell) is cell


def test_a_record_is_masked_field_by_field(cells: CellMasker) -> None:
    cell = record((SMALL, struct.pack(">q", PAN)), (TEXT, str(PAN).encode()))
    assert masked(cells, PAIR, cell) == record((SMALL, None), (TEXT, b"************1111"))


def test_a_field_has_its_columns_rule(cells: CellMasker) -> None:
    assert masked(cells, CARD, record((TEXT, b"Ada"), (TEXT, b"737"))) == record((TEXT, b"Ada"), (TEXT, b"***"))
    assert masked(cells, CARD, record((TEXT, b"Ada"), (INT4, b"\0\0\2\xe1"))) == record((TEXT, b"Ada"), (INT4, None))


def test_a_type_that_changed_is_hidden_where_a_name_counts(cells: CellMasker) -> None:
    assert masked(cells, CARD, record((TEXT, b"Ada"), (TEXT, b"737"), (TEXT, b"x"))) is None
    cell = record((TEXT, b"Ada"))
    assert masked(cells, PAIR, cell) is cell


def test_the_text_of_such_a_type_is_hidden(cells: CellMasker) -> None:
    assert masked(cells, CARD, b"(Ada,737)", binary=False) is None
    assert masked(cells, PAIR, b"(Ada,737)", binary=False) == b"(Ada,737)"


def test_an_enum_is_read_as_text(cells: CellMasker) -> None:
    assert masked(cells, MOOD, b"fine") == b"fine"
    assert masked(cells, MOOD, str(PAN).encode()) is None


def test_what_is_of_unknown_shape_is_searched(cells: CellMasker) -> None:
    assert masked(cells, MISSING, b"\0\0\1" + struct.pack(">q", PAN) + b"\0") is None
    assert masked(cells, MISSING, b"words") == b"words"


@pytest.mark.parametrize("cell", [b"", b"\0\0\0\1", b"\xff\xff\xff\xffx"])
def test_what_does_not_fit_its_type_ends_the_session(cells: CellMasker, cell: bytes) -> None:
    for oid in (PAIR, PAIRS):
        with pytest.raises(ProtocolViolation):
            masked(cells, oid, cell)
