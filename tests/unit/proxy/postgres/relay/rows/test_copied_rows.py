"""Rows of a COPY: masked by content and by column, the header left alone, and untouched rows byte for byte."""

import pytest

from proxy.errors import PolicyFault
from proxy.masking.rules import DEFAULT_RULES, Masker
from proxy.postgres.protocol.copy_format import CopyOut
from proxy.postgres.protocol.frames import FrameReader, ProtocolViolation
from proxy.postgres.protocol.messages import message
from proxy.postgres.relay.rows.copied_rows import CopyMasker

PAN, MASKED = b"4111111111111111", b"************1111"


def copied(shape: CopyOut, *columns: str, batches: list[list[bytes]]) -> tuple[list[bytes], list[list[bytes | None]]]:
    """The lines and the rows that come of `batches`, which arrive one after another."""
    masker = Masker(DEFAULT_RULES)
    copy = CopyMasker(shape, [masker.column_rule(name) for name in columns], masker)
    lines: list[bytes] = []
    rows: list[list[bytes | None]] = []
    for batch in batches:
        sent, masked = copy.mask(*FrameReader().feed(b"".join(message(b"d", line) for line in batch)))
        chunk, frames = FrameReader().feed(sent)
        lines += [chunk[start:end] for _, start, end in frames]
        rows += masked
    return lines, rows


def test_by_content() -> None:
    lines, rows = copied(CopyOut(), batches=[[b"1\t" + PAN + b"\n", b"2\t\\N\n"]])
    assert lines == [b"1\t" + MASKED + b"\n", b"2\t\\N\n"]
    assert rows == [[b"1", MASKED], [b"2", None]]


def test_by_the_columns_rule() -> None:
    lines, _ = copied(CopyOut(), "id", "cvv", batches=[[b"1\t737\n", b"2\t\\N\n"]])
    assert lines == [b"1\t***\n", b"2\t\\N\n"]


def test_the_first_row_of_all_is_the_header() -> None:
    shape = CopyOut(format="csv", delimiter=b",", null=b"", header=True)
    lines, _ = copied(shape, "id", "cvv", batches=[[b"id,cvv\n"], [b"1,737\n"]])
    assert lines == [b"id,cvv\n", b"1,***\n"]


def test_a_row_that_needs_nothing_is_handed_on_as_it_came() -> None:
    odd = b"\\x41 is not how we write it\t1\n"
    assert copied(CopyOut(), batches=[[odd]])[0] == [odd]


def test_a_row_of_other_columns_than_the_rules() -> None:
    with pytest.raises(PolicyFault, match="other columns than its table"):
        copied(CopyOut(), "id", "cvv", batches=[[b"1\t737\tx\n"]])


def test_a_row_that_is_not_in_its_format() -> None:
    with pytest.raises(ProtocolViolation):
        copied(CopyOut(format="csv", delimiter=b",", null=b""), batches=[[b'"open\n']])
