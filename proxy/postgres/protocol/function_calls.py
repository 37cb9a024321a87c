"""Function calls by their OID (libpq's "fast path"): FunctionCall and FunctionCallResponse as bytes. Pure.

PostgreSQL docs, "Function Call" and "Message Formats". A call is answered like a Query: FunctionCallResponse or
ErrorResponse, then ReadyForQuery. Which functions may be called is not its business.
"""

import struct
from collections.abc import Sequence
from typing import NamedTuple

from proxy.postgres.protocol.frames import ProtocolViolation
from proxy.postgres.protocol.messages import BINARY, TEXT, message, take_int16, take_int32
from proxy.postgres.protocol.parameters import Parameter, take_value


class FunctionCall(NamedTuple):
    """One call; an argument of None is SQL NULL."""

    #: The function's OID.
    function: int
    arguments: tuple[Parameter, ...]
    #: TEXT or BINARY.
    result_format: int


def read_function_call(payload: bytes) -> FunctionCall:
    """A FunctionCall; checks that its parts add up.

    No formats means text for all arguments, one means that one for all.
    """
    function, position = take_int32(payload, 0)
    count, position = take_int16(payload, position)
    if position + 2 * count > len(payload):
        raise ProtocolViolation("a FunctionCall ends within its formats")
    formats = struct.unpack_from(f">{count}h", payload, position)
    count, position = take_int16(payload, position + 2 * count)
    if len(formats) not in {0, 1, count}:
        raise ProtocolViolation("a FunctionCall with another number of formats than arguments")
    arguments: list[Parameter] = []
    for form in (formats or (TEXT,)) * (count if len(formats) <= 1 else 1):
        value, position = take_value(payload, position)
        arguments.append(Parameter(form, value))
    result_format, position = take_int16(payload, position)
    if position != len(payload):
        raise ProtocolViolation("a FunctionCall that is too long")
    if not {TEXT, BINARY}.issuperset((*formats, result_format)):
        raise ProtocolViolation("a FunctionCall with a format that is neither text nor binary")
    return FunctionCall(function & 0xFFFFFFFF, tuple(arguments), result_format)


def function_call(function: int, arguments: Sequence[bytes]) -> bytes:
    """A FunctionCall with arguments and result in binary."""
    body = b"".join(struct.pack(">i", len(each)) + each for each in arguments)
    head = struct.pack(">IhhH", function, 1, BINARY, len(arguments))
    return message(b"F", head + body + struct.pack(">h", BINARY))


def read_function_result(payload: bytes) -> bytes | None:
    """The value of a FunctionCallResponse; None is SQL NULL."""
    value, position = take_value(payload, 0)
    if position != len(payload):
        raise ProtocolViolation("a FunctionCallResponse that is too long")
    return value


def function_result(value: bytes) -> bytes:
    """A FunctionCallResponse."""
    return message(b"V", struct.pack(">i", len(value)) + value)
