"""Blocks of headers in SPDY's frames: names and values behind their lengths, compressed by one stream each way. Pure.

SPDY Protocol, Draft 3.1, 2.6.10. All blocks of one direction are one zlib stream (RFC 1950), flushed after each, so a
block that cannot be read ends the connection. A few bytes may come to gigabytes: no more is unpacked than may be taken.
"""

import re
import struct
import zlib
from collections.abc import Iterator
from typing import Final

from proxy.kubernetes.streams.spdy.dictionary import DICTIONARY
from proxy.kubernetes.streams.spdy.frames import Block
from proxy.kubernetes.streams.violation import StreamViolation

#: Of one block, unpacked. Kubernetes' have three headers of a few letters.
MAX_BLOCK_BYTES: Final = 32 * 1024
MAX_HEADERS: Final = 64

_LENGTH: Final = struct.Struct(">I")
#: RFC 9110 `token` in lower case, and a colon before HTTP's own of a SYN_STREAM.
_NAME: Final = re.compile(r":?[!#$%&'*+\-.^_`|~0-9a-z]+")
_VALUE: Final = re.compile(r"[\t\x20-\x7e\x80-\U0010ffff]*")


class Unpacking:
    """One direction's blocks, read in the order in which they came."""

    def __init__(self) -> None:
        self._zlib = zlib.decompressobj(zdict=DICTIONARY)

    def read(self, packed: bytes) -> Block:
        """The headers of one block. Raises StreamViolation; nothing can be read after that."""
        try:
            block = self._zlib.decompress(packed, MAX_BLOCK_BYTES + 1)
        except zlib.error:
            raise StreamViolation("headers that cannot be unpacked") from None
        if len(block) > MAX_BLOCK_BYTES or self._zlib.unconsumed_tail:
            raise StreamViolation(f"headers of more than {MAX_BLOCK_BYTES} bytes")
        if self._zlib.eof:
            raise StreamViolation("headers behind which no others can come")
        return tuple(_headers(block))


class Packing:
    """One direction's blocks, written in the order in which they are sent."""

    def __init__(self) -> None:
        self._zlib = zlib.compressobj(zdict=DICTIONARY)

    def write(self, headers: Block) -> bytes:
        """One block. Raises ValueError for what no block can hold."""
        values: dict[str, list[str]] = {}
        for name, value in headers:
            if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
                raise ValueError(f"{name!r} and its value are no header")
            values.setdefault(name, []).append(value)
        block = _LENGTH.pack(len(values)) + b"".join(
            _string(name) + _string("\0".join(of_name)) for name, of_name in values.items()
        )
        if len(block) > MAX_BLOCK_BYTES or len(values) > MAX_HEADERS:
            raise ValueError(f"headers of {len(block)} bytes: more than the other side need take")
        return self._zlib.compress(block) + self._zlib.flush(zlib.Z_SYNC_FLUSH)


def _string(text: str) -> bytes:
    encoded = text.encode()
    return _LENGTH.pack(len(encoded)) + encoded


def _headers(block: bytes) -> Iterator[tuple[str, str]]:
    count, at = _number(block, 0)
    if count > MAX_HEADERS:
        raise StreamViolation(f"{count} headers (up to {MAX_HEADERS} are possible)")
    seen: set[str] = set()
    for _ in range(count):
        name, at = _text(block, at)
        values, at = _text(block, at)
        if not _NAME.fullmatch(name) or name in seen:
            raise StreamViolation("a header whose name is none, or is there twice")
        seen.add(name)
        for value in values.split("\0"):
            if not _VALUE.fullmatch(value):
                raise StreamViolation("a header whose value has a control character")
            yield name, value
    if at != len(block):
        raise StreamViolation("more than the headers in a block of them")


def _text(block: bytes, at: int) -> tuple[str, int]:
    length, at = _number(block, at)
    if at + length > len(block):
        raise StreamViolation("a header that ends behind its block")
    try:
        return block[at : at + length].decode(), at + length
    except UnicodeDecodeError:
        raise StreamViolation("a header that is not UTF-8") from None


def _number(block: bytes, at: int) -> tuple[int, int]:
    if at + _LENGTH.size > len(block):
        raise StreamViolation("headers that end in the midst of a length")
    return _LENGTH.unpack_from(block, at)[0], at + _LENGTH.size
