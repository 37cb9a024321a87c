"""What a submitted form holds, read however little of it Slack sends."""

from typing import Any

import pytest

from bot.blocks.action_ids import Field
from bot.blocks.request_form import Draft
from bot.listeners.views import read_form


def submitted(**values: dict[str, Any]) -> dict[str, Any]:
    return {"view": {"state": {"values": {field: {field: value} for field, value in values.items()}}}}


def test_every_field_is_read() -> None:
    body = submitted(
        **{
            Field.DOOR: {"selected_option": {"value": "payments-db/read"}},
            Field.DURATION: {"value": " 15m "},
            Field.REASON: {"value": " fix\na migration "},
            Field.TICKET: {"value": " INC-42\n x "},
        }
    )
    assert read_form(body) == Draft("payments-db", "read", "15m", "fix\na migration", "INC-42 x")


@pytest.mark.parametrize(
    "body",
    [
        submitted(),
        submitted(**{Field.DOOR: {"selected_option": None}, Field.DURATION: {"value": None}}),
        submitted(**{Field.DOOR: {}, Field.REASON: {}, Field.TICKET: {}}),
    ],
)
def test_a_missing_part_is_empty(body: dict[str, Any]) -> None:
    assert read_form(body) == Draft()
