"""Reading SPDY: any split of valid bytes gives the same frames, and what moby/spdystream writes is read.

`RECORDED` was written by github.com/moby/spdystream v0.5.1, Framer.WriteFrame, one frame a line, in this order.
"""

import contextlib
import struct
import tracemalloc
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.kubernetes.streams.spdy.frames import (
    Data,
    Frame,
    GoAway,
    Headers,
    Ping,
    RstStream,
    Setting,
    Settings,
    SynReply,
    SynStream,
    WindowUpdate,
)
from proxy.kubernetes.streams.spdy.header_blocks import Packing
from proxy.kubernetes.streams.spdy.reader import MAX_CONTROL_BYTES, Reader
from proxy.kubernetes.streams.spdy.writer import Writer
from proxy.kubernetes.streams.violation import StreamViolation

RECORDED = """
80030001000000290000000100000000000078f9e3c6a7c26260606004a7b392a2d4c45c6851c29a0a0a6800000000ffff
80030001020000190000000300000001a000c22ac5565c92925f5a02000000ffff
800300020000000e000000016260606000000000ffff
800300010100001d00000005000000000000c22acf95925892c890989e989907000000ffff
80030008000000160000000582cab314e41781739185818501000000ffff
000000010000000668656c6c6f0a
80030004000000140000000201000004000000640000000700010000
800300060000000400000001
80030009000000080000000100001000
80030003000000080000000300000005
0000000101000000
80030007000000080000000500000000
"""
MEANT: list[Frame] = [
    SynStream(1, (("streamtype", "error"),)),
    SynStream(3, (("streamtype", "stdout"),), associated=1, priority=5, unidirectional=True),
    SynReply(1),
    SynStream(5, (("streamtype", "data"), ("streamtype", "again")), fin=True),
    Headers(5, (("port", "8080"),)),
    Data(1, b"hello\n"),
    Settings((Setting(4, 100, flags=1), Setting(7, 65_536))),
    Ping(1),
    WindowUpdate(1, 4096),
    RstStream(3, 5),
    Data(1, b"", fin=True),
    GoAway(5),
]

STREAMS = st.integers(1, 0x7FFF_FFFF)
WORDS = st.integers(0, 0xFFFF_FFFF)
BLOCKS = st.lists(
    st.tuples(st.sampled_from(["streamtype", "port", "a"]), st.sampled_from(["data", "80", ""])), max_size=3
)
HEADERS = BLOCKS.map(lambda block: tuple(dict(block).items()))
SETTINGS = st.lists(st.builds(Setting, st.integers(0, 0xFF_FFFF), WORDS, st.integers(0, 255)), max_size=3).map(tuple)
FRAMES: st.SearchStrategy[list[Frame]] = st.lists(
    st.one_of(
        st.builds(SynStream, STREAMS, HEADERS, st.integers(0, 9), st.integers(0, 7), st.booleans(), st.booleans()),
        st.builds(SynReply, STREAMS, HEADERS, st.booleans()),
        st.builds(RstStream, STREAMS, st.integers(1, 11)),
        st.builds(Settings, SETTINGS, st.booleans()),
        st.builds(Ping, st.integers(1, 0xFFFF_FFFF)),
        st.builds(GoAway, st.integers(0, 9), WORDS),
        st.builds(Headers, STREAMS, HEADERS, st.booleans()),
        st.builds(WindowUpdate, st.integers(0, 9), st.integers(1, 0x7FFF_FFFF)),
        st.builds(Data, STREAMS, st.binary(max_size=60), st.booleans()),
    ),
    max_size=8,
)


def joined(frames: list[Frame]) -> bytes:
    writer = Writer()
    return b"".join(map(writer.write, frames))


def merged(frames: list[Frame]) -> list[tuple[str, object]]:
    """What is said, whatever the lengths of data frames: their bytes by stream, in order."""
    said: list[tuple[str, object]] = []
    for frame in frames:
        if not isinstance(frame, Data):
            said.append(("frame", frame))
            continue
        said += [(f"data {frame.stream}", byte) for byte in frame.data]
        said += [(f"end {frame.stream}", "")] if frame.fin else []
    return said


def control(kind: int, payload: bytes, flags: int = 0, version: int = 3) -> bytes:
    return struct.pack(">HHI", 0x8000 | version, kind, flags << 24 | len(payload)) + payload


def test_what_go_writes() -> None:
    reader = Reader()
    assert [frame for line in RECORDED.split() for frame in reader.feed(bytes.fromhex(line))] == MEANT
    assert reader.unfinished == 0


def test_what_go_writes_byte_by_byte() -> None:
    data = bytes.fromhex("".join(RECORDED.split()))
    reader = Reader()
    assert merged([frame for byte in data for frame in reader.feed(bytes([byte]))]) == merged(MEANT)


@given(FRAMES, st.lists(st.integers(min_value=0), max_size=20))
def test_any_split_says_the_same(frames: list[Frame], cuts: list[int]) -> None:
    data = joined(frames)
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    reader = Reader()
    found = [frame for start, end in pairwise(edges) for frame in reader.feed(data[start:end])]
    assert merged(found) == merged(frames)
    assert reader.unfinished == 0


@given(FRAMES)
def test_whole_frames_come_back_as_they_were(frames: list[Frame]) -> None:
    assert Reader().feed(joined(frames)) == frames


def test_a_long_data_frame_is_not_held() -> None:
    reader = Reader()
    length = 0xFF_FFFF
    assert reader.feed(struct.pack(">II", 7, 1 << 24 | length)) == []
    piece = bytes(64 * 1024)
    tracemalloc.start()
    try:
        for _ in range(length // len(piece)):
            assert reader.feed(piece) == [Data(7, piece)]
            assert reader.unfinished == 0
        assert tracemalloc.get_traced_memory()[1] < 1024 * 1024
    finally:
        tracemalloc.stop()
    rest = bytes(length % len(piece))
    assert reader.feed(rest + control(6, b"\0\0\0\1")) == [Data(7, rest, fin=True), Ping(1)]


def test_what_is_held_of_a_control_frame() -> None:
    reader = Reader()
    assert reader.feed(control(6, b"\0\0\0\1")[:-1]) == []
    assert reader.unfinished == 11
    assert reader.feed(b"\1") == [Ping(1)]


NO_HEADERS = Packing().write(())
TWO = struct.pack(">II", 1, 1)


@pytest.mark.parametrize(
    "data",
    [
        # Versions and types.
        control(6, b"\0\0\0\1", version=2),
        control(6, b"\0\0\0\1", version=4),
        control(0, b""),
        control(5, b""),
        control(10, bytes(10)),
        control(11, b""),
        # Lengths.
        struct.pack(">HHI", 0x8003, 1, MAX_CONTROL_BYTES + 1),
        struct.pack(">HHI", 0x8003, 6, 0xFF_FFFF),
        control(1, b""),
        control(1, bytes(9)),
        control(2, bytes(3)),
        control(8, b""),
        control(3, TWO[:-1]),
        control(3, TWO + b"\0"),
        control(4, b""),
        control(4, b"\0\0\0\1"),
        control(4, b"\0\0\0\0" + bytes(8)),
        control(4, b"\xff\xff\xff\xff" + bytes(8)),
        control(6, b""),
        control(6, bytes(3) + b"\1\0"),
        control(7, bytes(4)),
        control(9, bytes(12)),
        # Flags.
        control(1, struct.pack(">IIBB", 1, 0, 0, 0) + NO_HEADERS, flags=4),
        control(2, b"\0\0\0\1" + NO_HEADERS, flags=2),
        control(8, b"\0\0\0\1" + NO_HEADERS, flags=128),
        control(3, TWO, flags=1),
        control(4, bytes(4), flags=2),
        control(6, b"\0\0\0\1", flags=1),
        control(7, bytes(8), flags=1),
        control(9, TWO, flags=1),
        struct.pack(">II", 1, 2 << 24),
        # Numbers.
        struct.pack(">II", 0, 0),
        control(1, struct.pack(">IIBB", 0, 0, 0, 0) + NO_HEADERS),
        control(1, struct.pack(">IIBB", 0x8000_0001, 0, 0, 0) + NO_HEADERS),
        control(1, struct.pack(">IIBB", 1, 0x8000_0001, 0, 0) + NO_HEADERS),
        control(1, struct.pack(">IIBB", 1, 0, 1, 0) + NO_HEADERS),
        control(1, struct.pack(">IIBB", 1, 0, 0, 1) + NO_HEADERS),
        control(2, bytes(4) + NO_HEADERS),
        control(8, bytes(4) + NO_HEADERS),
        control(3, struct.pack(">II", 0, 1)),
        control(3, struct.pack(">II", 1, 0)),
        control(6, bytes(4)),
        control(7, struct.pack(">II", 0x8000_0000, 0)),
        control(9, struct.pack(">II", 1, 0)),
        control(9, struct.pack(">II", 1, 0x8000_0000)),
        # Headers.
        control(1, struct.pack(">IIBB", 1, 0, 0, 0)),
        control(2, b"\0\0\0\1" + b"nonsense"),
    ],
)
def test_what_no_side_sends(data: bytes) -> None:
    with pytest.raises(StreamViolation):
        Reader().feed(data)


@given(st.lists(st.binary(max_size=30), max_size=6), st.booleans())
def test_garbage_is_a_violation(pieces: list[bytes], controls: bool) -> None:
    reader = Reader()
    try:
        for piece in pieces:
            reader.feed(b"\x80\x03\x00" + piece if controls else piece)
    except StreamViolation:
        pass


@given(FRAMES, st.integers(min_value=0), st.integers(0, 255))
def test_one_wrong_byte_is_a_violation_or_another_frame(frames: list[Frame], at: int, byte: int) -> None:
    data = bytearray(joined(frames) or b"\0")
    data[at % len(data)] = byte
    with contextlib.suppress(StreamViolation):
        Reader().feed(bytes(data))
