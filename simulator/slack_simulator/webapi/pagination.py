"""Long answers in pages: `limit` and `cursor` in, `response_metadata.next_cursor` out.

docs.slack.dev/apis/web-api/pagination.
"""

import base64
import binascii
from collections.abc import Sequence
from typing import TypeVar

from slack_simulator.base.json_types import JsonObject
from slack_simulator.webapi.call import Call, whole
from slack_simulator.webapi.errors import SlackError

Item = TypeVar("Item")
#: The most that one page may hold.
PAGE_LIMIT = 1000


def page_of(
    call: Call, everything: Sequence[Item], default: int | None = PAGE_LIMIT
) -> tuple[Sequence[Item], JsonObject]:
    """The page that `limit` and `cursor` ask for, and the response_metadata that leads to the next ("" at the end).

    Without a `limit` it has `default` items, or all of them.
    Raises SlackError invalid_limit or invalid_cursor.
    """
    limit = call.number("limit", default or len(everything), PAGE_LIMIT)
    start = _offset(call.text("cursor"))
    end = start + limit
    cursor = base64.b64encode(f"offset:{end}".encode()).decode() if end < len(everything) else ""
    return everything[start:end], {"next_cursor": cursor}


def _offset(cursor: str | None) -> int:
    if cursor is None:
        return 0
    try:
        kind, _, offset = base64.b64decode(cursor, validate=True).decode().partition(":")
    except (binascii.Error, ValueError) as problem:
        raise SlackError("invalid_cursor") from problem
    start = whole(offset)
    if kind != "offset" or start is None:
        raise SlackError("invalid_cursor")
    return start
