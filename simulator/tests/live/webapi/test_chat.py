"""chat.*: what an update keeps and takes away, by which names, and what is said of messages without text."""

from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from slack_simulator.base.clock import Clock
from slack_simulator.client import SimulatorClient
from slack_simulator.server import Simulator

BLOCKS = [{"type": "section", "block_id": "b", "text": {"type": "mrkdwn", "text": "in a block", "verbatim": False}}]


ATTACHED = [{"id": 1, "fallback": "aside", "text": "aside"}]


METADATA = {"event_type": "cooked", "event_payload": {"dish": "stew"}}


KEPT = {"text": "words", "blocks": BLOCKS, "attachments": ATTACHED, "metadata": METADATA}


@pytest.mark.parametrize(
    ("given", "left"),
    [
        ({"text": "new"}, {"text": "new", "blocks": []}),
        ({"blocks": []}, {"blocks": []}),
        ({"blocks": [{"type": "divider", "block_id": "d"}]}, {"blocks": [{"type": "divider", "block_id": "d"}]}),
        ({"attachments": []}, {"attachments": []}),
        ({"attachments": [{"text": "x"}]}, {"attachments": [{"id": 1, "fallback": "x", "text": "x"}]}),
        ({"text": "words", "blocks": BLOCKS, "metadata": {}}, {"metadata": None}),
        ({"text": "", "blocks": BLOCKS}, {"text": ""}),
    ],
    ids=["text alone", "no blocks", "blocks", "no attachments", "attachments", "no metadata", "no text"],
)
async def test_what_an_update_leaves(
    slack: AsyncWebClient, people: SimulatorClient, given: dict[str, Any], left: dict[str, Any]
) -> None:
    """Text takes the blocks' place; all else that is not given stays, and what is given empty goes."""
    posted: Any = await slack.chat_postMessage(channel="C0GENERAL", **KEPT)
    await slack.api_call("chat.update", json={"channel": "C0GENERAL", "ts": posted["ts"]} | given)
    (message,) = await people.messages("general")
    assert {name: message[name] for name in KEPT} == KEPT | left


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({}, "no_text"),
        ({"text": "", "blocks": [], "attachments": []}, "no_text"),
        ({"channel": "#general", "text": "x"}, "channel_not_found"),
        ({"channel": "general", "text": "x"}, "channel_not_found"),
        ({"ts": "1.000000", "text": "x"}, "message_not_found"),
        ({"text": "x", "reply_broadcast": True}, "cant_broadcast_message"),
        ({"text": "x", "metadata": {"event_type": "x"}}, "invalid_metadata_schema"),
        ({"markdown_text": "x", "text": "x"}, "markdown_text_conflict"),
    ],
)
async def test_an_update_that_is_refused_changes_nothing(
    slack: AsyncWebClient, people: SimulatorClient, arguments: dict[str, Any], error: str
) -> None:
    posted: Any = await slack.chat_postMessage(channel="C0GENERAL", **KEPT)
    with pytest.raises(SlackApiError, match=error):
        await slack.api_call("chat.update", json={"channel": "C0GENERAL", "ts": posted["ts"]} | arguments)
    (message,) = await people.messages("general")
    assert {name: message[name] for name in KEPT} == KEPT
    assert not message["edited"]


async def test_a_direct_message_is_updated_by_its_own_id(slack: AsyncWebClient, people: SimulatorClient) -> None:
    """A user id opens it for a new message, and leads to no message that is there."""
    posted: Any = await slack.chat_postMessage(channel="U0ALICE", text="x")
    with pytest.raises(SlackApiError, match="channel_not_found"):
        await slack.chat_update(channel="U0ALICE", ts=posted["ts"], text="y")
    await slack.chat_update(channel=posted["channel"], ts=posted["ts"], text="y")
    assert [one["text"] for one in await people.messages("dm", "alice")] == ["y"]


async def test_who_edited_and_when(simulator: Simulator, slack: AsyncWebClient, clock: Clock) -> None:
    """The bot's own id, to the second, as in Slack's payloads."""
    posted: Any = await slack.chat_postMessage(channel="C0GENERAL", text="x")
    clock.advance(2.5)
    updated: Any = await slack.chat_update(channel="C0GENERAL", ts=posted["ts"], text="y")
    spec = simulator.workspace.spec
    assert updated["message"]["edited"] == {"user": spec.bot_id, "ts": f"{int(clock.now())}.000000"}


async def test_a_reply_is_sent_to_the_channel_later(slack: AsyncWebClient, people: SimulatorClient) -> None:
    """reply_broadcast in an update."""
    parent: Any = await slack.chat_postMessage(channel="C0GENERAL", text="parent")
    reply: Any = await slack.chat_postMessage(channel="C0GENERAL", thread_ts=parent["ts"], text="reply")
    await slack.api_call(
        "chat.update", json={"channel": "C0GENERAL", "ts": reply["ts"], "text": "reply", "reply_broadcast": True}
    )
    assert [one["is_broadcast"] for one in await people.messages("general")] == [False, True]


async def test_a_message_without_text_reads_as_nothing_elsewhere(
    slack: AsyncWebClient, people: SimulatorClient
) -> None:
    """What a notification has of blocks alone; tests of an app see that the text is missing."""
    posted: Any = await slack.api_call("chat.postMessage", json={"channel": "C0GENERAL", "blocks": BLOCKS})
    assert posted["message"]["text"] == "This content can't be displayed."
    (message,) = await people.messages("general")
    assert (message["text"], message["plain"]) == ("", "in a block")


async def test_ephemeral_messages_do_not_survive_a_new_start(slack: AsyncWebClient, people: SimulatorClient) -> None:
    """Nobody else's client minds, and other messages stay."""
    for user in ("U0ALICE", "U0BOB"):
        await slack.chat_postEphemeral(channel="C0GENERAL", user=user, text=f"for {user}")
    await slack.chat_postMessage(channel="C0GENERAL", text="for all")
    assert await people.reload("alice") == 1
    assert [one["text"] for one in await people.messages("general", "alice")] == ["for all"]
    assert [one["text"] for one in await people.messages("general", "bob")] == ["for U0BOB", "for all"]
    assert await people.reload("alice") == 0


async def test_an_ephemeral_message_may_be_lost(slack: AsyncWebClient, people: SimulatorClient) -> None:
    """Slack says ok, and nobody ever sees it."""
    await people.add_fault("ephemeral_lost", times=1)
    for words in ("lost", "seen"):
        posted: Any = await slack.chat_postEphemeral(channel="C0GENERAL", user="U0ALICE", text=words)
        assert posted["ok"]
    assert [one["text"] for one in await people.messages("general", "alice")] == ["seen"]
