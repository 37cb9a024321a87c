"""The blocks of a message or a view: which may stand where, with which fields, how many, how long.

docs.slack.dev/reference/block-kit/blocks. `blocks_problems` finds everything that Slack would refuse, and changes
nothing.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from slack_simulator.base.json_types import JsonObject, as_list, as_object, objects_in
from slack_simulator.base.schema import (
    Check,
    Problem,
    anything,
    array,
    boolean,
    both,
    by_type,
    exactly_one,
    integer,
    nullable,
    number,
    one_of,
    shape,
    string,
    url,
)
from slack_simulator.blocks.elements import ALT_TEXT, IN_ACTIONS, IN_CONTEXT_ACTIONS, IN_INPUT, IN_SECTION, image
from slack_simulator.blocks.objects import URL, any_text, plain_text, slack_file
from slack_simulator.blocks.rich_text import rich_text
from slack_simulator.blocks.state import elements_of

__all__ = ["MARKDOWN_TEXT", "Problem", "Surface", "blocks_problems", "tables_in", "text_length"]

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
#: For all markdown blocks of a message together.
MARKDOWN_TEXT = 12_000
VIDEO_TITLE = 200
VIDEO_NAME = 50
TABLE_ROWS = 100
TABLE_COLUMNS = 20
CONTEXT_ACTIONS_ELEMENTS = 5

_ID: Mapping[str, Check] = {"block_id": string(BLOCK_ID)}
_TYPE: Mapping[str, Check] = {"type": anything}


def _text_or_fields(value: Any, at: str) -> Iterator[Problem]:
    if "text" not in value and "fields" not in value:
        yield Problem("must define either `text` or `fields`", f"{at}/type")


def _suits_its_element(value: Any, at: str) -> Iterator[Problem]:
    if value["element"]["type"] == "file_input" and value.get("dispatch_action") is True:
        yield Problem("must not be true for a file_input", f"{at}/dispatch_action")


_context_element: Check = by_type(
    {
        "image": image,
        "plain_text": shape({**_TYPE, "text": string(SECTION_TEXT)}, {"emoji": boolean}),
        "mrkdwn": shape({**_TYPE, "text": string(SECTION_TEXT)}, {"verbatim": boolean}),
    }
)
_cell: Check = by_type(
    {
        "raw_text": shape({**_TYPE, "text": string(SECTION_TEXT, 0)}),
        "raw_number": shape({**_TYPE, "value": number}, {"text": string(SECTION_TEXT)}),
        "rich_text": rich_text,
    }
)
_column = nullable(shape({}, {"align": one_of("left", "center", "right"), "is_wrapped": boolean}))


def _input(elements: Mapping[str, Check]) -> Check:
    return both(
        shape(
            {**_TYPE, "label": plain_text(INPUT_LABEL), "element": by_type(elements)},
            {**_ID, "hint": plain_text(INPUT_HINT), "optional": boolean, "dispatch_action": boolean},
        ),
        _suits_its_element,
    )


_EVERYWHERE: Mapping[str, Check] = {
    "actions": shape({**_TYPE, "elements": array(by_type(IN_ACTIONS), ACTIONS_ELEMENTS)}, _ID),
    "context": shape({**_TYPE, "elements": array(_context_element, CONTEXT_ELEMENTS)}, _ID),
    "divider": shape(_TYPE, _ID),
    "header": shape({**_TYPE, "text": plain_text(HEADER_TEXT)}, {**_ID, "level": integer(1, 6)}),
    "image": both(
        shape(
            {**_TYPE, "alt_text": string(ALT_TEXT)},
            {**_ID, "image_url": url(URL, "http", "https"), "slack_file": slack_file, "title": plain_text(IMAGE_TITLE)},
        ),
        exactly_one("image_url", "slack_file"),
    ),
    "input": _input({kind: check for kind, check in IN_INPUT.items() if kind != "file_input"}),
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
            "title": plain_text(VIDEO_TITLE),
            "video_url": url(URL, "https"),
            "thumbnail_url": url(URL, "http", "https"),
        },
        {
            **_ID,
            "author_name": string(VIDEO_NAME),
            "description": plain_text(VIDEO_TITLE),
            "provider_icon_url": url(URL, "http", "https"),
            "provider_name": string(VIDEO_NAME),
            "title_url": url(URL, "https"),
        },
    ),
}
_IN_MESSAGES: Mapping[str, Check] = {
    **_EVERYWHERE,
    "markdown": shape({**_TYPE, "text": string(MARKDOWN_TEXT)}, _ID),
    "file": shape({**_TYPE, "external_id": string(255), "source": one_of("remote")}, _ID),
    "table": shape(
        {**_TYPE, "rows": array(array(_cell, TABLE_COLUMNS), TABLE_ROWS)},
        {**_ID, "column_settings": array(_column, TABLE_COLUMNS, 0)},
    ),
    "context_actions": shape({**_TYPE, "elements": array(by_type(IN_CONTEXT_ACTIONS), CONTEXT_ACTIONS_ELEMENTS)}, _ID),
}
#: Files are asked for in modals only.
_IN_MODALS: Mapping[str, Check] = {**_EVERYWHERE, "input": _input(IN_INPUT)}
_KINDS: Mapping[str, Mapping[str, Check]] = {"message": _IN_MESSAGES, "modal": _IN_MODALS, "home": _EVERYWHERE}


def blocks_problems(blocks: Any, surface: Surface, limit: int, at: str = "/blocks") -> list[Problem]:
    """Everything wrong with an array of blocks for that surface; an empty list means that Slack would take it."""
    problems = list(array(by_type(_KINDS[surface]), limit, 0)(blocks, at))
    if problems:
        return problems
    known = objects_in(blocks)
    return [*_repeated_ids(known, at), *_misplaced_response_urls(known, surface, at), *_markdown_in_all(known, at)]


def tables_in(blocks: list[JsonObject]) -> int:
    """How many tables there are: a message may hold one."""
    return sum(block.get("type") == "table" for block in blocks)


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
    for position, block in enumerate(blocks):
        block_id = block.get("block_id")
        if block_id is not None and block_id in seen:
            yield Problem(f'`block_id` "{block_id}" already exists', f"{at}/{position}/block_id")
        seen.add(str(block_id))
        actions: set[str] = set()
        for place, element in enumerate(elements_of(block)):
            action_id = element.get("action_id")
            if action_id is not None and action_id in actions:
                pointer = f"{at}/{position}/elements/{place}/action_id"
                yield Problem(f'`action_id` "{action_id}" already exists', pointer)
            actions.add(str(action_id))


def _misplaced_response_urls(blocks: list[JsonObject], surface: Surface, at: str) -> Iterator[Problem]:
    """A select hands out a response_url only from an input block of a modal."""
    for position, block in enumerate(blocks):
        is_its_place = surface == "modal" and block["type"] == "input"
        if not is_its_place and any("response_url_enabled" in element for element in elements_of(block)):
            yield Problem("response_url_enabled is for input blocks of modals only", f"{at}/{position}")


def _markdown_in_all(blocks: list[JsonObject], at: str) -> Iterator[Problem]:
    """The limit of a markdown block counts for all of them together."""
    total = 0
    for position, block in enumerate(blocks):
        total += len(block["text"]) if block["type"] == "markdown" else 0
        if total > MARKDOWN_TEXT:
            yield Problem(f"must be less than {MARKDOWN_TEXT + 1} characters in all", f"{at}/{position}/text")
            return
