"""Each element's fields and limits, and where it may stand."""

from collections.abc import Mapping
from typing import Any

import pytest

from slack_simulator.base.schema import Check, by_type
from slack_simulator.blocks.elements import (
    CHOOSERS,
    IN_ACTIONS,
    IN_CONTEXT_ACTIONS,
    IN_INPUT,
    IN_SECTION,
    PRESSED,
    SELECTS,
    TYPED,
    image,
)
from slack_simulator.blocks.state import HELD

Where = Mapping[str, Check]


def plain(text: str = "x") -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str = "x") -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text}


def option(value: str = "1", **more: Any) -> dict[str, Any]:
    return {"text": plain(), "value": value, **more}


def actions(kind: str, **fields: Any) -> tuple[Where, dict[str, Any]]:
    """An element of an actions block."""
    return IN_ACTIONS, {"type": kind, **fields}


def beside(kind: str, **fields: Any) -> tuple[Where, dict[str, Any]]:
    """A section's accessory."""
    return IN_SECTION, {"type": kind, **fields}


def asked(kind: str, **fields: Any) -> tuple[Where, dict[str, Any]]:
    """An input block's element."""
    return IN_INPUT, {"type": kind, **fields}


def among(kind: str, **fields: Any) -> tuple[Where, dict[str, Any]]:
    """An element of a context_actions block."""
    return IN_CONTEXT_ACTIONS, {"type": kind, **fields}


def problems(where: Where, element: Any) -> list[str]:
    return [f"{one.message} [{one.pointer or '/'}]" for one in by_type(where)(element, "")]


GOOD = {"text": plain("Good"), "value": "1"}
WORKFLOW = {"trigger": {"url": "https://slack.com/shortcuts/1"}}
GROUPS = [{"label": plain(), "options": [option("1")]}, {"label": plain(), "options": [option("2")]}]


@pytest.mark.parametrize(
    "element",
    [
        *({"type": kind} for kind in sorted(IN_INPUT.keys() - {
            "static_select", "multi_static_select", "checkboxes", "radio_buttons", "number_input", "rich_text_input"
        })),
        {"type": "rich_text_input", "action_id": "a"},
        {"type": "number_input", "is_decimal_allowed": False},
        *(
            {"type": kind, "options": [option()]}
            for kind in ("static_select", "multi_static_select", "checkboxes", "radio_buttons")
        ),
    ],
    ids=lambda element: element["type"],
)  # fmt: skip
def test_every_input_in_its_simplest_form(element: dict[str, Any]) -> None:
    assert problems(IN_INPUT, element) == []


TAKEN: list[tuple[str, tuple[Where, Any]]] = [
    ("preset in a group", actions("static_select", option_groups=GROUPS, initial_option=option("2"))),
    ("equal bounds", asked("number_input", is_decimal_allowed=True, min_value="1.5", max_value="1.5")),
    ("numbers by value", asked("number_input", is_decimal_allowed=False, min_value="9", max_value="10")),
    ("equal lengths", asked("plain_text_input", min_length=3000, max_length=3000)),
    ("no length", asked("plain_text_input", min_length=0)),
    ("empty text", asked("plain_text_input", initial_value="")),
    ("link of any scheme", actions("button", text=plain(), url="slack://app")),
    ("75 characters", actions("button", text=plain("x" * 75), value="x" * 2000, action_id="x" * 255)),
    ("five", beside("overflow", options=[option(str(one)) for one in range(5)])),
    ("10 boxes", beside("checkboxes", options=[option(str(one)) for one in range(10)])),
    ("100 options", actions("static_select", options=[option(str(one)) for one in range(100)])),
    ("feedback", among("feedback_buttons", positive_button=GOOD, negative_button=GOOD)),
]


@pytest.mark.parametrize("given", [case[1] for case in TAKEN], ids=[case[0] for case in TAKEN])
def test_what_is_taken(given: tuple[Where, Any]) -> None:
    assert problems(*given) == []


REFUSED: list[tuple[str, tuple[Where, Any], str]] = [
    ("76 characters", actions("button", text=plain("x" * 76)), "must be less than 76 characters [/text/text]"),
    ("value", actions("button", text=plain(), value="x" * 2001), "must be less than 2001 characters [/value]"),
    ("id", actions("users_select", action_id="x" * 256), "must be less than 256 characters [/action_id]"),
    ("101 options", actions("static_select", options=[option()] * 101), "no more than 100 items allowed [/options]"),
    ("no options", actions("static_select"), "missing required field: options [/]"),
    (
        "a preset's label",
        actions("static_select", options=[option()], initial_option=option() | {"text": plain("y")}),
        "must match one of the options [/initial_option]",
    ),
    ("null style", actions("button", text=plain(), style=None), "must be a valid enum value [/style]"),
    (
        "null option",
        actions("static_select", options=[option()], initial_option=None),
        "must provide an object [/initial_option]",
    ),
    (
        "feedback",
        among("feedback_buttons", positive_button=GOOD, negative_button=GOOD | {"value": None}),
        "must provide a string [/negative_button/value]",
    ),
    (
        "icon",
        among("icon_button", icon="star", text=plain()),
        "must be a valid enum value [/icon]",
    ),
    (
        "button in context actions",
        among("button", text=plain()),
        "unsupported type: button [/type]",
    ),
    ("button's url", actions("button", text=plain(), url="example.com"), "must be a valid URL [/url]"),
    ("button's mrkdwn", actions("button", text=mrkdwn()), "unsupported type: mrkdwn [/text/type]"),
    (
        "label",
        actions("button", text=plain(), accessibility_label="x" * 76),
        "must be less than 76 characters [/accessibility_label]",
    ),
    (
        "workflow",
        actions("workflow_button", text=plain(), action_id="a", workflow={}),
        "missing required field: trigger [/workflow]",
    ),
    (
        "workflow's id",
        actions("workflow_button", text=plain(), workflow=WORKFLOW),
        "missing required field: action_id [/]",
    ),
    (
        "6 overflow options",
        beside("overflow", options=[option()] * 6),
        "no more than 5 items allowed [/options]",
    ),
    (
        "options and groups",
        actions("static_select", options=[option()], option_groups=[{"label": plain(), "options": [option()]}]),
        "only one of options and option_groups is allowed [/]",
    ),
    (
        "placeholder",
        actions("users_select", placeholder=plain("x" * 151)),
        "must be less than 151 characters [/placeholder/text]",
    ),
    (
        "11 radio buttons",
        actions("radio_buttons", options=[option(str(one)) for one in range(11)]),
        "no more than 10 items allowed [/options]",
    ),
    (
        "radio preset",
        actions("radio_buttons", options=[option()], initial_option=option("2")),
        "must match one of the options [/initial_option]",
    ),
    (
        "checkbox preset",
        actions("checkboxes", options=[option()], initial_options=[option(), option("2")]),
        "must match one of the options [/initial_options/1]",
    ),
    (
        "nothing preset",
        actions("multi_users_select", initial_users=[]),
        "must provide at least 1 items [/initial_users]",
    ),
    (
        "no selection",
        actions("multi_users_select", max_selected_items=0),
        "must be greater than 1 [/max_selected_items]",
    ),
    (
        "no such day",
        actions("datepicker", initial_date="2026-02-30"),
        "must be a date in the form YYYY-MM-DD [/initial_date]",
    ),
    (
        "a day in words",
        actions("datepicker", initial_date="20260228"),
        "must be a date in the form YYYY-MM-DD [/initial_date]",
    ),
    (
        "no such hour",
        actions("timepicker", initial_time="24:00"),
        "must be a time in the form HH:mm [/initial_time]",
    ),
    (
        "milliseconds",
        actions("datetimepicker", initial_date_time=1_628_633_820_000),
        "must be less than 9999999999 [/initial_date_time]",
    ),
    ("datetimepicker beside", beside("datetimepicker"), "unsupported type: datetimepicker [/type]"),
    ("text beside", beside("plain_text_input"), "unsupported type: plain_text_input [/type]"),
    (
        "lengths",
        asked("plain_text_input", min_length=5, max_length=4),
        "must not be greater than max_length [/min_length]",
    ),
    ("3001 characters", asked("plain_text_input", max_length=3001), "must be less than 3000 [/max_length]"),
    ("decimals unsaid", asked("number_input"), "missing required field: is_decimal_allowed [/]"),
    (
        "a number as such",
        asked("number_input", is_decimal_allowed=True, min_value=1),
        "must be a number [/min_value]",
    ),
    (
        "decimals",
        asked("number_input", is_decimal_allowed=False, initial_value="1.5"),
        "must be a whole number [/initial_value]",
    ),
    (
        "bounds",
        asked("number_input", is_decimal_allowed=False, min_value="3", max_value="2"),
        "must not be greater than max_value [/min_value]",
    ),
    (
        "too small",
        asked("number_input", is_decimal_allowed=False, min_value="3", initial_value="2"),
        "must not be greater than initial_value [/min_value]",
    ),
    ("no files", asked("file_input", max_files=11), "must be less than 10 [/max_files]"),
    (
        "dispatch",
        asked("plain_text_input", dispatch_action_config={"trigger_actions_on": ["on_blur"]}),
        ("must be a valid enum value [/dispatch_action_config/trigger_actions_on/0]"),
    ),
    ("overflow asked", asked("overflow", options=[option()]), "unsupported type: overflow [/type]"),
]


@pytest.mark.parametrize(("given", "problem"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_what_is_refused(given: tuple[Where, Any], problem: str) -> None:
    assert problem in problems(*given)


@pytest.mark.parametrize("element", [None, [], "button", {}, {"type": None}, {"type": "marquee"}, {"type": ["button"]}])
def test_what_is_no_element(element: Any) -> None:
    for where in (IN_ACTIONS, IN_SECTION, IN_INPUT, IN_CONTEXT_ACTIONS):
        assert len(problems(where, element)) == 1


def test_where_each_may_stand() -> None:
    """docs.slack.dev/reference/block-kit/block-elements, "Works with block types"."""
    assert IN_ACTIONS.keys() == {*PRESSED, *SELECTS, *CHOOSERS, "rich_text_input"}
    assert IN_INPUT.keys() == {*SELECTS, *CHOOSERS, *TYPED}
    assert IN_SECTION.keys() == {*PRESSED, *SELECTS, *CHOOSERS, "image"} - {"datetimepicker"}
    assert not IN_CONTEXT_ACTIONS.keys() & {*IN_ACTIONS, *IN_INPUT}


def test_every_input_holds_something() -> None:
    """What may be asked for has a state to answer with, and what is only pressed has none."""
    assert IN_INPUT.keys() == HELD.keys()
    assert not PRESSED.keys() & HELD.keys()


def test_a_picture_has_one_source() -> None:
    shown = {"type": "image", "alt_text": "x"}
    address, file = {"image_url": "https://example.com/p.png"}, {"slack_file": {"id": "F1"}}
    assert list(image(shown | address, "")) == list(image(shown | file, "")) == []
    for wrong in (shown, shown | address | file, shown | {"image_url": "data:image/png,x"}):
        assert len(list(image(wrong, ""))) == 1
