"""JSON as it enters the simulator: read once, strictly, and named as objects and arrays from then on.

Whatever passes `read_json` can be written again, to an app, a page or a log. What a value means is checked where it is
used, and not here.
"""

import math
from typing import Any, TypeAlias, cast

from pydantic_core import from_json

JsonObject: TypeAlias = dict[str, Any]


class NotJson(ValueError):
    """The text is not JSON (RFC 8259), or it is JSON that cannot be handed on: the message says what and where.

    That is a number beyond a double's range or of over 4300 digits, over 200 levels, or half of a surrogate pair.
    """


def read_json(text: str | bytes) -> Any:
    """The value that this text stands for; bytes are UTF-8. Raises NotJson."""
    try:
        value = from_json(text, allow_inf_nan=False)
    except ValueError as problem:
        raise NotJson(str(problem)) from problem
    if _has_infinity(value):
        raise NotJson("number out of range")
    return value


def as_object(value: object) -> JsonObject | None:
    """The value as a JSON object, or None if it is anything else."""
    return cast("JsonObject", value) if isinstance(value, dict) else None


def as_list(value: object) -> list[Any] | None:
    """The value as a JSON array, or None if it is anything else."""
    return cast("list[Any]", value) if isinstance(value, list) else None


def objects_in(value: object) -> list[JsonObject]:
    """The JSON objects of an array; anything else in it, or anything but an array, is left out."""
    return [one for one in (as_object(item) for item in as_list(value) or []) if one is not None]


def _has_infinity(value: object) -> bool:
    """Whether a number such as 1e999 became one that JSON has no word for."""
    if isinstance(value, float):
        return math.isinf(value)
    items = as_list(value)
    if items is None:
        items = list((as_object(value) or {}).values())
    return any(_has_infinity(one) for one in items)
