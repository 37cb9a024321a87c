"""Parameters of prepared statements: their types and their values, as messages carry them. Pure.

PostgreSQL docs, "Message Formats": Parse, Bind, ParameterDescription. Read only where somebody is to be shown them;
`messages` has what every connection needs of these messages.
"""

import struct
from typing import NamedTuple

from proxy.postgres.protocol.frames import ProtocolViolation
from proxy.postgres.protocol.messages import TEXT, take_int16, take_int32, take_string


class Parameter(NamedTuple):
    """One value of a Bind; None is SQL NULL."""

    format: int
    value: bytes | None


def read_parse_types(payload: bytes) -> tuple[int, ...]:
    """The types that a Parse declares, from the first parameter on; 0 is one that it leaves to the server."""
    _, position = take_string(payload, 0)
    _, position = take_string(payload, position)
    return _oids(payload, position)


def read_parameter_description(payload: bytes) -> tuple[int, ...]:
    """The types of a ParameterDescription, one for each parameter that the statement has."""
    return _oids(payload, 0)


def read_bind_values(payload: bytes) -> tuple[Parameter, ...]:
    """The values of a Bind, each in the format that it came in.

    No formats means text for all, one means that one for all.
    """
    _, position = take_string(payload, 0)
    _, position = take_string(payload, position)
    count, position = take_int16(payload, position)
    if position + 2 * count > len(payload):
        raise ProtocolViolation("a Bind ends within its formats")
    formats = struct.unpack_from(f">{count}h", payload, position)
    count, position = take_int16(payload, position + 2 * count)
    if len(formats) not in {0, 1, count}:
        raise ProtocolViolation("a Bind with another number of formats than parameters")
    every = (formats or (TEXT,)) * (count if len(formats) <= 1 else 1)
    values: list[Parameter] = []
    for form in every:
        value, position = take_value(payload, position)
        values.append(Parameter(form, value))
    return tuple(values)


def take_value(payload: bytes, position: int) -> tuple[bytes | None, int]:
    """A value with its length before it, and the position behind it; None is SQL NULL."""
    size, position = take_int32(payload, position)
    if size < -1 or position + size > len(payload):
        raise ProtocolViolation("a value that does not fit its message")
    return (None, position) if size < 0 else (payload[position : position + size], position + size)


def _oids(payload: bytes, position: int) -> tuple[int, ...]:
    count, position = take_int16(payload, position)
    if position + 4 * count != len(payload):
        raise ProtocolViolation("another number of parameter types than the message says")
    return struct.unpack_from(f">{count}I", payload, position)
