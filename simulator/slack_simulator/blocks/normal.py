"""Blocks as Slack stores them: missing ids filled in, text flags made explicit. The input is never changed."""

import secrets
from typing import Any

from slack_simulator.base.json_types import JsonObject, as_object
from slack_simulator.blocks.state import elements_of


def normalised(blocks: list[JsonObject]) -> list[JsonObject]:
    """A deep copy with a block_id on every block, an action_id on every element and flags on every text object."""
    copies = [_with_text_flags(block) for block in blocks]
    for block in copies:
        block.setdefault("block_id", secrets.token_urlsafe(4)[:5])
        for element in elements_of(block):
            element.setdefault("action_id", secrets.token_urlsafe(4)[:5])
    return copies


def _with_text_flags(value: Any) -> Any:
    if isinstance(value, list):
        return [_with_text_flags(one) for one in value]  # pyright: ignore[reportUnknownVariableType] - JSON
    mapping = as_object(value)
    if mapping is None:
        return value
    copied = {key: _with_text_flags(one) for key, one in mapping.items()}
    if copied.get("type") == "plain_text" and "text" in copied:
        copied.setdefault("emoji", True)
    elif copied.get("type") == "mrkdwn" and "text" in copied:
        copied.setdefault("verbatim", False)
    return copied
