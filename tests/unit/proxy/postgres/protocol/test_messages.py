"""Payloads: read back as they were written; garbage raises ProtocolViolation alone."""

import struct
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.postgres.protocol import messages, startup
from proxy.postgres.protocol.frames import FrameReader, ProtocolViolation

READERS: list[Callable[[bytes], Any]] = [
    messages.read_query,
    messages.read_parse,
    messages.read_bind,
    messages.read_target,
    messages.read_execute,
    messages.read_row_description,
    messages.read_fields,
    messages.read_copy_response,
    messages.read_parameter_status,
    messages.read_notification,
    messages.read_password,
    startup.read_packet,
    messages.read_data_row,
    lambda payload: startup.packet_length(payload[:4]),
    lambda payload: FrameReader().feed(payload),
]


@pytest.mark.parametrize("read", READERS)
@given(payload=st.binary(max_size=80))
def test_garbage_raises_only_protocol_violation(read: Callable[[bytes], Any], payload: bytes) -> None:
    try:
        read(payload)
    except ProtocolViolation:
        return


@given(st.lists(st.none() | st.binary(max_size=40), max_size=10))
def test_data_row_survives_a_round_trip(cells: list[bytes | None]) -> None:
    reader = FrameReader()
    chunk, [(tag, start, end)] = reader.feed(messages.data_row(cells))
    assert chr(tag) == "D"
    assert messages.read_data_row(chunk[start:end]) == cells


@pytest.mark.parametrize("size", [1024**2, 1024**2 + 1, 3 * 1024**2 - 7])
def test_a_long_cell_is_whole_and_no_more_than_that(size: int) -> None:
    cell = (b"0123456789abcdef\0" * (size // 17 + 1))[:size]
    row = messages.data_row([b"before", cell, b"behind", None])
    assert messages.read_data_row(row[5:]) == [b"before", cell, b"behind", None]


def test_a_long_cell_must_not_reach_into_the_next_message() -> None:
    row = struct.pack(">HI", 1, 2**21) + b"a" * (2**21 - 1)
    with pytest.raises(ProtocolViolation):
        messages.read_data_rows(row + b"cd", [(68, 0, len(row))], 1)


def test_a_cell_must_not_reach_into_the_next_message() -> None:
    row = struct.pack(">HI", 1, 4) + b"ab"
    with pytest.raises(ProtocolViolation):
        messages.read_data_rows(row + b"cd", [(68, 0, len(row))], 1)


def test_bind_with_formats_and_parameters() -> None:
    payload = b"p\0s\0" + struct.pack(">hh", 1, 1) + struct.pack(">h", 2) + struct.pack(">i", -1)
    payload += struct.pack(">i", 3) + b"abc" + struct.pack(">hhh", 2, 0, 1)
    assert messages.read_bind(payload) == messages.Bind("p", "s", 2, (0, 1))


def test_fields_round_trip() -> None:
    error = messages.error("42501", "no ü", detail="why")
    assert dict(messages.read_fields(error[5:]).values) == {
        "S": "ERROR",
        "V": "ERROR",
        "C": "42501",
        "M": "no ü",
        "D": "why",
    }
