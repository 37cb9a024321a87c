"""What a click carries, read strictly. Pure."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from bot.slack.failures import Unanswerable

_STRANGE = "This button is not one of Gatepass's any more."


def clicked_value(body: Mapping[str, Any]) -> str:
    """The value of the one element that was acted on. Raises Unanswerable."""
    actions = body.get("actions")
    value = actions[0].get("value") if isinstance(actions, list) and len(actions) == 1 else None
    if not isinstance(value, str):
        raise Unanswerable(_STRANGE)
    return value


def clicked_id(body: Mapping[str, Any]) -> UUID:
    """A value that is one id, as hex. Raises Unanswerable."""
    try:
        return UUID(hex=clicked_value(body))
    except ValueError as problem:
        raise Unanswerable(_STRANGE) from problem


def is_shown_there(body: Mapping[str, Any]) -> bool:
    """Whether what was tapped in comes to show the outcome: a message or a view, and no list for one person alone."""
    container = body.get("container")
    return isinstance(container, Mapping) and not container.get("is_ephemeral")
