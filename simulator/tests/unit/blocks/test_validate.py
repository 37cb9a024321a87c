"""What Slack's reference says of each block and element: where it may stand, and what is refused."""

from typing import Any, Literal

import pytest

from slack_simulator.blocks.validate import blocks_problems


def plain(text: str = "x") -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str = "x") -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text}


def option(value: str = "1", **more: Any) -> dict[str, Any]:
    return {"text": plain(), "value": value, **more}


def rich(*elements: Any) -> dict[str, Any]:
    return {"type": "rich_text", "elements": list(elements)}


def line(*pieces: Any) -> dict[str, Any]:
    return {"type": "rich_text_section", "elements": list(pieces)}


def actions(kind: str, **fields: Any) -> dict[str, Any]:
    """An actions block with one element."""
    return {"type": "actions", "elements": [{"type": kind, **fields}]}


def beside(kind: str, **fields: Any) -> dict[str, Any]:
    """A section with an accessory."""
    return {"type": "section", "text": mrkdwn(), "accessory": {"type": kind, **fields}}


def asked(kind: str, **fields: Any) -> dict[str, Any]:
    """An input block with one element."""
    return {"type": "input", "label": plain(), "element": {"type": kind, **fields}}


def video(**changes: Any) -> dict[str, Any]:
    whole = {
        "alt_text": "x",
        "title": plain(),
        "video_url": "https://v.example/1",
        "thumbnail_url": "https://v.example/p",
    }
    return {"type": "video", **whole, **changes}


def table(*rows: Any, **fields: Any) -> dict[str, Any]:
    return {"type": "table", "rows": list(rows), **fields}


def feedback(**changes: Any) -> dict[str, Any]:
    button = {"text": plain("Good"), "value": "1"}
    return {
        "type": "context_actions",
        "elements": [{"type": "feedback_buttons", "positive_button": button, "negative_button": button | changes}],
    }


CELL = {"type": "raw_text", "text": "x"}


PICTURE = "https://example.com/p.png"


EVERYBODY = ("message", "modal", "home")


WORKFLOW = {
    "trigger": {"url": "https://slack.com/shortcuts/1", "customizable_input_parameters": [{"name": "a", "value": 1}]}
}


TAKEN: list[tuple[str, Any, tuple[str, ...]]] = [
    ("divider", {"type": "divider"}, EVERYBODY),
    ("header", {"type": "header", "text": plain(), "level": 2}, EVERYBODY),
    ("image by url", {"type": "image", "alt_text": "x", "image_url": PICTURE, "title": plain()}, EVERYBODY),
    ("image by file", {"type": "image", "alt_text": "x", "slack_file": {"id": "F1"}}, EVERYBODY),
    ("section", {"type": "section", "text": mrkdwn(), "fields": [plain()], "expand": True}, EVERYBODY),
    (
        "context",
        {"type": "context", "elements": [mrkdwn(), {"type": "image", "alt_text": "x", "image_url": PICTURE}]},
        EVERYBODY,
    ),
    ("video", video(author_name="a" * 50, description=plain()), EVERYBODY),
    ("rich text", rich(line({"type": "text", "text": "x", "style": {"bold": True}})), EVERYBODY),
    ("empty rich text", rich(line(), {"type": "rich_text_quote", "elements": []}), EVERYBODY),
    ("markdown", {"type": "markdown", "text": "# x"}, ("message",)),
    ("file", {"type": "file", "external_id": "x", "source": "remote"}, ("message",)),
    (
        "table",
        table([CELL, {"type": "raw_number", "value": 1.5}, rich(line())], column_settings=[None, {"align": "right"}]),
        ("message",),
    ),
    ("context actions", feedback(), ("message",)),
    (
        "icon button",
        {"type": "context_actions", "elements": [{"type": "icon_button", "icon": "trash", "text": plain()}]},
        ("message",),
    ),
    ("button", actions("button", text=plain(), url="slack://app?id=1", style="danger"), EVERYBODY),
    ("workflow button", actions("workflow_button", text=plain(), action_id="a", workflow=WORKFLOW), EVERYBODY),
    ("overflow", beside("overflow", options=[option(url="https://example.com")]), EVERYBODY),
    ("datetimepicker", actions("datetimepicker", initial_date_time=1_628_633_820), EVERYBODY),
    (
        "checkboxes",
        beside("checkboxes", options=[option() | {"text": mrkdwn()}], initial_options=[option() | {"text": mrkdwn()}]),
        EVERYBODY,
    ),
    ("multi select", actions("multi_static_select", options=[option()], max_selected_items=1), EVERYBODY),
    ("filter", beside("conversations_select", filter={"include": ["im", "public"]}), EVERYBODY),
    ("rich text input", asked("rich_text_input", action_id="a", initial_value=rich(line())), EVERYBODY),
    (
        "number",
        asked("number_input", is_decimal_allowed=True, initial_value="1.5", min_value="-1", max_value="2"),
        EVERYBODY,
    ),
    ("e-mail", asked("email_text_input", initial_value="a@example.com"), EVERYBODY),
    ("file input", asked("file_input", filetypes=["png"], max_files=10), ("modal",)),
    ("response url", asked("channels_select", response_url_enabled=True), ("modal",)),
]


@pytest.mark.parametrize(("block", "surfaces"), [case[1:] for case in TAKEN], ids=[case[0] for case in TAKEN])
def test_where_it_may_stand(block: Any, surfaces: tuple[str, ...]) -> None:
    """On these surfaces and no others."""
    every: tuple[Literal["message", "modal", "home"], ...] = ("message", "modal", "home")
    assert tuple(surface for surface in every if blocks_problems([block], surface, 50) == []) == surfaces


REFUSED: list[tuple[str, Any, str]] = [
    ("image without a source", {"type": "image", "alt_text": "x"}, "missing required field: image_url [/]"),
    (
        "image with two",
        {"type": "image", "alt_text": "x", "image_url": PICTURE, "slack_file": {"id": "F1"}},
        "only one of image_url and slack_file is allowed [/]",
    ),
    ("image without words", {"type": "image", "image_url": PICTURE}, "missing required field: alt_text [/]"),
    (
        "image from nowhere",
        {"type": "image", "alt_text": "x", "image_url": "p.png"},
        "must be a valid URL (http or https) [/image_url]",
    ),
    ("video over http", video(video_url="http://v.example"), "must be a valid URL (https) [/video_url]"),
    ("video title", video(title=plain("x" * 201)), "must be less than 201 characters [/title/text]"),
    ("video author", video(author_name="x" * 51), "must be less than 51 characters [/author_name]"),
    (
        "file source",
        {"type": "file", "external_id": "x", "source": "local"},
        "must be a valid enum value [/source]",
    ),
    ("empty table", table(), "must provide at least 1 items [/rows]"),
    ("101 rows", table(*[[CELL]] * 101), "no more than 100 items allowed [/rows]"),
    ("21 columns", table([CELL] * 21), "no more than 20 items allowed [/rows/0]"),
    ("cell", table([mrkdwn()]), "unsupported type: mrkdwn [/rows/0/0/type]"),
    (
        "column",
        table([CELL], column_settings=[{"align": "top"}]),
        "must be a valid enum value [/column_settings/0/align]",
    ),
    ("markdown", {"type": "markdown", "text": "x" * 12_001}, "must be less than 12001 characters [/text]"),
    ("null id", {"type": "divider", "block_id": None}, "must provide a string [/block_id]"),
    (
        "context of buttons",
        {"type": "context", "elements": [{"type": "button", "text": plain()}]},
        "unsupported type: button [/elements/0/type]",
    ),
    (
        "files at once",
        asked("file_input") | {"dispatch_action": True},
        "must not be true for a file_input [/dispatch_action]",
    ),
    ("hint", asked("plain_text_input") | {"hint": plain("x" * 2001)}, "must be less than 2001 characters [/hint/text]"),
    ("mrkdwn label", asked("plain_text_input") | {"label": mrkdwn()}, "unsupported type: mrkdwn [/label/type]"),
    ("expand", {"type": "section", "text": mrkdwn(), "expand": "yes"}, "must be a boolean [/expand]"),
]


@pytest.mark.parametrize(("block", "problem"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_what_is_refused(block: Any, problem: str) -> None:
    """Each with a pointer from the block on; files and response urls belong into modals."""
    surface: Literal["message", "modal"] = "modal" if "file" in str(block.get("element")) else "message"
    message, pointer = problem.removesuffix("]").split(" [")
    expected = f"{message} [json-pointer:/blocks/0{pointer.removesuffix('/')}]"
    assert expected in [str(found) for found in blocks_problems([block], surface, 50)]


def test_markdown_blocks_count_together() -> None:
    """12,000 characters for all of them; the pointer shows the one that is too much."""
    third = {"type": "markdown", "text": "x" * 4000}
    assert blocks_problems([third] * 3, "message", 50) == []
    (problem,) = blocks_problems([third] * 3 + [{"type": "markdown", "text": "x"}], "message", 50)
    assert str(problem) == "must be less than 12001 characters in all [json-pointer:/blocks/3/text]"
