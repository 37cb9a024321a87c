"""Long bytes are the same bytes when they are copied and changed piece by piece."""

import random

import pytest

from proxy.masking.edits import without_broken
from proxy.masking.rules import DEFAULT_RULES, Masker
from proxy.pieces import PIECE_BYTES, copied, each_piece, joined, pieces, split
from proxy.postgres.protocol.copy_format import CopyOut
from proxy.postgres.protocol.messages import TEXT, Column, data_row, read_data_rows
from proxy.postgres.protocol.values import BYTEA
from proxy.postgres.relay.rows.rows import RowMasker

SIZES = (0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 3 * PIECE_BYTES + 5)
PAN, MASKED = b"4111111111111111", b"************1111"
#: Two pieces and a half.
FILLING = b"words and words " * (PIECE_BYTES // 16 * 5 // 2)


@pytest.mark.parametrize("size", SIZES)
def test_all_of_it_in_order(size: int) -> None:
    data = random.Random(size).randbytes(size)
    assert b"".join(pieces(data)) == joined([data]) == joined([data[:7], memoryview(data)[7:]]) == data
    assert copied(data, 0, size) == data
    assert copied(data, 1, size - 1) == data[1 : max(size - 1, 0)]
    assert each_piece(data, lambda piece: piece.translate(bytes(range(256))[::-1])) == data.translate(
        bytes(range(256))[::-1]
    )
    for separator in (data[:1] or b"x", data[PIECE_BYTES - 1 : PIECE_BYTES + 1] or b"x", b"not there at all"):
        assert split(data, separator) == data.split(separator)


@pytest.mark.parametrize("around", range(PIECE_BYTES - 4, PIECE_BYTES + 1))
@pytest.mark.parametrize("odd", ["€".encode(), b"\xff", "€".encode()[:2], b"\xed\xa0\x80", b"?\0"])
def test_what_is_no_utf8_is_where_it_was(around: int, odd: bytes) -> None:
    long = b"a" * around + odd + b"b" * PIECE_BYTES
    shown = without_broken(b"a" + odd + b"b")[1:-1]
    assert without_broken(long) == b"a" * around + shown + b"b" * PIECE_BYTES


def test_a_long_row_of_which_nothing_is_masked_is_not_copied() -> None:
    row = data_row([FILLING])
    assert RowMasker([_column("x")], [None], Masker(DEFAULT_RULES)).masked(row, [(ord("D"), 5, len(row))])[0] is row


def test_a_long_cell_beside_others() -> None:
    cells = [PAN, FILLING + PAN, None, b"7", FILLING]
    row = data_row(cells)
    masker = Masker(DEFAULT_RULES)
    columns = [_column(name) for name in "abcde"]
    masked, rows = RowMasker(columns, [None] * 5, masker).mask(row, [(ord("D"), 5, len(row))])
    assert rows == [[MASKED, FILLING + MASKED, None, b"7", FILLING]]
    assert masked == data_row(rows[0])
    assert read_data_rows(masked, [(ord("D"), 5, len(masked))], 5) == rows
    assert masker.counts == {"pan": 2}


def test_long_bytes_in_hexadecimal() -> None:
    column = Column("x", 0, 0, BYTEA, TEXT)
    for text, kept in ((FILLING, True), (FILLING + PAN, False), (b"\xff\0" * PIECE_BYTES, True)):
        row = data_row([b"\\x" + text.hex().encode()])
        masked, _ = RowMasker([column], [None], Masker(DEFAULT_RULES)).mask(row, [(ord("D"), 5, len(row))])
        assert (masked == row) is kept


@pytest.mark.parametrize("delimiter", [b"\t", b"|", b","])
def test_long_lines_of_a_copy(delimiter: bytes) -> None:
    shape = CopyOut(delimiter=delimiter)
    odd = b"\\" + delimiter + b"\n\t\\\\"
    cells = [odd * 9, FILLING + odd, None, b"", odd * (PIECE_BYTES // 4), FILLING]
    line = shape.join(cells)
    assert line.count(b"\n") == 1
    assert shape.split(line) == cells


def _column(name: str) -> Column:
    return Column(name, 0, 0, 25, TEXT)
