"""Long bytes are the same bytes when they are copied and changed piece by piece."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.masking import normalise
from proxy.masking.cards.brands import luhn
from proxy.masking.cards.pans import luhn_sums, passes
from proxy.masking.edits import without_broken
from proxy.masking.normalise import parse_run
from proxy.masking.rules import DEFAULT_RULES, Masker
from proxy.pieces import PIECE_BYTES, copied, each_piece, joined, pieces, split
from proxy.postgres.protocol.copy_format import CopyOut
from proxy.postgres.protocol.frames import ProtocolViolation
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


@pytest.mark.parametrize("escape", [b'"', b"\\", b"!"])
def test_long_lines_of_a_csv(escape: bytes) -> None:
    shape = CopyOut(format="csv", delimiter=b",", null=b"", escape=escape)
    odd = b'",\n\\!"'
    cells = [odd * 9, FILLING + odd, None, b"a", odd * (PIECE_BYTES // 3), FILLING, b'"' * (PIECE_BYTES + 3)]
    assert shape.split(shape.join(cells)) == cells


@given(
    st.lists(st.sampled_from([b'"', b"\\", b",", b"a", b"\n", b"!"]), max_size=14), st.sampled_from([b'"', b"\\", b"!"])
)
def test_a_quoted_cell_is_read_byte_by_byte(said: list[bytes], escape: bytes) -> None:
    shape = CopyOut(format="csv", delimiter=b",", null=b"", escape=escape)
    line = b'"' + b"".join(said)
    expected = quoted(line, escape)
    if expected is None:
        with pytest.raises(ProtocolViolation):
            shape.split(line)
    else:
        cell, rest = expected
        assert shape.split(line.removesuffix(rest)) == [cell]


def quoted(line: bytes, escape: bytes) -> tuple[bytes, bytes] | None:
    """The first cell, which is quoted, and what comes behind it; None: its quote is open."""
    found, rest = b"", line[1:]
    while rest:
        here, after = rest[:1], rest[1:2]
        if here == escape and after in {escape, b'"'}:
            found, rest = found + after, rest[2:]
        elif here == b'"':
            return found, rest[1:]
        else:
            found, rest = found + here, rest[1:]
    return None


@given(st.lists(st.sampled_from([b"\\", b",", b"a", b"N", b"n"]), max_size=14))
def test_a_text_line_is_read_byte_by_byte(said: list[bytes]) -> None:
    shape, line = CopyOut(delimiter=b","), b"".join(said)
    expected = fields(line)
    if expected is None:
        with pytest.raises(ProtocolViolation):
            shape.split(line)
    else:
        assert shape.split(line) == expected


def fields(line: bytes) -> list[bytes | None] | None:
    """The cells of a line; None: it ends in an escape."""
    cells, raw, clear, rest = list[bytes | None](), b"", b"", line
    while rest:
        here, after = rest[:1], rest[1:2]
        if here == b"\\":
            if not after:
                return None
            raw, clear, rest = raw + rest[:2], clear + {b"n": b"\n"}.get(after, after), rest[2:]
        elif here == b",":
            cells.append(None if raw == b"\\N" else clear)
            raw, clear, rest = b"", b"", rest[1:]
        else:
            raw, clear, rest = raw + here, clear + here, rest[1:]
    return [*cells, None if raw == b"\\N" else clear]


RUNS = st.lists(
    st.sampled_from(["4111", "1111", "4111111111111111", "5", "0", "00", " ", "-", ".", "3782 822463 10005"])
)


@given(RUNS)
def test_long_rows_of_numbers_are_read_as_short_ones_are(words: list[str]) -> None:
    data = "".join(words).strip(" -.").encode()
    if not data:
        return
    short = parse_run(data, 0, len(data))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(normalise, "_LONG_RUN_BYTES", 0)
        long = parse_run(data, 0, len(data))
    assert long.places[:] == short.places
    assert [long.places[at] for at in range(-len(short.places), len(short.places))] == list(short.places) * 2
    assert (*long.groups,) == (*short.groups,)
    assert long[:1] + long[3:] == short[:1] + short[3:]
    assert long.split().groups == short.split().groups


def test_numbers_without_end_are_masked_as_few_are() -> None:
    few, many = Masker(DEFAULT_RULES), Masker(DEFAULT_RULES)
    line = b"4111111111111111 4111111111111112 5500005555555559 "
    [short], [long] = few.cells([line * 40]), many.cells([line * 40_000])
    assert short is not None
    assert long == short * 1000
    assert many.counts["pan"] == 1000 * few.counts["pan"] > 0


@pytest.mark.parametrize("size", [0, 1, 2, 65_535, 65_536, 65_537, 200_001])
def test_sums_are_those_of_each_number(size: int) -> None:
    digits = bytes(random.Random(size).choices(b"0123456789", k=size))
    sums = luhn_sums(digits)
    for low, high in ((0, min(size, 16)), (max(size - 16, 0), size), (max(65_530, 0), min(65_546, size))):
        if low < high <= size:
            assert passes(sums, low, high) == luhn(digits[low:high])


def _column(name: str) -> Column:
    return Column(name, 0, 0, 25, TEXT)
