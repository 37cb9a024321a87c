"""The one name for Slack's JSON objects, whose shape is checked where they enter and not before."""

from typing import Any, TypeAlias, cast

JsonObject: TypeAlias = dict[str, Any]


def as_object(value: object) -> JsonObject | None:
    """The value as a JSON object, or None if it is anything else."""
    return cast("JsonObject", value) if isinstance(value, dict) else None


def as_list(value: object) -> list[Any] | None:
    """The value as a JSON array, or None if it is anything else."""
    return cast("list[Any]", value) if isinstance(value, list) else None


def objects_in(value: object) -> list[JsonObject]:
    """The JSON objects of an array; anything else in it, or anything but an array, is left out."""
    return [one for one in (as_object(item) for item in as_list(value) or []) if one is not None]
