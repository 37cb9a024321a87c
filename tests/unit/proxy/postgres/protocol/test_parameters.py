"""The types and values of parameters, as Parse, Bind and ParameterDescription carry them."""

import struct
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.postgres.protocol.frames import ProtocolViolation
from proxy.postgres.protocol.parameters import (
    Parameter,
    read_bind_values,
    read_parameter_description,
    read_parse_types,
)


def bind(formats: list[int], values: list[bytes | None]) -> bytes:
    parts = [b"p\0s\0", struct.pack(f">H{len(formats)}h", len(formats), *formats), struct.pack(">H", len(values))]
    parts += [struct.pack(">i", -1 if each is None else len(each)) + (each or b"") for each in values]
    return b"".join([*parts, b"\0\0"])


def test_the_types_of_a_parse() -> None:
    assert read_parse_types(b"s\0select $1\0" + struct.pack(">HII", 2, 23, 4_000_000_000)) == (23, 4_000_000_000)
    assert read_parse_types(b"\0\0\0\0") == ()


def test_the_types_of_a_description() -> None:
    assert read_parameter_description(struct.pack(">HI", 1, 25)) == (25,)


@pytest.mark.parametrize(("formats", "expected"), [([], [0, 0]), ([1], [1, 1]), ([0, 1], [0, 1])])
def test_the_values_of_a_bind_with_their_formats(formats: list[int], expected: list[int]) -> None:
    values = [Parameter(expected[0], b"a"), Parameter(expected[1], None)]
    assert read_bind_values(bind(formats, [b"a", None])) == tuple(values)


@pytest.mark.parametrize(
    "payload", [bind([0, 1], [b"a"]), bind([0], [b"a"])[:-4], b"p\0s\0" + struct.pack(">HHi", 0, 1, -2) + b"\0\0"]
)
def test_a_bind_that_does_not_add_up(payload: bytes) -> None:
    with pytest.raises(ProtocolViolation):
        read_bind_values(payload)


@pytest.mark.parametrize("read", [read_parse_types, read_parameter_description, read_bind_values])
@given(payload=st.binary(max_size=80))
def test_garbage_raises_only_protocol_violation(read: Callable[[bytes], Any], payload: bytes) -> None:
    try:
        read(payload)
    except ProtocolViolation:
        return
