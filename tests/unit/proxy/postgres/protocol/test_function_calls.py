"""FunctionCall and FunctionCallResponse: read as they were written, and refused where their parts do not add up."""

import contextlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.postgres.protocol.frames import ProtocolViolation
from proxy.postgres.protocol.function_calls import (
    function_call,
    function_result,
    read_function_call,
    read_function_result,
)
from proxy.postgres.protocol.messages import BINARY, TEXT
from proxy.postgres.protocol.parameters import Parameter


def payload(function: int, formats: list[int], arguments: list[bytes | None], result: int = BINARY) -> bytes:
    values = b"".join(struct.pack(">i", -1 if each is None else len(each)) + (each or b"") for each in arguments)
    head = struct.pack(f">IH{len(formats)}hH", function, len(formats), *formats, len(arguments))
    return head + values + struct.pack(">h", result)


@given(st.integers(0, 2**32 - 1), st.lists(st.binary(max_size=20), max_size=5))
def test_what_is_written_is_read(function: int, arguments: list[bytes]) -> None:
    read = read_function_call(function_call(function, arguments)[5:])
    assert read == (function, tuple(Parameter(BINARY, each) for each in arguments), BINARY)


@pytest.mark.parametrize(
    ("formats", "expected"), [([], [TEXT, TEXT]), ([1], [BINARY, BINARY]), ([1, 0], [BINARY, TEXT])]
)
def test_formats_are_those_of_each_argument(formats: list[int], expected: list[int]) -> None:
    read = read_function_call(payload(952, formats, [b"a", None], TEXT))
    assert read.arguments == tuple(map(Parameter, expected, (b"a", None)))
    assert read.result_format == TEXT


@pytest.mark.parametrize(
    ("message", "why"),
    [
        (payload(1, [1, 1], [b"a"]), "another number of formats"),
        (payload(1, [2], [b"a"]), "neither text nor binary"),
        (payload(1, [1], [b"a"], 7), "neither text nor binary"),
        (payload(1, [1], [b"a"]) + b"\0", "too long"),
        (payload(1, [1], [b"a"])[:-1], "ends within"),
        (b"\0\0\0\1\0\5\0\1", "ends within its formats"),
        (b"\0\0\0\1\0\1\0\1\0\1\xff\xff\xff\xf0\0\1", "does not fit"),
        (b"\0\0\0\1\0\1\0\1\0\1\x7f\xff\xff\xffab\0\1", "does not fit"),
        (b"\0\0", "ends within an Int32"),
    ],
)
def test_what_does_not_add_up_is_refused(message: bytes, why: str) -> None:
    with pytest.raises(ProtocolViolation, match=why):
        read_function_call(message)


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(message: bytes) -> None:
    with contextlib.suppress(ProtocolViolation):
        read = read_function_call(message)
        assert sum(len(each.value or b"") for each in read.arguments) < len(message)


@given(st.binary(max_size=40))
def test_a_result_is_read_as_it_was_written(value: bytes) -> None:
    assert read_function_result(function_result(value)[5:]) == value


def test_a_result_may_be_null_and_has_one_value() -> None:
    assert read_function_result(b"\xff\xff\xff\xff") is None
    with pytest.raises(ProtocolViolation, match="too long"):
        read_function_result(b"\0\0\0\1ab")
