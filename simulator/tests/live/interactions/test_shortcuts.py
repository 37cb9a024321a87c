"""Shortcuts: offered by the manifest, used from anywhere or on a message, with the payloads that Slack sends."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from slack_simulator.client import ControlError, SimulatorClient
from slack_simulator.manifest.manifest import manifest_of
from slack_simulator.server import Channel, Person, Simulator, WorkspaceSpec, serve

SHORTCUTS = (
    {"name": "New order", "type": "global", "callback_id": "new_order", "description": "Order something"},
    {"name": "Order this", "type": "message", "callback_id": "order_this", "description": "Order what it says"},
    {"name": "Order", "type": "global", "callback_id": "both", "description": "Either way"},
    {"name": "Order", "type": "message", "callback_id": "both", "description": "Either way"},
)


MANIFEST = manifest_of(
    {
        "display_information": {"name": "Lunch"},
        "features": {"shortcuts": list(SHORTCUTS)},
        "oauth_config": {"scopes": {"bot": ["commands", "chat:write"]}},
        "settings": {"interactivity": {"is_enabled": True}, "socket_mode_enabled": True},
    }
)


EVERYBODY = (
    Person("alice", "U0ALICE", "Alice Archer", "alice@example.com"),
    Person("sam", "U0SAM", "Sam Stranger", "sam@elsewhere.example", is_stranger=True, team_id="T0ELSEWHERE"),
)


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    """A workspace whose app offers shortcuts."""
    channels = (
        Channel("general", "C0GENERAL", ("U0ALICE", "U0SAM")),
        Channel("secret", "C0SECRETS", ("U0ALICE",), is_private=True, has_bot=False),
    )
    async with serve(WorkspaceSpec(people=EVERYBODY, channels=channels, manifest=MANIFEST)) as served:
        yield served


async def test_a_global_shortcut(simulator: Simulator, bolt: AsyncApp, people: SimulatorClient, connect: Any) -> None:
    """It knows who, and gets a trigger; no channel, no message, no response_url."""
    heard: asyncio.Queue[Any] = asyncio.Queue()

    @bolt.global_shortcut("new_order")
    async def order(ack: Any, body: Any, client: Any) -> None:
        await ack()
        title = {"type": "plain_text", "text": "New order"}
        await client.views_open(trigger_id=body["trigger_id"], view={"type": "modal", "title": title, "blocks": []})
        heard.put_nowait(body)

    async with connect(bolt, simulator):
        assert (await people.shortcut("sam", "New order"))["ok"]
        await people.wait_for_view("sam", "New order", timeout_s=5)
        async with asyncio.timeout(5):
            body = await heard.get()
    assert body["user"] == {"id": "U0SAM", "username": "sam", "team_id": "T0ELSEWHERE"}
    names = "type token action_ts team user callback_id trigger_id enterprise is_enterprise_install"
    assert set(body) == set(names.split())


async def test_a_message_shortcut(
    simulator: Simulator, bolt: AsyncApp, slack: AsyncWebClient, people: SimulatorClient, connect: Any
) -> None:
    """It has the message and where it is, and a response_url; in threads too, and where the app is no member."""
    heard: asyncio.Queue[Any] = asyncio.Queue()

    @bolt.message_shortcut("order_this")
    async def order(ack: Any, body: Any, respond: Any) -> None:
        await ack()
        await respond("Ordered", replace_original=True)
        heard.put_nowait(body)

    async with connect(bolt, simulator):
        first = (await people.say("alice", "general", "stew?"))["ack"]["ts"]
        reply = (await people.say("alice", "general", "yes", thread_ts=first))["ack"]["ts"]
        assert (await people.shortcut("alice", "order_this", channel="general", ts=reply))["ok"]
        await people.wait_for("Ordered", channel="general", user="alice", timeout_s=5)
        assert [one["text"] for one in await people.messages("general", "alice")][:2] == ["stew?", "yes"]
        hidden = (await people.say("alice", "secret", "soup"))["ack"]["ts"]
        assert (await people.shortcut("alice", "order_this", channel="secret", ts=hidden))["ok"]
        async with asyncio.timeout(5):
            body = await heard.get()
            in_private = await heard.get()
    assert body["type"] == "message_action"
    assert body["message_ts"] == body["message"]["ts"] == reply
    assert body["message"]["thread_ts"] == first
    assert body["message"]["text"] == "yes"
    assert body["channel"] == {"id": "C0GENERAL", "name": "general"}
    assert body["user"]["name"] == "alice"
    assert body["response_url"].startswith(simulator.url)
    assert in_private["channel"] == {"id": "C0SECRETS", "name": "privategroup"}


async def test_one_callback_id_for_both_kinds(
    simulator: Simulator, bolt: AsyncApp, people: SimulatorClient, connect: Any
) -> None:
    """Where it is used from decides."""
    kinds: asyncio.Queue[str] = asyncio.Queue()

    @bolt.shortcut("both")
    async def either(ack: Any, body: Any) -> None:
        await ack()
        kinds.put_nowait(body["type"])

    async with connect(bolt, simulator):
        ts = (await people.say("alice", "general", "stew?"))["ack"]["ts"]
        assert (await people.shortcut("alice", "both"))["ok"]
        assert (await people.shortcut("alice", "Order", channel="general", ts=ts))["ok"]
    assert [kinds.get_nowait(), kinds.get_nowait()] == ["shortcut", "message_action"]


async def test_what_is_not_offered_cannot_be_used(
    simulator: Simulator, slack: AsyncWebClient, people: SimulatorClient
) -> None:
    """Unknown names, the wrong place, ephemeral messages; and an app that is not there."""
    ts = (await people.say("alice", "general", "stew?"))["ack"]["ts"]
    with pytest.raises(ControlError, match="no global shortcut 'order_this'; there are: 'New order'"):
        await people.shortcut("alice", "order_this")
    with pytest.raises(ControlError, match="no message shortcut 'new_order'"):
        await people.shortcut("alice", "new_order", channel="general", ts=ts)
    psst = await slack.chat_postEphemeral(channel="C0GENERAL", user="U0ALICE", text="psst")
    with pytest.raises(ControlError, match="has no shortcuts"):
        await people.shortcut("alice", "order_this", channel="general", ts=str(psst["message_ts"]))
    assert await people.shortcut("alice", "new_order") == {"ok": False, "error": "dispatch_failed"}


async def test_without_a_manifest_there_are_none() -> None:
    """An app that never said what it offers."""
    async with serve(WorkspaceSpec(people=EVERYBODY)) as served, SimulatorClient(served.url) as people:
        with pytest.raises(ControlError, match="there are: none"):
            await people.shortcut("alice", "new_order")
