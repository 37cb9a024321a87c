"""Block Kit is refused where Slack refuses it, with a pointer to what is wrong."""

from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text}


def section(**fields: Any) -> dict[str, Any]:
    return {"type": "section", **fields}


def actions(*elements: Any, **fields: Any) -> dict[str, Any]:
    return {"type": "actions", "elements": list(elements), **fields}


def button(**fields: Any) -> dict[str, Any]:
    return {"type": "button", "text": plain("Go"), **fields}


def option(text: str = "One", value: str = "1") -> dict[str, Any]:
    return {"text": plain(text), "value": value}


def select(options: list[Any], **fields: Any) -> dict[str, Any]:
    return {"type": "static_select", "options": options, **fields}


def field(element: Any, **fields: Any) -> dict[str, Any]:
    return {"type": "input", "label": plain("Field"), "element": element, **fields}


def confirm(**changes: Any) -> dict[str, Any]:
    return {"title": plain("Sure?"), "text": mrkdwn("Really"), "confirm": plain("Yes"), "deny": plain("No"), **changes}


REFUSED: list[tuple[str, Any, str]] = [
    ("51 blocks", [{"type": "divider"}] * 51, "no more than 50 items allowed [json-pointer:/blocks]"),
    (
        "section text",
        [section(text=mrkdwn("x" * 3001))],
        "must be less than 3001 characters [json-pointer:/blocks/0/text/text]",
    ),
    (
        "empty text",
        [section(text=mrkdwn(""))],
        "must be more than 0 characters [json-pointer:/blocks/0/text/text]",
    ),
    ("empty section", [section()], "must define either `text` or `fields` [json-pointer:/blocks/0/type]"),
    (
        "11 fields",
        [section(fields=[mrkdwn("x")] * 11)],
        "no more than 10 items allowed [json-pointer:/blocks/0/fields]",
    ),
    (
        "field text",
        [section(fields=[mrkdwn("x" * 2001)])],
        "must be less than 2001 characters [json-pointer:/blocks/0/fields/0/text]",
    ),
    (
        "header text",
        [{"type": "header", "text": plain("x" * 151)}],
        "must be less than 151 characters [json-pointer:/blocks/0/text/text]",
    ),
    (
        "mrkdwn header",
        [{"type": "header", "text": mrkdwn("x")}],
        "unsupported type: mrkdwn [json-pointer:/blocks/0/text/type]",
    ),
    (
        "26 buttons",
        [actions(*[button()] * 26)],
        "no more than 25 items allowed [json-pointer:/blocks/0/elements]",
    ),
    ("no buttons", [actions()], "must provide at least 1 items [json-pointer:/blocks/0/elements]"),
    (
        "button text",
        [actions(button(text=plain("x" * 76)))],
        "must be less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]",
    ),
    (
        "button value",
        [actions(button(value="x" * 2001))],
        "must be less than 2001 characters [json-pointer:/blocks/0/elements/0/value]",
    ),
    (
        "action_id",
        [actions(button(action_id="x" * 256))],
        "must be less than 256 characters [json-pointer:/blocks/0/elements/0/action_id]",
    ),
    (
        "block_id",
        [{"type": "divider", "block_id": "x" * 256}],
        "must be less than 256 characters [json-pointer:/blocks/0/block_id]",
    ),
    (
        "style",
        [actions(button(style="warning"))],
        "must be a valid enum value [json-pointer:/blocks/0/elements/0/style]",
    ),
    (
        "confirm title",
        [actions(button(confirm=confirm(title=plain("x" * 101))))],
        "must be less than 101 characters [json-pointer:/blocks/0/elements/0/confirm/title/text]",
    ),
    (
        "confirm text",
        [actions(button(confirm=confirm(text=mrkdwn("x" * 301))))],
        "must be less than 301 characters [json-pointer:/blocks/0/elements/0/confirm/text/text]",
    ),
    (
        "confirm button",
        [actions(button(confirm=confirm(deny=plain("x" * 31))))],
        "must be less than 31 characters [json-pointer:/blocks/0/elements/0/confirm/deny/text]",
    ),
    (
        "101 options",
        [actions(select([option(value=str(number)) for number in range(101)]))],
        "no more than 100 items allowed [json-pointer:/blocks/0/elements/0/options]",
    ),
    (
        "option text",
        [actions(select([option(text="x" * 76)]))],
        "must be less than 76 characters [json-pointer:/blocks/0/elements/0/options/0/text/text]",
    ),
    (
        "option value",
        [actions(select([option(value="x" * 151)]))],
        "must be less than 151 characters [json-pointer:/blocks/0/elements/0/options/0/value]",
    ),
    (
        "initial option",
        [actions(select([option()], initial_option=option(value="2")))],
        "must match one of the options [json-pointer:/blocks/0/elements/0/initial_option]",
    ),
    (
        "no options",
        [actions({"type": "static_select"})],
        "missing required field: options [json-pointer:/blocks/0/elements/0]",
    ),
    (
        "unknown field",
        [section(text=mrkdwn("x"), colour="red")],
        "invalid additional property: colour [json-pointer:/blocks/0]",
    ),
    ("unknown block", [{"type": "marquee"}], "unsupported type: marquee [json-pointer:/blocks/0/type]"),
    ("no type", [{"text": "x"}], "missing required field: type [json-pointer:/blocks/0]"),
    ("not a block", ["x"], "must provide an object [json-pointer:/blocks/0]"),
    (
        "input in actions",
        [actions({"type": "plain_text_input"})],
        "unsupported type: plain_text_input [json-pointer:/blocks/0/elements/0/type]",
    ),
    (
        "button in input",
        [field(button())],
        "unsupported type: button [json-pointer:/blocks/0/element/type]",
    ),
    (
        "string for text",
        [section(text="x")],
        "must provide an object [json-pointer:/blocks/0/text]",
    ),
    (
        "duplicate block_id",
        [{"type": "divider", "block_id": "a"}, {"type": "divider", "block_id": "a"}],
        '`block_id` "a" already exists [json-pointer:/blocks/1/block_id]',
    ),
    (
        "duplicate action_id",
        [actions(button(action_id="a"), button(action_id="a"))],
        '`action_id` "a" already exists [json-pointer:/blocks/0/elements/1/action_id]',
    ),
    (
        "context elements",
        [{"type": "context", "elements": [mrkdwn("x")] * 11}],
        "no more than 10 items allowed [json-pointer:/blocks/0/elements]",
    ),
    (
        "rich text piece",
        [{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [{"type": "text"}]}]}],
        "missing required field: text [json-pointer:/blocks/0/elements/0/elements/0]",
    ),
]


@pytest.mark.parametrize(("blocks", "problem"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
async def test_a_message_with_such_blocks_is_refused(slack: AsyncWebClient, blocks: Any, problem: str) -> None:
    """The app gets invalid_blocks and the pointer, as Slack words them."""
    with pytest.raises(SlackApiError) as refused:
        await slack.chat_postMessage(channel="C0GENERAL", text="x", blocks=blocks)
    answer: Any = refused.value.response
    assert answer["error"] == "invalid_blocks"
    assert problem in answer["errors"]
    assert f"[ERROR] {problem}" in answer["response_metadata"]["messages"]


LARGEST = [
    section(text=mrkdwn("x" * 3000)),
    section(fields=[mrkdwn("x" * 100)] * 10),
    {"type": "header", "text": plain("x" * 150)},
    actions(
        button(action_id="x" * 255, value="v" * 2000, confirm=confirm(title=plain("t" * 100), text=plain("x" * 300))),
        select([option(text="x" * 75, value="v" * 150)], initial_option=option(text="x" * 75, value="v" * 150)),
        *[button(text=plain("x" * 75))] * 23,
    ),
    {"type": "context", "elements": [mrkdwn("x")] * 10},
    *[{"type": "divider"}] * 45,
]


async def test_the_largest_that_slack_takes_is_taken(slack: AsyncWebClient) -> None:
    """Every limit is taken at its last good value."""
    posted = await slack.chat_postMessage(channel="C0GENERAL", text="x" * 40_000, blocks=LARGEST)
    assert posted["ok"]


async def test_blocks_may_not_be_too_long_together(slack: AsyncWebClient) -> None:
    """Each is short enough, all of them are not."""
    blocks = [section(text=mrkdwn("x" * 2700))] * 5
    with pytest.raises(SlackApiError, match="msg_blocks_too_long"):
        await slack.chat_postMessage(channel="C0GENERAL", text="x", blocks=blocks)


async def test_text_that_is_too_long_is_cut_off(slack: AsyncWebClient) -> None:
    """Beyond 40,000 characters, with a warning; an update of more than 4,000 is refused."""
    posted: Any = await slack.chat_postMessage(channel="C0GENERAL", text="x" * 40_001)
    assert "message_truncated" in posted["warning"].split(",")
    assert len(posted["message"]["text"]) == 40_000
    await slack.chat_update(channel="C0GENERAL", ts=posted["ts"], text="x" * 4000)
    with pytest.raises(SlackApiError, match="msg_too_long"):
        await slack.chat_update(channel="C0GENERAL", ts=posted["ts"], text="x" * 4001)
