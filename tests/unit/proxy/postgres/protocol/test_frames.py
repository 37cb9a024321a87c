"""Frames: any split of valid bytes gives the same frames, and no length is believed that cannot be."""

import struct
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.postgres.protocol import messages
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
def test_any_split_gives_equal_frames(sent: list[tuple[bytes, bytes]], cuts: list[int]) -> None:
    data = b"".join(messages.message(tag, payload) for tag, payload in sent)
    assert frames_of(split_at(data, cuts)) == [(tag[0], payload) for tag, payload in sent]


@given(MESSAGES)
def test_byte_by_byte(sent: list[tuple[bytes, bytes]]) -> None:
    data = b"".join(messages.message(tag, payload) for tag, payload in sent)
    assert frames_of([data[i : i + 1] for i in range(len(data))]) == [(tag[0], payload) for tag, payload in sent]


@pytest.mark.parametrize("length", [0, 3, MAX_MESSAGE_BYTES + 1, 0xFFFF_FFFF])
def test_impossible_lengths_are_refused(length: int) -> None:
    with pytest.raises(ProtocolViolation):
        FrameReader().feed(b"Q" + struct.pack(">I", length) + b"xx")


def test_the_rest_of_a_message_is_waited_for() -> None:
    reader = FrameReader()
    whole = messages.message(b"Q", b"select 1\0")
    assert reader.feed(whole[:3]) == (whole[:3], [])
    assert reader.feed(whole[3:7])[1] == []
    assert reader.unfinished == 7
    chunk, [(tag, start, end)] = reader.feed(whole[7:])
    assert (chr(tag), chunk[start:end], reader.unfinished) == ("Q", b"select 1\0", 0)


def test_how_much_is_missing() -> None:
    reader = FrameReader()
    whole = messages.message(b"Q", bytes(1000))
    reader.feed(whole[:200])
    assert (reader.unfinished, reader.missing) == (200, 805)
    assert reader.feed(whole[200:]) == (whole, [(ord("Q"), 5, 1005)])
    assert (reader.unfinished, reader.missing) == (0, 0)


@pytest.mark.finding("pg-F18")
def test_what_is_held_is_told_and_told_again_when_it_is_not() -> None:
    told: list[int] = []
    reader = FrameReader(pin=told.append)
    whole = messages.message(b"Q", bytes(1000))
    reader.feed(whole[:200])
    reader.feed(whole[200:500])
    reader.feed(whole[500:900])
    assert told == [300, 400]
    assert reader.feed(whole[900:])[1] == [(ord("Q"), 5, 1005)]
    assert told == [300, 400, -700]
    reader.feed(whole[:200])
    reader.feed(whole[200:500])
    reader.drop()
    assert told[3:] == [300, -300]
    assert (reader.unfinished, reader.longest) == (0, 1005)


@pytest.mark.finding("pg-F18")
def test_what_may_not_be_held_is_not() -> None:
    held = 0

    def pin(count: int) -> None:
        nonlocal held
        if held + count > 500:
            raise MemoryError(count)
        held += count

    reader = FrameReader(pin=pin)
    reader.feed(messages.message(b"Q", bytes(1000))[:200])
    reader.feed(bytes(400))
    with pytest.raises(MemoryError):
        reader.feed(bytes(300))
    assert (reader.unfinished, held) == (0, 0)


def test_a_reader_with_a_limit_of_its_own() -> None:
    with pytest.raises(ProtocolViolation, match="4 to 10 are possible"):
        FrameReader(limit=10).feed(messages.message(b"Q", b"1234567"))
