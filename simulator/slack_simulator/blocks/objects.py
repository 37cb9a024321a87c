"""Composition objects: text, options, option groups, confirm dialogs.

docs.slack.dev/reference/block-kit/composition-objects.
"""

from collections.abc import Iterator
from typing import Any

from slack_simulator.base.json_types import JsonObject
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
    one_of,
    schemas,
    shape,
    string,
    url,
)

#: docs.slack.dev/reference/block-kit/composition-objects, one constant for each limit it states.
OPTION_TEXT = 75
OPTION_VALUE = 150
OPTION_DESCRIPTION = 75
OPTIONS = 100
OPTION_GROUPS = 100
OPTION_GROUP_LABEL = 75
CONFIRM_TITLE = 100
CONFIRM_TEXT = 300
CONFIRM_BUTTON = 30
URL = 3000
PLACEHOLDER = 150


def plain_text(longest: int) -> Check:
    """A plain_text object."""
    return schemas(by_type({"plain_text": _plain(longest)}))


def any_text(longest: int) -> Check:
    """A text object of either kind."""
    return schemas(by_type({"plain_text": _plain(longest), "mrkdwn": _mrkdwn(longest)}))


def _plain(longest: int) -> Check:
    return shape({"type": anything, "text": string(longest)}, {"emoji": boolean})


def _mrkdwn(longest: int) -> Check:
    return shape({"type": anything, "text": string(longest)}, {"verbatim": boolean})


#: An option of a select menu.
select_option = shape(
    {"text": plain_text(OPTION_TEXT), "value": string(OPTION_VALUE)}, {"description": plain_text(OPTION_DESCRIPTION)}
)
#: An option of radio buttons or checkboxes, which may be mrkdwn.
choice_option = shape(
    {"text": any_text(OPTION_TEXT), "value": string(OPTION_VALUE)}, {"description": any_text(OPTION_DESCRIPTION)}
)
#: An option of an overflow menu, which may be a link.
overflow_option = shape(
    {"text": plain_text(OPTION_TEXT), "value": string(OPTION_VALUE)},
    {"description": plain_text(OPTION_DESCRIPTION), "url": url(URL)},
)
option_group = shape({"label": plain_text(OPTION_GROUP_LABEL), "options": array(select_option, OPTIONS)})
_offer = both(
    shape({}, {"options": array(select_option, OPTIONS, 0), "option_groups": array(option_group, OPTION_GROUPS, 0)}),
    exactly_one("options", "option_groups"),
)


def offer_problems(offer: JsonObject) -> list[Problem]:
    """Everything wrong with what an app offers for a typed text; an app that offers nothing at all offers no option."""
    return list(_offer(offer, "")) if offer else []


confirm = shape(
    {
        "title": plain_text(CONFIRM_TITLE),
        "text": any_text(CONFIRM_TEXT),
        "confirm": plain_text(CONFIRM_BUTTON),
        "deny": plain_text(CONFIRM_BUTTON),
    },
    {"style": one_of("primary", "danger")},
)
dispatch_action_config = shape({}, {"trigger_actions_on": array(one_of("on_enter_pressed", "on_character_entered"), 2)})


def _not_empty(value: Any, at: str) -> Iterator[Problem]:
    if not value:
        yield Problem("must have minimum 1 properties", at)


conversation_filter = both(
    shape(
        {},
        {
            "include": array(one_of("im", "mpim", "private", "public"), 4),
            "exclude_external_shared_channels": boolean,
            "exclude_bot_users": boolean,
        },
    ),
    _not_empty,
)
slack_file = both(shape({}, {"id": string(255), "url": url(URL, "http", "https")}), exactly_one("id", "url"))
#: What a workflow button starts.
workflow = shape(
    {
        "trigger": shape(
            {"url": url(URL, "http", "https")},
            {"customizable_input_parameters": array(shape({"name": string(255), "value": anything}), 100, 0)},
        )
    }
)
placeholder = plain_text(PLACEHOLDER)
max_selected = integer(1, 100)
