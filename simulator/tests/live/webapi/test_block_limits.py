"""What is too much or too heavy, told by the Web API: tables, attachments, views."""

from typing import Any

import pytest
from slack_sdk.errors import SlackApiError


def mrkdwn(text: str = "x") -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text}


def table(*rows: Any, **fields: Any) -> dict[str, Any]:
    return {"type": "table", "rows": list(rows), **fields}


CELL = {"type": "raw_text", "text": "x"}


async def test_one_table_in_a_message(slack: Any) -> None:
    """The second is refused in words of its own."""
    with pytest.raises(SlackApiError) as refused:
        await slack.chat_postMessage(channel="C0GENERAL", text="x", blocks=[table([CELL]), table([CELL])])
    answer: Any = refused.value.response
    assert (answer["error"], answer["errors"]) == ("invalid_blocks", ["only_one_table_allowed"])
    assert answer["response_metadata"]["messages"] == ["[ERROR] only_one_table_allowed"]


@pytest.mark.parametrize(
    ("attachment", "problem"),
    [
        ({"text": 5}, "must provide a string [json-pointer:/attachments/0/text]"),
        (
            {"fields": [{"title": "x", "short": "yes"}]},
            "must be a boolean [json-pointer:/attachments/0/fields/0/short]",
        ),
        ({"ts": True}, "must be a valid number [json-pointer:/attachments/0/ts]"),
        ({"footer": "x" * 301}, "must be less than 301 characters [json-pointer:/attachments/0/footer]"),
        ({"mrkdwn_in": ["title"]}, "must be a valid enum value [json-pointer:/attachments/0/mrkdwn_in/0]"),
        ({"blocks": [{"type": "marquee"}]}, "unsupported type: marquee [json-pointer:/blocks/0/type]"),
        ("text", "must provide an object [json-pointer:/attachments/0]"),
    ],
)
async def test_an_attachment_like_this_is_refused(slack: Any, attachment: Any, problem: str) -> None:
    """By its own code, whether it is the attachment or its blocks."""
    with pytest.raises(SlackApiError) as refused:
        await slack.chat_postMessage(channel="C0GENERAL", text="x", attachments=[attachment])
    answer: Any = refused.value.response
    assert answer["error"] == "invalid_attachments"
    assert f"[ERROR] {problem}" in answer["response_metadata"]["messages"]


async def test_too_many_attachments(slack: Any) -> None:
    """A hundred are taken."""
    many = [{"fallback": "x", "text": "x"}] * 101
    await slack.chat_postMessage(channel="C0GENERAL", text="x", attachments=many[1:])
    with pytest.raises(SlackApiError, match="too_many_attachments"):
        await slack.chat_postMessage(channel="C0GENERAL", text="x", attachments=many)


async def test_a_view_may_not_weigh_too_much(slack: Any) -> None:
    """250 kB, however well each block is formed."""
    text = mrkdwn("x" * 3000)
    view = {"type": "home", "blocks": [{"type": "section", "text": text} for _ in range(90)]}
    with pytest.raises(SlackApiError, match="view_too_large"):
        await slack.views_publish(user_id="U0ALICE", view=view)
