"""Composition objects: each at its limits and one beyond, and that one failed schema is told before what is wrong."""

from typing import Any

import pytest

from slack_simulator.base.schema import Check
from slack_simulator.blocks.objects import (
    any_text,
    choice_option,
    confirm,
    conversation_filter,
    dispatch_action_config,
    max_selected,
    offer_problems,
    option_group,
    overflow_option,
    placeholder,
    plain_text,
    select_option,
    slack_file,
    workflow,
)

ALL_SCHEMAS = "failed to match all allowed schemas"


def plain(text: str = "x", **more: Any) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, **more}


def mrkdwn(text: str = "x", **more: Any) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text, **more}


def option(value: str = "1", **more: Any) -> dict[str, Any]:
    return {"text": plain(), "value": value, **more}


def told(check: Check, value: Any) -> list[str]:
    return [f"{one.message} [{one.pointer or '/'}]" for one in check(value, "")]


ASK = {"title": plain("x" * 100), "text": mrkdwn("x" * 300), "confirm": plain("x" * 30), "deny": plain("x" * 30)}

TAKEN: list[tuple[str, Check, Any]] = [
    ("plain", plain_text(3), plain("abc", emoji=False)),
    ("plain of either", any_text(3), plain("abc")),
    ("mrkdwn", any_text(3), mrkdwn("abc", verbatim=True)),
    ("option", select_option, {"text": plain("x" * 75), "value": "x" * 150, "description": plain("x" * 75)}),
    ("choice", choice_option, {"text": mrkdwn("x" * 75), "value": "1", "description": mrkdwn()}),
    ("link", overflow_option, option(url="https://example.com")),
    ("group", option_group, {"label": plain("x" * 75), "options": [option(str(one)) for one in range(100)]}),
    ("confirm", confirm, ASK),
    ("danger", confirm, ASK | {"style": "danger"}),
    ("dispatch", dispatch_action_config, {"trigger_actions_on": ["on_enter_pressed", "on_character_entered"]}),
    ("filter", conversation_filter, {"include": ["im", "mpim", "private", "public"]}),
    ("filter of bots", conversation_filter, {"exclude_bot_users": True}),
    ("file by id", slack_file, {"id": "F1"}),
    ("file by url", slack_file, {"url": "https://files.example/1"}),
    ("workflow", workflow, {"trigger": {"url": "https://slack.com/shortcuts/1"}}),
    (
        "workflow with values",
        workflow,
        {"trigger": {"url": "https://x.example", "customizable_input_parameters": [{"name": "a", "value": None}]}},
    ),
    ("placeholder", placeholder, plain("x" * 150)),
    ("most selected", max_selected, 100),
]


@pytest.mark.parametrize(("check", "value"), [case[1:] for case in TAKEN], ids=[case[0] for case in TAKEN])
def test_what_is_taken(check: Check, value: Any) -> None:
    assert told(check, value) == []


REFUSED: list[tuple[str, Check, Any, str]] = [
    ("mrkdwn where plain is due", plain_text(3), mrkdwn(), "unsupported type: mrkdwn [/type]"),
    ("plain too long", plain_text(3), plain("abcd"), "must be less than 4 characters [/text]"),
    ("no text", any_text(3), plain(""), "must be more than 0 characters [/text]"),
    ("emoji in mrkdwn", any_text(3), mrkdwn(emoji=True), "invalid additional property: emoji [/]"),
    ("verbatim in plain", any_text(3), plain(verbatim=True), "invalid additional property: verbatim [/]"),
    ("a bare string", any_text(3), "x", "must provide an object [/]"),
    ("an option's mrkdwn", select_option, option() | {"text": mrkdwn()}, "unsupported type: mrkdwn [/text/type]"),
    ("an option's url", select_option, option(url="https://x.example"), "invalid additional property: url [/]"),
    ("a choice's url", choice_option, option(url="https://x.example"), "invalid additional property: url [/]"),
    ("a link's url", overflow_option, option(url="x.example"), "must be a valid URL [/url]"),
    ("option value", select_option, option("x" * 151), "must be less than 151 characters [/value]"),
    ("label", option_group, {"label": plain("x" * 76), "options": [option()]}, "less than 76 characters [/label/text]"),
    ("empty group", option_group, {"label": plain(), "options": []}, "must provide at least 1 items [/options]"),
    ("101 options", option_group, {"label": plain(), "options": [option()] * 101}, "no more than 100 items"),
    ("confirm title", confirm, ASK | {"title": plain("x" * 101)}, "must be less than 101 characters [/title/text]"),
    ("confirm text", confirm, ASK | {"text": plain("x" * 301)}, "must be less than 301 characters [/text/text]"),
    ("confirm button", confirm, ASK | {"deny": plain("x" * 31)}, "must be less than 31 characters [/deny/text]"),
    ("confirm style", confirm, ASK | {"style": "default"}, "must be a valid enum value [/style]"),
    ("empty filter", conversation_filter, {}, "must have minimum 1 properties [/]"),
    ("filter", conversation_filter, {"include": ["dm"]}, "must be a valid enum value [/include/0]"),
    ("filter of none", conversation_filter, {"include": []}, "must provide at least 1 items [/include]"),
    ("file by both", slack_file, {"id": "F1", "url": "https://x.example"}, "only one of id and url is allowed [/]"),
    ("file by none", slack_file, {}, "missing required field: id [/]"),
    ("workflow", workflow, {"trigger": {"url": "slack://x"}}, "must be a valid URL (http or https) [/trigger/url]"),
    ("placeholder", placeholder, plain("x" * 151), "must be less than 151 characters [/text]"),
    ("101 selected", max_selected, 101, "must be less than 100 [/]"),
]


@pytest.mark.parametrize(
    ("check", "value", "problem"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
def test_what_is_refused(check: Check, value: Any, problem: str) -> None:
    assert any(problem in one for one in told(check, value)), told(check, value)


@pytest.mark.parametrize("field", ["title", "text", "confirm", "deny"])
def test_a_confirm_dialog_says_all_of_it(field: str) -> None:
    without = {name: value for name, value in ASK.items() if name != field}
    assert told(confirm, without) == [f"missing required field: {field} [/]"]


def test_a_text_fails_its_schemas_before_it_is_told_why() -> None:
    assert told(plain_text(1), plain("xy")) == [f"{ALL_SCHEMAS} [/]", "must be less than 2 characters [/text]"]


def test_an_offer_of_nothing_offers_no_option() -> None:
    for nothing in ({}, {"options": []}, {"option_groups": []}):
        assert offer_problems(nothing) == []


@pytest.mark.parametrize(
    ("offer", "problem"),
    [
        ({"options": [], "option_groups": []}, "only one of options and option_groups is allowed [json-pointer:]"),
        ({"options": [{"text": plain()}]}, "missing required field: value [json-pointer:/options/0]"),
        ({"options": [option()] * 101}, "no more than 100 items allowed [json-pointer:/options]"),
        ({"choices": []}, "invalid additional property: choices [json-pointer:]"),
    ],
)
def test_an_offer_that_is_wrong(offer: dict[str, Any], problem: str) -> None:
    assert [str(one) for one in offer_problems(offer)] == [problem]
