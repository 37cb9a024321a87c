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
    (
        "file by both",
        {"type": "image", "alt_text": "x", "slack_file": {"id": "F1", "url": PICTURE}},
        "only one of id and url is allowed [/slack_file]",
    ),
    ("file by none", {"type": "image", "alt_text": "x", "slack_file": {}}, "missing required field: id [/slack_file]"),
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
    ("null style", actions("button", text=plain(), style=None), "must be a valid enum value [/elements/0/style]"),
    (
        "null option",
        actions("static_select", options=[option()], initial_option=None),
        "must provide an object [/elements/0/initial_option]",
    ),
    ("null id", {"type": "divider", "block_id": None}, "must provide a string [/block_id]"),
    ("feedback", feedback(value=None), "must provide a string [/elements/0/negative_button/value]"),
    (
        "icon",
        {"type": "context_actions", "elements": [{"type": "icon_button", "icon": "star", "text": plain()}]},
        "must be a valid enum value [/elements/0/icon]",
    ),
    (
        "button in context actions",
        {"type": "context_actions", "elements": [{"type": "button", "text": plain()}]},
        "unsupported type: button [/elements/0/type]",
    ),
    (
        "context of buttons",
        {"type": "context", "elements": [{"type": "button", "text": plain()}]},
        "unsupported type: button [/elements/0/type]",
    ),
    ("button's url", actions("button", text=plain(), url="example.com"), "must be a valid URL [/elements/0/url]"),
    ("button's mrkdwn", actions("button", text=mrkdwn()), "unsupported type: mrkdwn [/elements/0/text/type]"),
    (
        "label",
        actions("button", text=plain(), accessibility_label="x" * 76),
        "must be less than 76 characters [/elements/0/accessibility_label]",
    ),
    (
        "workflow",
        actions("workflow_button", text=plain(), action_id="a", workflow={}),
        "missing required field: trigger [/elements/0/workflow]",
    ),
    (
        "workflow's id",
        actions("workflow_button", text=plain(), workflow=WORKFLOW),
        "missing required field: action_id [/elements/0]",
    ),
    (
        "6 overflow options",
        beside("overflow", options=[option()] * 6),
        "no more than 5 items allowed [/accessory/options]",
    ),
    (
        "select's option url",
        actions("static_select", options=[option(url="https://example.com")]),
        "invalid additional property: url [/elements/0/options/0]",
    ),
    (
        "select's mrkdwn",
        actions("static_select", options=[option() | {"text": mrkdwn()}]),
        "unsupported type: mrkdwn [/elements/0/options/0/text/type]",
    ),
    (
        "options and groups",
        actions("static_select", options=[option()], option_groups=[{"label": plain(), "options": [option()]}]),
        "only one of options and option_groups is allowed [/elements/0]",
    ),
    (
        "group label",
        actions("static_select", option_groups=[{"label": plain("x" * 76), "options": [option()]}]),
        "must be less than 76 characters [/elements/0/option_groups/0/label/text]",
    ),
    (
        "placeholder",
        actions("users_select", placeholder=plain("x" * 151)),
        "must be less than 151 characters [/elements/0/placeholder/text]",
    ),
    (
        "description",
        actions("static_select", options=[option(description=plain("x" * 76))]),
        "must be less than 76 characters [/elements/0/options/0/description/text]",
    ),
    (
        "11 radio buttons",
        actions("radio_buttons", options=[option(str(one)) for one in range(11)]),
        "no more than 10 items allowed [/elements/0/options]",
    ),
    (
        "radio preset",
        actions("radio_buttons", options=[option()], initial_option=option("2")),
        "must match one of the options [/elements/0/initial_option]",
    ),
    (
        "checkbox preset",
        actions("checkboxes", options=[option()], initial_options=[option(), option("2")]),
        "must match one of the options [/elements/0/initial_options/1]",
    ),
    (
        "nothing preset",
        actions("multi_users_select", initial_users=[]),
        "must provide at least 1 items [/elements/0/initial_users]",
    ),
    (
        "no selection",
        actions("multi_users_select", max_selected_items=0),
        "must be greater than 1 [/elements/0/max_selected_items]",
    ),
    ("empty filter", actions("conversations_select", filter={}), "must have minimum 1 properties [/elements/0/filter]"),
    (
        "filter",
        actions("conversations_select", filter={"include": ["dm"]}),
        "must be a valid enum value [/elements/0/filter/include/0]",
    ),
    (
        "no such day",
        actions("datepicker", initial_date="2026-02-30"),
        "must be a date in the form YYYY-MM-DD [/elements/0/initial_date]",
    ),
    (
        "a day in words",
        actions("datepicker", initial_date="20260228"),
        "must be a date in the form YYYY-MM-DD [/elements/0/initial_date]",
    ),
    (
        "no such hour",
        actions("timepicker", initial_time="24:00"),
        "must be a time in the form HH:mm [/elements/0/initial_time]",
    ),
    (
        "milliseconds",
        actions("datetimepicker", initial_date_time=1_628_633_820_000),
        "must be less than 9999999999 [/elements/0/initial_date_time]",
    ),
    ("datetimepicker beside", beside("datetimepicker"), "unsupported type: datetimepicker [/accessory/type]"),
    ("text beside", beside("plain_text_input"), "unsupported type: plain_text_input [/accessory/type]"),
    (
        "lengths",
        asked("plain_text_input", min_length=5, max_length=4),
        "must not be greater than max_length [/element/min_length]",
    ),
    ("3001 characters", asked("plain_text_input", max_length=3001), "must be less than 3000 [/element/max_length]"),
    ("decimals unsaid", asked("number_input"), "missing required field: is_decimal_allowed [/element]"),
    (
        "a number as such",
        asked("number_input", is_decimal_allowed=True, min_value=1),
        "must be a number [/element/min_value]",
    ),
    (
        "decimals",
        asked("number_input", is_decimal_allowed=False, initial_value="1.5"),
        "must be a whole number [/element/initial_value]",
    ),
    (
        "bounds",
        asked("number_input", is_decimal_allowed=False, min_value="3", max_value="2"),
        "must not be greater than max_value [/element/min_value]",
    ),
    (
        "too small",
        asked("number_input", is_decimal_allowed=False, min_value="3", initial_value="2"),
        "must not be greater than initial_value [/element/min_value]",
    ),
    ("no files", asked("file_input", max_files=11), "must be less than 10 [/element/max_files]"),
    (
        "files at once",
        asked("file_input") | {"dispatch_action": True},
        "must not be true for a file_input [/dispatch_action]",
    ),
    (
        "dispatch",
        asked("plain_text_input", dispatch_action_config={"trigger_actions_on": ["on_blur"]}),
        ("must be a valid enum value [/element/dispatch_action_config/trigger_actions_on/0]"),
    ),
    ("overflow asked", asked("overflow", options=[option()]), "unsupported type: overflow [/element/type]"),
    ("hint", asked("plain_text_input") | {"hint": plain("x" * 2001)}, "must be less than 2001 characters [/hint/text]"),
    ("mrkdwn label", asked("plain_text_input") | {"label": mrkdwn()}, "unsupported type: mrkdwn [/label/type]"),
    (
        "emoji in mrkdwn",
        {"type": "section", "text": mrkdwn() | {"emoji": True}},
        "invalid additional property: emoji [/text]",
    ),
    (
        "rich text style",
        rich(line({"type": "text", "text": "x", "style": {"blink": True}})),
        "invalid additional property: blink [/elements/0/elements/0/style]",
    ),
    (
        "list in a list",
        rich({"type": "rich_text_list", "style": "bullet", "elements": [{"type": "rich_text_list"}]}),
        "unsupported type: rich_text_list [/elements/0/elements/0/type]",
    ),
    (
        "broadcast",
        rich(line({"type": "broadcast", "range": "all"})),
        "must be a valid enum value [/elements/0/elements/0/range]",
    ),
    ("a bare piece", rich({"type": "text", "text": "x"}), "unsupported type: text [/elements/0/type]"),
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
