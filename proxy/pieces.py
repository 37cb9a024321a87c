"""Pieces: long bytes are copied and changed piece by piece. Pure.

A copy of 32 MiB takes some 16 ms, most of it for memory that the system has to find, and nothing else runs in the
interpreter meanwhile. Between two pieces it may.
"""

import io
from collections.abc import Callable, Iterable, Iterator

#: What is longer than this is copied in pieces of this size.
PIECE_BYTES = 1024 * 1024


def joined(parts: Iterable[bytes | memoryview]) -> bytes:
    """All of them in one."""
    # A BytesIO hands over the block that it wrote into.
    whole = io.BytesIO()
    for part in parts:
        for piece in pieces(part):
            whole.write(piece)
    return whole.getvalue()


def pieces(data: bytes | memoryview) -> Iterator[memoryview]:
    """All of `data`, in order."""
    view = memoryview(data)
    for start in range(0, len(view), PIECE_BYTES):
        yield view[start : start + PIECE_BYTES]


def copied(data: bytes, start: int, end: int) -> bytes:
    """The same as `data[start:end]`."""
    if end - start <= PIECE_BYTES or (start <= 0 and end >= len(data)):
        return data[start:end]
    return joined([memoryview(data)[start:end]])


def split(data: bytes, separator: bytes) -> list[bytes]:
    """The same as `data.split(separator)`."""
    if len(data) <= PIECE_BYTES:
        return data.split(separator)
    found: list[bytes] = []
    start = 0
    while (end := data.find(separator, start)) >= 0:
        found.append(copied(data, start, end))
        start = end + len(separator)
    found.append(copied(data, start, len(data)))
    return found


def each_piece(data: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """`change(data)`, of a change that looks at each byte by itself."""
    return change(data) if len(data) <= PIECE_BYTES else joined(change(bytes(piece)) for piece in pieces(data))
