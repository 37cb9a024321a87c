"""Blocks of headers: what one side writes the other reads, and no bomb is unpacked."""

import contextlib
import struct
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.kubernetes.streams.spdy.dictionary import DICTIONARY
from proxy.kubernetes.streams.spdy.frames import Block
from proxy.kubernetes.streams.spdy.header_blocks import MAX_BLOCK_BYTES, MAX_HEADERS, Packing, Unpacking
from proxy.kubernetes.streams.violation import StreamViolation

NAMES = st.text(st.sampled_from("abcxyz-019."), min_size=1, max_size=8)
VALUES = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=12)


def string(text: bytes) -> bytes:
    return struct.pack(">I", len(text)) + text


def block(*strings: bytes, count: int | None = None) -> bytes:
    return struct.pack(">I", len(strings) // 2 if count is None else count) + b"".join(map(string, strings))


def packed(plain: bytes, end: int = zlib.Z_SYNC_FLUSH) -> bytes:
    packing = zlib.compressobj(9, zdict=DICTIONARY)
    return packing.compress(plain) + packing.flush(end)


def grouped(headers: list[tuple[str, str]]) -> Block:
    """Values of one name stand together."""
    names = list(dict.fromkeys(name for name, _ in headers))
    return tuple((name, value) for each in names for name, value in headers if name == each)


@given(st.lists(st.lists(st.tuples(NAMES, VALUES), max_size=5), max_size=4))
def test_what_is_written_is_read_block_by_block(blocks: list[list[tuple[str, str]]]) -> None:
    packing, unpacking = Packing(), Unpacking()
    for headers in blocks:
        assert unpacking.read(packing.write(tuple(headers))) == grouped(headers)


@pytest.mark.parametrize(
    ("plain", "headers"),
    [
        (block(), ()),
        (block(b"streamtype", b"error"), (("streamtype", "error"),)),
        (block(b"a", b"1\x002", b"b", b""), (("a", "1"), ("a", "2"), ("b", ""))),
        (block(b":method", b"POST"), ((":method", "POST"),)),
    ],
)
def test_blocks(plain: bytes, headers: Block) -> None:
    assert Unpacking().read(packed(plain)) == headers


@pytest.mark.parametrize(
    "plain",
    [
        b"",
        b"\0\0\0",
        block(count=1),
        block(b"a", b"b", count=2),
        block(b"a", b"b", count=0),
        block(b"a", b"b") + b"\0",
        block(b"a", b"b", count=0xFFFF_FFFF),
        block(*[b"a%d" % (number // 2) for number in range(2 * MAX_HEADERS + 2)]),
        struct.pack(">II", 1, 0xFFFF_FFFF) + b"a",
        struct.pack(">II", 1, 2) + b"a",
        block(b"", b"x"),
        block(b"A", b"x"),
        block(b"streamType", b"x"),
        block(b"a b", b"x"),
        block(b"a\0", b"x"),
        block(b"a", b"x", b"a", b"y"),
        block(b"a", b"x\ny"),
        block(b"a", b"x\ry"),
        block(b"a", b"\xff"),
        block(b"\xc3\xa9", b"x"),
    ],
)
def test_blocks_that_are_none(plain: bytes) -> None:
    with pytest.raises(StreamViolation):
        Unpacking().read(packed(plain))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"x",
        b"\x78\xf9\xe3\xc6\xa7\xc2\xff\xff\xff",
        packed(block(b"a", bytes(range(97, 123))))[:-12],
        packed(block(b"a", b"b"), zlib.Z_FINISH),
        packed(block(b"a", b"b"), zlib.Z_FINISH) + b"more",
        zlib.compress(block(b"a", b"b")),
        zlib.compressobj(zdict=b"another").flush(),
    ],
)
def test_what_cannot_be_unpacked(data: bytes) -> None:
    with pytest.raises(StreamViolation):
        Unpacking().read(data)


def test_no_bomb_is_unpacked() -> None:
    bomb = packed(block(b"a", b"x" * (64 * 1024 * 1024)))
    assert len(bomb) < 100_000
    unpacking = Unpacking()
    tracemalloc.start()
    try:
        with pytest.raises(StreamViolation, match=f"more than {MAX_BLOCK_BYTES}"):
            unpacking.read(bomb)
        assert tracemalloc.get_traced_memory()[1] < 1024 * 1024
    finally:
        tracemalloc.stop()


def test_the_longest_block() -> None:
    longest = block(b"a", b"x" * (MAX_BLOCK_BYTES - 13))
    assert len(longest) == MAX_BLOCK_BYTES
    assert len(Unpacking().read(packed(longest))[0][1]) == MAX_BLOCK_BYTES - 13
    with pytest.raises(StreamViolation):
        Unpacking().read(packed(block(b"a", b"x" * (MAX_BLOCK_BYTES - 12))))


@pytest.mark.parametrize(
    "headers",
    [
        (("A", "x"),),
        (("", "x"),),
        (("a b", "x"),),
        (("a", "x\0y"),),
        (("a", "x\ny"),),
        (("a", "x" * MAX_BLOCK_BYTES),),
        tuple((f"a{number}", "") for number in range(MAX_HEADERS + 1)),
    ],
)
def test_what_is_not_written(headers: Block) -> None:
    with pytest.raises(ValueError, match="header"):
        Packing().write(headers)


@given(st.binary(max_size=40), st.booleans())
def test_anything_else_is_a_violation(data: bytes, pack: bool) -> None:
    with contextlib.suppress(StreamViolation):
        Unpacking().read(packed(data) if pack else data)
