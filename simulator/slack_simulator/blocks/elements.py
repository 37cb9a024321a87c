"""Block elements: which exist, which fields they take, and in which blocks they may stand.

docs.slack.dev/reference/block-kit/block-elements.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from slack_simulator.base.json_types import as_object, objects_in
from slack_simulator.base.schema import (
    Check,
    Problem,
    anything,
    array,
    boolean,
    both,
    day,
    exactly_one,
    integer,
    matching,
    moment,
    one_of,
    shape,
    string,
    time_of_day,
    url,
)
from slack_simulator.blocks.objects import (
    OPTION_GROUPS,
    OPTIONS,
    URL,
    choice_option,
    confirm,
    conversation_filter,
    dispatch_action_config,
    max_selected,
    option_group,
    overflow_option,
    placeholder,
    plain_text,
    select_option,
    slack_file,
    workflow,
)
from slack_simulator.blocks.rich_text import rich_text
from slack_simulator.blocks.state import options_of

ACTION_ID = 255
BUTTON_TEXT = 75
BUTTON_VALUE = 2000
INPUT_LENGTH = 3000
CHOICES = 10
OVERFLOW_OPTIONS = 5
ALT_TEXT = 2000

_COMMON: Mapping[str, Check] = {"action_id": string(ACTION_ID)}
_MENU: Mapping[str, Check] = {**_COMMON, "confirm": confirm, "focus_on_load": boolean, "placeholder": placeholder}
_TYPED: Mapping[str, Check] = {
    **_COMMON,
    "initial_value": string(INPUT_LENGTH, 0),
    "dispatch_action_config": dispatch_action_config,
    "focus_on_load": boolean,
    "placeholder": placeholder,
}
_LENGTHS: Mapping[str, Check] = {"min_length": integer(0, INPUT_LENGTH), "max_length": integer(1, INPUT_LENGTH)}
_TYPE: Mapping[str, Check] = {"type": anything}
_NUMBER = matching(r"-?\d+(\.\d+)?", "a number")


def _in_order(lower: str, upper: str) -> Check:
    """Of two bounds, the lower one must not exceed the other."""

    def check(value: Any, at: str) -> Iterator[Problem]:
        low, high = value.get(lower), value.get(upper)
        if low is not None and high is not None and float(low) > float(high):
            yield Problem(f"must not be greater than {upper}", f"{at}/{lower}")

    return check


def _whole_if_need_be(value: Any, at: str) -> Iterator[Problem]:
    """Numbers have no decimals where people may type none."""
    for name in ("initial_value", "min_value", "max_value"):
        if not value["is_decimal_allowed"] and "." in str(value.get(name) or ""):
            yield Problem("must be a whole number", f"{at}/{name}")


def _preset_is_offered(value: Any, at: str) -> Iterator[Problem]:
    """An initial option must be one of the options, to the letter."""
    offered = [(option.get("value"), _label(option)) for option in options_of(value)]
    single = as_object(value.get("initial_option"))
    if single is not None and (single.get("value"), _label(single)) not in offered:
        yield Problem("must match one of the options", f"{at}/initial_option")
    for number, one in enumerate(objects_in(value.get("initial_options"))):
        if (one.get("value"), _label(one)) not in offered:
            yield Problem("must match one of the options", f"{at}/initial_options/{number}")


def _label(option: dict[str, Any]) -> Any:
    return (as_object(option.get("text")) or {}).get("text")


def _static(extra: Mapping[str, Check]) -> Check:
    menu = {**_MENU, "options": array(select_option, OPTIONS), "option_groups": array(option_group, OPTION_GROUPS)}
    return both(shape(_TYPE, {**menu, **extra}), exactly_one("options", "option_groups"), _preset_is_offered)


def _choices(extra: Mapping[str, Check]) -> Check:
    fields = {**_COMMON, "confirm": confirm, "focus_on_load": boolean, **extra}
    return both(shape({**_TYPE, "options": array(choice_option, CHOICES)}, fields), _preset_is_offered)


def _menu(extra: Mapping[str, Check]) -> Check:
    return shape(_TYPE, {**_MENU, **extra})


def _multi(initial: str, extra: Mapping[str, Check] | None = None) -> Check:
    return _menu({initial: array(string(255), 100), "max_selected_items": max_selected, **(extra or {})})


_CONVERSATIONS: Mapping[str, Check] = {"default_to_current_conversation": boolean, "filter": conversation_filter}

SELECTS: Mapping[str, Check] = {
    "static_select": _static({"initial_option": select_option}),
    "external_select": _menu({"initial_option": select_option, "min_query_length": integer(0, 3000)}),
    "users_select": _menu({"initial_user": string(255)}),
    "conversations_select": _menu(
        {"initial_conversation": string(255), "response_url_enabled": boolean, **_CONVERSATIONS}
    ),
    "channels_select": _menu({"initial_channel": string(255), "response_url_enabled": boolean}),
    "multi_static_select": _static(
        {"initial_options": array(select_option, OPTIONS), "max_selected_items": max_selected}
    ),
    "multi_external_select": _menu(
        {
            "initial_options": array(select_option, OPTIONS),
            "min_query_length": integer(0, 3000),
            "max_selected_items": max_selected,
        }
    ),
    "multi_users_select": _multi("initial_users"),
    "multi_conversations_select": _multi("initial_conversations", _CONVERSATIONS),
    "multi_channels_select": _multi("initial_channels"),
}

CHOOSERS: Mapping[str, Check] = {
    "checkboxes": _choices({"initial_options": array(choice_option, CHOICES)}),
    "radio_buttons": _choices({"initial_option": choice_option}),
    "datepicker": _menu({"initial_date": day}),
    "datetimepicker": shape(
        _TYPE,
        {
            **_COMMON,
            "confirm": confirm,
            "focus_on_load": boolean,
            "initial_date_time": moment,
        },
    ),
    "timepicker": _menu({"initial_time": time_of_day, "timezone": string(255)}),
}

TYPED: Mapping[str, Check] = {
    "plain_text_input": both(
        shape(_TYPE, {**_TYPED, **_LENGTHS, "multiline": boolean}), _in_order("min_length", "max_length")
    ),
    "email_text_input": shape(_TYPE, _TYPED),
    "url_text_input": shape(_TYPE, _TYPED),
    "number_input": both(
        shape(
            {**_TYPE, "is_decimal_allowed": boolean},
            {**_TYPED, "initial_value": _NUMBER, "min_value": _NUMBER, "max_value": _NUMBER},
        ),
        _whole_if_need_be,
        _in_order("min_value", "max_value"),
        _in_order("min_value", "initial_value"),
        _in_order("initial_value", "max_value"),
    ),
    "rich_text_input": shape(
        {**_TYPE, **_COMMON},
        {**_TYPED, "initial_value": rich_text, "min_lines": integer(1, 100), "max_lines": integer(1, 100)},
    ),
    "file_input": shape(_TYPE, {**_COMMON, "filetypes": array(string(32), 100), "max_files": integer(1, 10)}),
}

PRESSED: Mapping[str, Check] = {
    "button": shape(
        {**_TYPE, "text": plain_text(BUTTON_TEXT)},
        {
            **_COMMON,
            "url": url(URL),
            "value": string(BUTTON_VALUE),
            "style": one_of("primary", "danger"),
            "confirm": confirm,
            "accessibility_label": string(BUTTON_TEXT),
        },
    ),
    "overflow": shape({**_TYPE, "options": array(overflow_option, OVERFLOW_OPTIONS)}, {**_COMMON, "confirm": confirm}),
    "workflow_button": shape(
        {**_TYPE, **_COMMON, "text": plain_text(BUTTON_TEXT), "workflow": workflow},
        {"style": one_of("primary", "danger"), "accessibility_label": string(BUTTON_TEXT)},
    ),
}

image = both(
    shape({**_TYPE, "alt_text": string(ALT_TEXT)}, {"image_url": url(URL, "http", "https"), "slack_file": slack_file}),
    exactly_one("image_url", "slack_file"),
)

_feedback = shape(
    {"text": plain_text(BUTTON_TEXT), "value": string(BUTTON_VALUE)}, {"accessibility_label": string(BUTTON_TEXT)}
)

#: What may stand in an actions block, beside a section, in an input block, and in a context_actions block.
IN_ACTIONS: Mapping[str, Check] = {**PRESSED, **SELECTS, **CHOOSERS, "rich_text_input": TYPED["rich_text_input"]}
IN_SECTION: Mapping[str, Check] = {
    **PRESSED,
    **SELECTS,
    **{kind: check for kind, check in CHOOSERS.items() if kind != "datetimepicker"},
    "image": image,
}
IN_INPUT: Mapping[str, Check] = {**SELECTS, **CHOOSERS, **TYPED}
IN_CONTEXT_ACTIONS: Mapping[str, Check] = {
    "feedback_buttons": shape({**_TYPE, "positive_button": _feedback, "negative_button": _feedback}, _COMMON),
    "icon_button": shape(
        {**_TYPE, "icon": one_of("trash"), "text": plain_text(BUTTON_TEXT)},
        {
            **_COMMON,
            "value": string(BUTTON_VALUE),
            "confirm": confirm,
            "accessibility_label": string(BUTTON_TEXT),
            "visible_to_user_ids": array(string(255), 10),
        },
    ),
}
