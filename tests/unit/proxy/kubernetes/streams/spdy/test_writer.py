"""Writing SPDY: byte for byte what moby/spdystream writes, headers apart, which each compresses in its own way."""

import pytest

from proxy.kubernetes.streams.spdy.frames import (
    MAX_LENGTH,
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
from proxy.kubernetes.streams.spdy.reader import Reader
from proxy.kubernetes.streams.spdy.writer import Writer


@pytest.mark.parametrize(
    ("frame", "written"),
    [
        (Data(1, b"hello\n"), "000000010000000668656c6c6f0a"),
        (Data(1, b"", fin=True), "0000000101000000"),
        (
            Settings((Setting(4, 100, flags=1), Setting(7, 65_536))),
            "80030004000000140000000201000004000000640000000700010000",
        ),
        (Settings(clear=True), "800300040100000400000000"),
        (Ping(1), "800300060000000400000001"),
        (WindowUpdate(1, 4096), "80030009000000080000000100001000"),
        (RstStream(3, 5), "80030003000000080000000300000005"),
        (GoAway(5), "80030007000000080000000500000000"),
    ],
)
def test_frames_without_headers(frame: Frame, written: str) -> None:
    assert Writer().write(frame).hex() == written


@pytest.mark.parametrize(
    ("frame", "head"),
    [
        (SynStream(3, associated=1, priority=5, unidirectional=True), "000000030000 0001a000"),
        (SynStream(1, fin=True), "00000001000000000000"),
        (SynReply(1), "00000001"),
        (Headers(5, fin=True), "00000005"),
    ],
)
def test_frames_with_headers(frame: Frame, head: str) -> None:
    written = Writer().write(frame)
    beginning = bytes.fromhex(head)
    assert written[8 : 8 + len(beginning)] == beginning
    assert written[8 + len(beginning) :].startswith(bytes.fromhex("78bbe3c6a7c2"))
    assert int.from_bytes(written[5:8], "big") == len(written) - 8
    assert Reader().feed(written) == [frame]


def test_all_blocks_are_one_stream() -> None:
    writer, reader = Writer(), Reader()
    frames = [SynStream(number, (("streamtype", "data"), ("port", "80"))) for number in (1, 3, 5)]
    written = [writer.write(frame) for frame in frames]
    assert len(written[2]) < len(written[0])
    assert [frame for each in written for frame in reader.feed(each)] == frames


@pytest.mark.parametrize(
    "frame",
    [
        Data(0, b""),
        Data(0x8000_0000, b""),
        Data(1, bytes(MAX_LENGTH + 1)),
        SynStream(0),
        SynStream(1, priority=8),
        SynStream(1, (("A", "x"),)),
        SynReply(-1),
        Headers(0),
        RstStream(0, 1),
    ],
)
def test_what_no_frame_can_say(frame: Frame) -> None:
    with pytest.raises(ValueError, match=r"stream|priority|header|bytes"):
        Writer().write(frame)
