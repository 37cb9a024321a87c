"""Secondary attachments: the fields that Slack shows are checked, and whatever else is in them is carried."""

from typing import Any

import pytest

from slack_simulator.blocks.attachments import FIELDS, FOOTER, TEXT, attachment_problems


@pytest.mark.parametrize(
    "attachment",
    [
        {},
        {"text": "x" * TEXT, "fallback": "", "color": "good"},
        {"footer": "x" * FOOTER},
        {"fields": [{"title": "a", "value": "b", "short": True}, {}]},
        {"fields": []},
        {"mrkdwn_in": ["pretext", "text", "fields"]},
        {"ts": 1_800_000_000},
        {"ts": 1_800_000_000.5},
        {"ts": "1800000000.000100"},
        {"text": None, "fields": None, "ts": None},
        {"blocks": "are checked as a message's own are"},
        {"attachment_type": 5, "from_url": ["x"]},
    ],
)
def test_what_is_taken(attachment: dict[str, Any]) -> None:
    assert attachment_problems([attachment]) == []


@pytest.mark.parametrize(
    ("attachment", "problem"),
    [
        ("x", "must provide an object [json-pointer:/attachments/0]"),
        (None, "must provide an object [json-pointer:/attachments/0]"),
        ({"text": 1}, "must provide a string [json-pointer:/attachments/0/text]"),
        ({"title": "x" * (TEXT + 1)}, "must be less than 8001 characters [json-pointer:/attachments/0/title]"),
        ({"footer": "x" * (FOOTER + 1)}, "must be less than 301 characters [json-pointer:/attachments/0/footer]"),
        ({"fields": {}}, "must provide an array [json-pointer:/attachments/0/fields]"),
        ({"fields": [{}] * (FIELDS + 1)}, "no more than 100 items allowed [json-pointer:/attachments/0/fields]"),
        ({"fields": [{"short": 1}]}, "must be a boolean [json-pointer:/attachments/0/fields/0/short]"),
        (
            {"fields": [{"name": "x"}]},
            "invalid additional property: name [json-pointer:/attachments/0/fields/0]",
        ),
        ({"mrkdwn_in": ["title"]}, "must be a valid enum value [json-pointer:/attachments/0/mrkdwn_in/0]"),
        ({"ts": True}, "must be a valid number [json-pointer:/attachments/0/ts]"),
        ({"ts": []}, "must be a valid number [json-pointer:/attachments/0/ts]"),
    ],
)
def test_what_is_refused(attachment: Any, problem: str) -> None:
    assert [str(one) for one in attachment_problems([attachment])] == [problem]


def test_each_is_told_by_its_place() -> None:
    assert [one.pointer for one in attachment_problems([{"text": 1}, {}, {"ts": [], "color": 1}])] == [
        "/attachments/0/text",
        "/attachments/2/ts",
        "/attachments/2/color",
    ]
    assert attachment_problems([]) == []
