"""Frames and payloads: any split of valid bytes gives the same frames; garbage raises ProtocolViolation alone."""

import struct
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.postgres.protocol import messages, startup
from proxy.postgres.protocol.frames import MAX_MESSAGE_BYTES, FrameReader, ProtocolViolation

TAGS = st.sampled_from([b"Q", b"D", b"T", b"Z", b"d", b"E"])
MESSAGES = st.lists(st.tuples(TAGS, st.binary(max_size=60)), max_size=12)


def frames_of(pieces: list[bytes]) -> list[tuple[int, bytes]]:
    reader = FrameReader()
    found: list[tuple[int, bytes]] = []
    for piece in pieces:
        chunk, frames = reader.feed(piece)
        found += [(tag, chunk[start:end]) for tag, start, end in frames]
    assert reader.unfinished == 0
    return found


def split_at(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[start:end] for start, end in pairwise(edges)]


@given(MESSAGES, st.lists(st.integers(min_value=0), max_size=20))
def test_any_split_gives_equal_frames(said: list[tuple[bytes, bytes]], cuts: list[int]) -> None:
    data = b"".join(messages.message(tag, payload) for tag, payload in said)
    assert frames_of(split_at(data, cuts)) == [(tag[0], payload) for tag, payload in said]


@given(MESSAGES)
def test_byte_by_byte(said: list[tuple[bytes, bytes]]) -> None:
    data = b"".join(messages.message(tag, payload) for tag, payload in said)
    assert frames_of([data[i : i + 1] for i in range(len(data))]) == [(tag[0], payload) for tag, payload in said]


@pytest.mark.parametrize("length", [0, 3, MAX_MESSAGE_BYTES + 1, 0xFFFF_FFFF])
def test_impossible_lengths_are_refused(length: int) -> None:
    with pytest.raises(ProtocolViolation):
        FrameReader().feed(b"Q" + struct.pack(">I", length) + b"xx")


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


def test_startup_round_trip() -> None:
    packet = startup.read_packet(startup.startup({"user": "a@b", "database": "x", "_pq_.y": "1"}, startup.PROTOCOL_3_2))
    assert isinstance(packet, startup.Startup)
    assert (packet.version, packet.user, packet.extensions) == (startup.PROTOCOL_3_2, "a@b", ["_pq_.y"])


@pytest.mark.parametrize("secret", [b"1234", b"x" * 32, b"x" * 256])
def test_cancel_round_trip(secret: bytes) -> None:
    assert startup.read_packet(startup.cancel_request(-7, secret)) == startup.CancelRequest(-7, secret)


@pytest.mark.parametrize(
    "packet",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        struct.pack(">II", 8, 2 << 16),
        struct.pack(">II", 9, startup.PROTOCOL_3_0) + b"x",
        struct.pack(">I", 10_001) + b"x" * 20,
        startup.startup({"user": "a"})[:-1],
    ],
)
def test_what_is_no_startup_packet(packet: bytes) -> None:
    with pytest.raises(ProtocolViolation):
        startup.read_packet(packet)
