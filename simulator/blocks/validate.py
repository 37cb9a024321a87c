"""The blocks of a message or a view: which may stand where, with which fields, how many, how long.

docs.slack.dev/reference/block-kit/blocks. `blocks_problems` finds everything that Slack would refuse, and changes
nothing.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from simulator.blocks.elements import ALT_TEXT, IN_ACTIONS, IN_INPUT, IN_SECTION, image
from simulator.blocks.objects import URL, any_text, plain_text, slack_file
from simulator.blocks.rich_text import rich_text
from simulator.blocks.schema import Check, Problem, anything, array, boolean, both, by_type, one_of, shape, string
from simulator.blocks.state import elements_of
from simulator.json_types import JsonObject, as_list, as_object, objects_in

__all__ = ["Problem", "Surface", "blocks_problems", "text_length"]

Surface = Literal["message", "modal", "home"]

BLOCK_ID = 255
ACTIONS_ELEMENTS = 25
CONTEXT_ELEMENTS = 10
HEADER_TEXT = 150
SECTION_TEXT = 3000
SECTION_FIELDS = 10
SECTION_FIELD = 2000
INPUT_LABEL = 2000
INPUT_HINT = 2000
IMAGE_TITLE = 2000
MARKDOWN_TEXT = 12_000

_ID: Mapping[str, Check] = {"block_id": string(BLOCK_ID)}
_TYPE: Mapping[str, Check] = {"type": anything}


def _text_or_fields(value: Any, at: str) -> Iterator[Problem]:
    if value.get("text") is None and value.get("fields") is None:
        yield Problem("missing required field: text", at)


_context_element: Check = by_type(
    {
        "image": image,
        "plain_text": shape({**_TYPE, "text": string(SECTION_TEXT)}, {"emoji": boolean}),
        "mrkdwn": shape({**_TYPE, "text": string(SECTION_TEXT)}, {"verbatim": boolean}),
    }
)

_EVERYWHERE: Mapping[str, Check] = {
    "actions": shape({**_TYPE, "elements": array(by_type(IN_ACTIONS), ACTIONS_ELEMENTS)}, _ID),
    "context": shape({**_TYPE, "elements": array(_context_element, CONTEXT_ELEMENTS)}, _ID),
    "divider": shape(_TYPE, _ID),
    "header": shape({**_TYPE, "text": plain_text(HEADER_TEXT)}, _ID),
    "image": shape(
        {**_TYPE, "alt_text": string(ALT_TEXT)},
        {**_ID, "image_url": string(URL), "slack_file": slack_file, "title": plain_text(IMAGE_TITLE)},
    ),
    "input": shape(
        {**_TYPE, "label": plain_text(INPUT_LABEL), "element": by_type(IN_INPUT)},
        {**_ID, "hint": plain_text(INPUT_HINT), "optional": boolean, "dispatch_action": boolean},
    ),
    "rich_text": rich_text,
    "section": both(
        shape(
            _TYPE,
            {
                **_ID,
                "text": any_text(SECTION_TEXT),
                "fields": array(any_text(SECTION_FIELD), SECTION_FIELDS),
                "accessory": by_type(IN_SECTION),
                "expand": boolean,
            },
        ),
        _text_or_fields,
    ),
    "video": shape(
        {
            **_TYPE,
            "alt_text": string(ALT_TEXT),
            "title": plain_text(200),
            "video_url": string(URL),
            "thumbnail_url": string(URL),
        },
        {
            **_ID,
            "author_name": string(50),
            "description": plain_text(200),
            "provider_icon_url": string(URL),
            "provider_name": string(50),
            "title_url": string(URL),
        },
    ),
}
_IN_MESSAGES: Mapping[str, Check] = {
    **_EVERYWHERE,
    "markdown": shape({**_TYPE, "text": string(MARKDOWN_TEXT)}, _ID),
    "file": shape({**_TYPE, "external_id": string(255), "source": one_of("remote")}, _ID),
    "table": shape({**_TYPE, "rows": array(anything, 100)}, {**_ID, "column_settings": anything}),
    "context_actions": shape({**_TYPE, "elements": array(anything, 5)}, _ID),
}


def blocks_problems(blocks: Any, surface: Surface, limit: int, at: str = "/blocks") -> list[Problem]:
    """Everything wrong with an array of blocks for that surface; an empty list means that Slack would take it."""
    kinds = _IN_MESSAGES if surface == "message" else _EVERYWHERE
    problems = list(array(by_type(kinds), limit, 0)(blocks, at))
    return problems or list(_repeated_ids(objects_in(blocks), at))


def text_length(value: Any) -> int:
    """Characters in all `text` strings of these blocks, however deep: what msg_blocks_too_long counts."""
    items = as_list(value)
    if items is not None:
        return sum(text_length(one) for one in items)
    holder = as_object(value)
    if holder is None:
        return 0
    return sum(len(one) if key == "text" and isinstance(one, str) else text_length(one) for key, one in holder.items())


def _repeated_ids(blocks: list[JsonObject], at: str) -> Iterator[Problem]:
    seen: set[str] = set()
    for number, block in enumerate(blocks):
        block_id = block.get("block_id")
        if block_id is not None and block_id in seen:
            yield Problem(f"`block_id` {block_id} already exists", f"{at}/{number}/block_id")
        seen.add(str(block_id))
        actions: set[str] = set()
        for position, element in enumerate(elements_of(block)):
            action_id = element.get("action_id")
            if action_id is not None and action_id in actions:
                pointer = f"{at}/{number}/elements/{position}/action_id"
                yield Problem(f"`action_id` {action_id} already exists for block", pointer)
            actions.add(str(action_id))
