"""Tokens in what apps send, taken out of what is kept: Slack's own, and signed ones (JWT) that an app hands out."""

import re
from typing import Any, cast

#: What stands for a token.
REMOVED = "(a token)"

# A JWT is three base64url parts, of which the first is a JSON object (RFC 7519, 3; RFC 7515, 7.1); one that was cut off
# counts from its first part on. Slack's tokens are told by their prefix (docs.slack.dev/authentication/tokens).
_TOKEN = re.compile(r"eyJ[\w-]{8,}(?:\.[\w-]*){0,2}|\bx(?:ox[a-z]|app|wfp)(?:\.xox[a-z])?-[\w-]{8,}", re.ASCII)


def without_tokens(value: Any) -> Any:
    """The same value of JSON with REMOVED in the place of every token in its strings."""
    if isinstance(value, str):
        return _TOKEN.sub(REMOVED, value)
    if isinstance(value, dict):
        members = cast("dict[str, Any]", value)
        return {without_tokens(name): without_tokens(inner) for name, inner in members.items()}
    if isinstance(value, list):
        return [without_tokens(inner) for inner in cast("list[Any]", value)]
    return value
