"""Block elements: which exist, which fields they take, and in which blocks they may stand.

docs.slack.dev/reference/block-kit/block-elements.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from simulator.blocks.objects import (
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
)
from simulator.blocks.rich_text import rich_text
from simulator.blocks.schema import (
    Check,
    Problem,
    anything,
    array,
    boolean,
    both,
    integer,
    matching,
    one_of,
    shape,
    string,
)
from simulator.blocks.state import options_of
from simulator.json_types import as_object, objects_in

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
_DATE = matching(r"\d{4}-\d{2}-\d{2}", "a date in the form YYYY-MM-DD")
_TIME = matching(r"([01]\d|2[0-3]):[0-5]\d", "a time in the form HH:mm")


def _either(first: str, second: str) -> Check:
    """Exactly one of two fields."""

    def check(value: Any, at: str) -> Iterator[Problem]:
        given = [name for name in (first, second) if value.get(name) is not None]
        if not given:
            yield Problem(f"missing required field: {first}", at)
        elif len(given) > 1:
            yield Problem(f"only one of {first} and {second} is allowed", at)

    return check


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
    return both(shape(_TYPE, {**menu, **extra}), _either("options", "option_groups"), _preset_is_offered)


def _choices(extra: Mapping[str, Check]) -> Check:
    fields = {**_COMMON, "confirm": confirm, "focus_on_load": boolean, **extra}
    return both(shape({**_TYPE, "options": array(choice_option, CHOICES)}, fields), _preset_is_offered)


def _menu(extra: Mapping[str, Check]) -> Check:
    return shape(_TYPE, {**_MENU, **extra})


def _multi(initial: str, extra: Mapping[str, Check] | None = None) -> Check:
    return _menu({initial: array(string(255), 100, 0), "max_selected_items": max_selected, **(extra or {})})


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
    "datepicker": _menu({"initial_date": _DATE}),
    "datetimepicker": shape(
        _TYPE,
        {
            **_COMMON,
            "confirm": confirm,
            "focus_on_load": boolean,
            "initial_date_time": integer(1_000_000_000, 9_999_999_999),
        },
    ),
    "timepicker": _menu({"initial_time": _TIME, "timezone": string(255)}),
}

TYPED: Mapping[str, Check] = {
    "plain_text_input": shape(_TYPE, {**_TYPED, **_LENGTHS, "multiline": boolean}),
    "email_text_input": shape(_TYPE, _TYPED),
    "url_text_input": shape(_TYPE, _TYPED),
    "number_input": shape(
        {**_TYPE, "is_decimal_allowed": boolean}, {**_TYPED, "min_value": string(64), "max_value": string(64)}
    ),
    "rich_text_input": shape(_TYPE, {**_TYPED, "initial_value": rich_text}),
    "file_input": shape(_TYPE, {**_COMMON, "filetypes": array(string(32), 100, 0), "max_files": integer(1, 10)}),
}

PRESSED: Mapping[str, Check] = {
    "button": shape(
        {**_TYPE, "text": plain_text(BUTTON_TEXT)},
        {
            **_COMMON,
            "url": string(URL),
            "value": string(BUTTON_VALUE),
            "style": one_of("primary", "danger"),
            "confirm": confirm,
            "accessibility_label": string(BUTTON_TEXT),
        },
    ),
    "overflow": shape({**_TYPE, "options": array(overflow_option, OVERFLOW_OPTIONS)}, {**_COMMON, "confirm": confirm}),
    "workflow_button": shape(
        {**_TYPE, "text": plain_text(BUTTON_TEXT), "workflow": anything},
        {**_COMMON, "style": one_of("primary", "danger"), "accessibility_label": string(BUTTON_TEXT)},
    ),
}

image = both(
    shape({**_TYPE, "alt_text": string(ALT_TEXT)}, {"image_url": string(URL), "slack_file": slack_file}),
    _either("image_url", "slack_file"),
)

#: What may stand in an actions block, beside a section, and in an input block.
IN_ACTIONS: Mapping[str, Check] = {**PRESSED, **SELECTS, **CHOOSERS, "rich_text_input": TYPED["rich_text_input"]}
IN_SECTION: Mapping[str, Check] = {**PRESSED, **SELECTS, **CHOOSERS, "image": image}
IN_INPUT: Mapping[str, Check] = {**SELECTS, **CHOOSERS, **TYPED}
