"""Scheduled messages are posted when the workspace's clock gets there, and not before."""

from typing import Any

import pytest
from slack_sdk.errors import SlackApiError

from slack_simulator.base.clock import Clock
from slack_simulator.client import SimulatorClient
from slack_simulator.server import Simulator

DAY_S = 24 * 3600


def at(clock: Clock, seconds: float) -> int:
    """That many seconds from now."""
    return int(clock.now() + seconds)


async def test_it_comes_at_its_time(slack: Any, people: SimulatorClient, clock: Clock) -> None:
    """Text, blocks and thread are those of the call; the list forgets it."""
    parent = await slack.chat_postMessage(channel="C0GENERAL", text="card")
    later = await slack.chat_scheduleMessage(
        channel="C0GENERAL",
        post_at=at(clock, 3600),
        text="reminder",
        blocks=[{"type": "divider"}],
        thread_ts=parent["ts"],
    )
    assert later["message"]["type"] == "delayed_message"
    (listed,) = (await slack.chat_scheduledMessages_list())["scheduled_messages"]
    assert (listed["id"], listed["text"], listed["channel_id"]) == (
        later["scheduled_message_id"],
        "reminder",
        "C0GENERAL",
    )
    clock.advance(3500)
    assert [one["text"] for one in await people.messages("general")] == ["card"]
    clock.advance(200)
    message = await people.wait_for("reminder", channel="general", timeout_s=10)
    assert message["thread_ts"] == parent["ts"]
    assert (await slack.chat_scheduledMessages_list())["scheduled_messages"] == []


@pytest.mark.parametrize(
    ("seconds", "error"),
    [(-1, "time_in_past"), (0, "time_in_past"), (120 * DAY_S + 60, "time_too_far"), (120 * DAY_S - 60, None)],
)
async def test_how_far_away_it_may_be(slack: Any, clock: Clock, seconds: int, error: str | None) -> None:
    """The future only, and 120 days of it."""
    if error is None:
        await slack.chat_scheduleMessage(channel="C0GENERAL", post_at=at(clock, seconds), text="x")
        return
    with pytest.raises(SlackApiError, match=error):
        await slack.chat_scheduleMessage(channel="C0GENERAL", post_at=at(clock, seconds), text="x")


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"post_at": "tomorrow"}, "invalid_time"),
        ({"post_at": ""}, "invalid_arguments"),
        ({"text": ""}, "no_text"),
        ({"channel": "C0NOTHERE"}, "not_in_channel"),
        ({"channel": "C0NOWHERE"}, "channel_not_found"),
        ({"blocks": [{"type": "marquee"}]}, "invalid_blocks"),
        ({"thread_ts": "1.2"}, "thread_not_found"),
    ],
)
@pytest.mark.filterwarnings("ignore:The top-level `text` argument is missing")
async def test_what_is_refused_at_once(slack: Any, clock: Clock, arguments: Any, error: str) -> None:
    """As chat.postMessage would, only earlier."""
    whole = {"channel": "C0GENERAL", "post_at": at(clock, 3600), "text": "x"} | arguments
    with pytest.raises(SlackApiError, match=error):
        await slack.chat_scheduleMessage(**whole)
    assert (await slack.chat_scheduledMessages_list())["scheduled_messages"] == []


async def test_a_channel_takes_thirty_in_five_minutes(slack: Any, clock: Clock) -> None:
    """Elsewhere or later it takes more."""
    for number in range(30):
        await slack.chat_scheduleMessage(channel="C0GENERAL", post_at=at(clock, 3600 + number), text="x")
    with pytest.raises(SlackApiError, match="restricted_too_many"):
        await slack.chat_scheduleMessage(channel="C0GENERAL", post_at=at(clock, 3660), text="x")
    await slack.chat_scheduleMessage(channel="C0SECRETS", post_at=at(clock, 3660), text="x")
    await slack.chat_scheduleMessage(channel="C0GENERAL", post_at=at(clock, 7200), text="x")


async def test_calling_it_back(slack: Any, people: SimulatorClient, clock: Clock) -> None:
    """Until a minute before; not from another channel, and not twice."""
    gone, stays = [
        (await slack.chat_scheduleMessage(channel="C0GENERAL", post_at=at(clock, 3600), text=text))[
            "scheduled_message_id"
        ]
        for text in ("gone", "stays")
    ]
    for channel, message_id in (("C0SECRETS", gone), ("C0GENERAL", "Q0NOWHERE")):
        with pytest.raises(SlackApiError, match="invalid_scheduled_message_id"):
            await slack.chat_deleteScheduledMessage(channel=channel, scheduled_message_id=message_id)
    await slack.chat_deleteScheduledMessage(channel="C0GENERAL", scheduled_message_id=gone)
    with pytest.raises(SlackApiError, match="invalid_scheduled_message_id"):
        await slack.chat_deleteScheduledMessage(channel="C0GENERAL", scheduled_message_id=gone)
    clock.advance(3541)
    with pytest.raises(SlackApiError, match="invalid_scheduled_message_id"):
        await slack.chat_deleteScheduledMessage(channel="C0GENERAL", scheduled_message_id=stays)
    clock.advance(100)
    await people.wait_for("stays", channel="general", timeout_s=10)
    assert [one["text"] for one in await people.messages("general")] == ["stays"]


async def test_the_list_comes_in_pages_and_parts(slack: Any, clock: Clock) -> None:
    """By channel, by time, next first."""
    times = [at(clock, seconds) for seconds in (300, 100, 200)]
    for post_at in times:
        await slack.chat_scheduleMessage(channel="C0GENERAL", post_at=post_at, text=str(post_at))
    await slack.chat_scheduleMessage(channel="C0SECRETS", post_at=times[0], text="x")
    seen: list[int] = []
    async for page in await slack.chat_scheduledMessages_list(channel="C0GENERAL", limit=2):
        seen += [one["post_at"] for one in page["scheduled_messages"]]
    assert seen == sorted(times)
    part = await slack.chat_scheduledMessages_list(oldest=str(times[2]), latest=str(times[2] + 1))
    assert [one["post_at"] for one in part["scheduled_messages"]] == [times[2]]
    with pytest.raises(SlackApiError, match="invalid_channel"):
        await slack.chat_scheduledMessages_list(channel="C0NOWHERE")
    with pytest.raises(SlackApiError, match="invalid_arguments"):
        await slack.chat_scheduledMessages_list(oldest="yesterday")


async def test_with_metadata_it_is_taken_and_never_comes(slack: Any, people: SimulatorClient, clock: Clock) -> None:
    """Slack's own documentation warns of it."""
    metadata = {"event_type": "a", "event_payload": {}}
    await slack.chat_scheduleMessage(channel="C0GENERAL", post_at=at(clock, 100), text="never", metadata=metadata)
    await slack.chat_scheduleMessage(channel="C0GENERAL", post_at=at(clock, 101), text="comes")
    clock.advance(200)
    await people.wait_for("comes", channel="general", timeout_s=10)
    assert [one["text"] for one in await people.messages("general")] == ["comes"]


async def test_stopping_drops_what_waits(simulator: Simulator, slack: Any, clock: Clock) -> None:
    """No task outlives the workspace."""
    await slack.chat_scheduleMessage(channel="C0GENERAL", post_at=at(clock, 3600), text="x")
    await simulator.workspace.scheduled.close()
    clock.advance(7200)
    assert simulator.workspace.messages.seen_in("C0GENERAL", None) == []
