"""Values of SSH's protocol: as they are written, and no other way."""

from collections.abc import Callable

import pytest

from access.identity.ssh.wire import Malformed, Reader, string


def test_values_are_taken_in_their_order() -> None:
    reader = Reader(b"\x07" + (9).to_bytes(4) + string(b"\xff") + string(b"name") + string(b"\x00\x80"))
    assert (reader.byte(), reader.uint32(), reader.string()) == (7, 9, b"\xff")
    assert (reader.text(), reader.natural()) == ("name", 128)
    reader.end()


@pytest.mark.parametrize(
    ("data", "take"),
    [
        (b"", Reader.byte),
        (b"\x00\x00\x01", Reader.uint32),
        (b"\x00\x00\x00\x05abcd", Reader.string),
        (b"\xff\xff\xff\xffabcd", Reader.string),
        (string(b"\xe4"), Reader.text),
        (string(b""), Reader.natural),
        (string(b"\x00"), Reader.natural),
        (string(b"\x80"), Reader.natural),
        (string(b"\x00\x01"), Reader.natural),
        (b"\x00", Reader.end),
    ],
)
def test_what_is_written_otherwise_is_refused(data: bytes, take: Callable[[Reader], object]) -> None:
    with pytest.raises(Malformed):
        take(Reader(data))
