"""Sizes of terminals: any split of valid bytes gives the same ones, and nothing long is held."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.kubernetes.streams.sizes import MAX_BYTES, MAX_CELLS, Size, Sizes, encode
from proxy.kubernetes.streams.violation import StreamViolation

SIZES = st.builds(Size, st.integers(0, MAX_CELLS), st.integers(0, MAX_CELLS))


@pytest.mark.parametrize(
    "told",
    [
        b'{"Width":80,"Height":24}',
        b'{"Width":80,"Height":24}\n',
        b'{"Height":24,"Width":80}',
        b' \r\n\t{ "Height" : 24 ,\n"Width" : 80 } ',
        b" " * 1000 + b'{"Width":80,"Height":24}',
    ],
)
def test_one_size(told: bytes) -> None:
    assert Sizes().feed(told) == [Size(80, 24)]


def test_as_client_go_writes_it() -> None:
    assert encode(Size(80, 24)) == b'{"Width":80,"Height":24}\n'


@given(st.lists(SIZES, max_size=5), st.lists(st.integers(min_value=0), max_size=12))
def test_any_split_gives_equal_sizes(sizes: list[Size], cuts: list[int]) -> None:
    data = b"".join(map(encode, sizes))
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    reader = Sizes()
    assert [size for start, end in pairwise(edges) for size in reader.feed(data[start:end])] == sizes


@pytest.mark.parametrize(
    "told",
    [
        b"x",
        b"[80,24]",
        b"80}",
        b"}",
        b"{}",
        b'{"Width":80}',
        b'{"Width":80,"Height":24,"X":1}',
        b'{"Width":80,"Width":80}',
        b'{"Width":80,"Height":24,"Height":25}',
        b'{"width":80,"height":24}',
        b'{"Width":"80","Height":24}',
        b'{"Width":80.0,"Height":24}',
        b'{"Width":true,"Height":24}',
        b'{"Width":null,"Height":24}',
        b'{"Width":-1,"Height":24}',
        b'{"Width":65536,"Height":24}',
        b'{"Width":{"a":1},"Height":24}',
        b'{"Width":[],"Height":24}',
        b'{"Width":080,"Height":24}',
        b'{"Width":80,"Height":24,}',
        b'{"Width":\xff80,"Height":24}',
        b'{"Width":' + b"9" * 200 + b',"Height":24}',
        b'{"Width":80,"Height":24' + b" " * MAX_BYTES,
        b'{"Width":80,"Height":24}]',
    ],
)
def test_what_is_no_size(told: bytes) -> None:
    with pytest.raises(StreamViolation):
        Sizes().feed(told)


def test_an_object_that_never_ends() -> None:
    reader = Sizes()
    with pytest.raises(StreamViolation):
        for _ in range(MAX_BYTES + 1):
            reader.feed(b"{")


@given(st.lists(st.binary(max_size=10) | st.sampled_from([b'{"Width":', b'1,"Height":', b"2", b"}"]), max_size=12))
def test_anything_else_is_a_violation(pieces: list[bytes]) -> None:
    reader = Sizes()
    try:
        for piece in pieces:
            reader.feed(piece)
    except StreamViolation:
        pass
