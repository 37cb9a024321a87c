"""Durations as gatepass.yml has them: a text with a unit, seconds in Python. Pure."""

from typing import Annotated

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema

from access.policy.values.duration import format_duration, parse_duration

_SCHEMA = {"type": "string", "pattern": r"^([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?$", "examples": ["1h30m"]}


def _to_seconds(value: object) -> object:
    """Of a text; a bare number is refused as in `/access`: nobody can tell its unit. So is `true`, which is one too."""
    return parse_duration(str(value)) if isinstance(value, str | int) else value


#: Seconds; in the file a text such as `10m`.
Seconds = Annotated[
    int,
    BeforeValidator(_to_seconds),
    Field(gt=0),
    PlainSerializer(format_duration, return_type=str, when_used="json"),
    WithJsonSchema(_SCHEMA),
]
