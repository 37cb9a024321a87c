"""Each delivery counts once, whichever id Slack gave it, and the memory of them is bounded."""

from typing import Any

import pytest

from bot.slack.deduplication import Deduplication, delivery_id


def test_a_delivery_that_failed_counts_as_new() -> None:
    deduplication = Deduplication()
    event = {"event_id": "Ev1"}
    assert deduplication.is_first(event)
    assert not deduplication.is_first(event)
    deduplication.forget(event)
    deduplication.forget(event)
    assert deduplication.is_first(event)


@pytest.mark.parametrize(
    ("body", "identifier"),
    [
        ({"event_id": "Ev1", "event": {"type": "user_change"}}, "Ev1"),
        ({"trigger_id": "1.2.3", "command": "/access"}, "1.2.3"),
        ({"type": "block_suggestion"}, None),
        ({"trigger_id": ""}, None),
    ],
)
def test_a_delivery_is_known_by_the_id_that_slack_gave_it(body: dict[str, Any], identifier: str | None) -> None:
    assert delivery_id(body) == identifier


def test_a_payload_without_an_id_is_always_new() -> None:
    """Suggestions have none, and each letter typed asks for others."""
    deduplication = Deduplication()
    assert deduplication.is_first({})
    deduplication.forget({})
    assert deduplication.is_first({})


def test_the_oldest_are_forgotten_first() -> None:
    deduplication = Deduplication(remembered=2)
    for identifier in ("a", "b", "c"):
        assert deduplication.is_first({"trigger_id": identifier})
    assert not deduplication.is_first({"trigger_id": "b"})
    assert deduplication.is_first({"trigger_id": "a"})
