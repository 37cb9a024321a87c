"""COPY rows: taken apart and put together again, they are the same row."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from postgast import parse

from proxy.postgres.protocol.copy_format import CopyOut, copy_out
from proxy.postgres.protocol.frames import ProtocolViolation
from proxy.syntax.sql import unwrap

CELLS = st.lists(st.none() | st.text(max_size=12).map(str.encode), min_size=1, max_size=6)


@given(CELLS, st.sampled_from([b"\t", b"|", b","]))
def test_text_round_trip(cells: list[bytes | None], delimiter: bytes) -> None:
    shape = CopyOut(delimiter=delimiter)
    line = shape.join(cells)
    assert line.count(b"\n") == 1
    assert shape.split(line) == cells


@given(CELLS, st.sampled_from([b",", b"|"]), st.sampled_from([b'"', b"\\"]))
def test_csv_round_trip(cells: list[bytes | None], delimiter: bytes, escape: bytes) -> None:
    shape = CopyOut(format="csv", delimiter=delimiter, null=b"", escape=escape)
    assert shape.split(shape.join(cells)) == cells


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=10), min_size=1, max_size=5))
def test_csv_reads_as_others_read_it(cells: list[str]) -> None:
    line = CopyOut(format="csv", delimiter=b",", null=b"\\N").join([cell.encode() for cell in cells]).decode()
    if not any("\r" in cell or "\0" in cell for cell in cells):
        assert next(csv.reader(io.StringIO(line, newline=""))) == cells


@pytest.mark.parametrize("line", [b'"open\n', b'a,"b\n'])
def test_an_open_quote_is_refused(line: bytes) -> None:
    with pytest.raises(ProtocolViolation):
        CopyOut(format="csv", delimiter=b",", null=b"").split(line)


@pytest.mark.parametrize(
    ("sql", "shape"),
    [
        ("copy t to stdout", CopyOut(table="t")),
        ("copy a.t (x, y) to stdout", CopyOut("a", "t", ("x", "y"))),
        ("copy (select 1) to stdout", CopyOut()),
        (
            "copy t to stdout with (format csv, header, delimiter '|', null 'x', quote '''')",
            CopyOut(table="t", format="csv", delimiter=b"|", null=b"x", quote=b"'", escape=b"'", header=True),
        ),
        ("copy t to stdout csv", CopyOut(table="t", format="csv", delimiter=b",", null=b"")),
        ("copy t to stdout with (header false)", CopyOut(table="t")),
        ("copy t to stdout with (format 'BINARY')", CopyOut(table="t", format="binary")),
        ("copy binary t to stdout", CopyOut(table="t", format="binary")),
        ("copy t to '/tmp/x'", None),
        ("copy t to program 'x'", None),
        ("copy t from stdin", None),
        ("select 1", None),
    ],
)
def test_shapes(sql: str, shape: CopyOut | None) -> None:
    assert copy_out(unwrap(parse(sql).stmts[0].stmt)) == shape
