"""Faults at will: each strikes as Slack's do, is counted down, and is seen in the inspector."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from slack_simulator.base.clock import Clock
from slack_simulator.client import SimulatorClient
from slack_simulator.server import Simulator

BUTTON: list[dict[str, Any]] = [
    {
        "type": "actions",
        "elements": [{"type": "button", "action_id": "go", "text": {"type": "plain_text", "text": "Go"}}],
    }
]


async def link(simulator: Simulator, slack: AsyncWebClient) -> str:
    opened = await slack.apps_connections_open(app_token=simulator.workspace.spec.app_token)
    return str(opened["url"])


@asynccontextmanager
async def raw_socket(simulator: Simulator, slack: AsyncWebClient) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """A connection without Bolt, after its hello."""
    async with aiohttp.ClientSession() as session, session.ws_connect(await link(simulator, slack)) as socket:
        assert (await socket.receive_json(timeout=5))["type"] == "hello"
        yield socket


async def struck(people: SimulatorClient, kind: str) -> list[dict[str, Any]]:
    """What the inspector tells of the strikes of this kind."""
    return [
        one["detail"]
        for one in await people.inspector()
        if one["kind"] == "fault" and one["name"] == kind and one["detail"].get("did") == "struck"
    ]


async def until_struck(people: SimulatorClient, kind: str) -> None:
    """Until a fault of this kind has struck."""
    async with asyncio.timeout(5):
        while not await struck(people, kind):
            await asyncio.sleep(0.01)


async def test_a_payload_comes_twice(
    simulator: Simulator, people: SimulatorClient, bolt: AsyncApp, connect: Any
) -> None:
    """Bolt does not notice: the listener runs twice with one and the same interaction."""
    heard: list[dict[str, Any]] = []

    @bolt.command("/lunch")
    async def lunch(ack: Any, body: dict[str, Any]) -> None:
        heard.append(body)
        await ack()

    async with connect(bolt, simulator, sockets=2):
        await people.add_fault("duplicate", envelope="interactive")
        await people.add_fault("duplicate", envelope="slash_commands", times=1)
        assert (await people.command("alice", "general", "/lunch"))["ok"]
        assert len(heard) == 2
        assert heard[0]["trigger_id"] == heard[1]["trigger_id"]
        assert (await people.command("alice", "general", "/lunch"))["ok"]
        assert len(heard) == 3, "once was asked for"


async def test_a_tap_is_sent_twice_at_once(
    simulator: Simulator, slack: AsyncWebClient, people: SimulatorClient, bolt: AsyncApp, connect: Any
) -> None:
    """Two interactions: each with its own trigger_id, action_ts and response_url, both usable."""
    heard: list[dict[str, Any]] = []

    @bolt.action("go")
    async def go(ack: Any, body: dict[str, Any], respond: Any) -> None:
        await ack()
        heard.append(body)
        await respond(text=f"tap {len(heard)}", replace_original=False)

    posted = await slack.chat_postMessage(channel="C0GENERAL", text="card", blocks=BUTTON)
    async with connect(bolt, simulator):
        await people.add_fault("double_click", times=1)
        assert (await people.action("alice", "go", channel="general", ts=str(posted["ts"])))["ok"]
        await people.wait_for("tap 2", channel="general", user="alice", timeout_s=5)
    one, other = heard
    for field in ("trigger_id", "response_url"):
        assert one[field] != other[field]
    assert one["actions"][0]["action_ts"] != other["actions"][0]["action_ts"]
    assert one["message"] == other["message"]


async def test_a_dropped_click_is_a_timeout(
    simulator: Simulator, people: SimulatorClient, bolt: AsyncApp, connect: Any, clock: Clock
) -> None:
    heard: list[str] = []

    @bolt.command("/lunch")
    async def lunch(ack: Any, command: dict[str, Any]) -> None:
        heard.append(command["text"])
        await ack()

    async with connect(bolt, simulator):
        await people.add_fault("dropped", times=1)
        waiting = asyncio.create_task(people.command("alice", "general", "/lunch lost"))
        await until_struck(people, "dropped")
        clock.advance(3)
        async with asyncio.timeout(5):
            assert (await waiting)["error"] == "operation_timeout"
        assert (await people.command("alice", "general", "/lunch found"))["ok"]
    assert heard == ["found"]


async def test_a_dropped_event_comes_again(
    simulator: Simulator, slack: AsyncWebClient, people: SimulatorClient, clock: Clock
) -> None:
    """The retry is the only delivery."""
    async with raw_socket(simulator, slack) as socket:
        await people.add_fault("dropped", envelope="events_api", times=1)
        await people.open_home("alice")
        await until_struck(people, "dropped")
        clock.advance(3)
        envelope = await socket.receive_json(timeout=5)
        assert (envelope["retry_attempt"], envelope["retry_reason"]) == (1, "timeout")


async def test_a_late_payload_finds_a_dead_trigger(
    simulator: Simulator, slack: AsyncWebClient, people: SimulatorClient, clock: Clock
) -> None:
    """The person is told after three seconds; the app still gets it, and cannot open a view any more."""
    async with raw_socket(simulator, slack) as socket:
        await people.add_fault("delivery_latency", seconds=4, times=1)
        waiting = asyncio.create_task(people.command("alice", "general", "/lunch"))
        await until_struck(people, "delivery_latency")
        clock.advance(3)
        async with asyncio.timeout(5):
            assert (await waiting)["error"] == "operation_timeout"
        clock.advance(1)
        envelope = await socket.receive_json(timeout=5)
        await socket.send_json({"envelope_id": envelope["envelope_id"]})
        view = {"type": "modal", "title": {"type": "plain_text", "text": "Late"}, "blocks": []}
        with pytest.raises(SlackApiError, match="expired_trigger_id"):
            await slack.views_open(trigger_id=envelope["payload"]["trigger_id"], view=view)


async def test_a_payload_that_is_a_little_late_is_in_time(
    simulator: Simulator, people: SimulatorClient, bolt: AsyncApp, connect: Any, clock: Clock
) -> None:
    @bolt.command("/lunch")
    async def lunch(ack: Any) -> None:
        await ack("soup")

    async with connect(bolt, simulator):
        await people.add_fault("delivery_latency", seconds=2)
        waiting = asyncio.create_task(people.command("alice", "general", "/lunch"))
        await until_struck(people, "delivery_latency")
        clock.advance(2)
        async with asyncio.timeout(5):
            assert (await waiting)["ok"]


async def test_a_ghost_looks_healthy_and_delivers_nothing(
    simulator: Simulator, slack: AsyncWebClient, people: SimulatorClient, bolt: AsyncApp, connect: Any, clock: Clock
) -> None:
    """It is counted in hello, answers pings, and every second command vanishes."""

    @bolt.command("/lunch")
    async def lunch(ack: Any) -> None:
        await ack()

    async with raw_socket(simulator, slack) as ghost, connect(bolt, simulator):
        await people.add_fault("ghost", connection=1)
        await ghost.ping(b"anybody?")
        waiting = [asyncio.create_task(people.command("alice", "general", "/lunch")) for _ in range(2)]
        done, (lost,) = await asyncio.wait(waiting, timeout=5, return_when=asyncio.FIRST_COMPLETED)
        assert [one.result()["ok"] for one in done] == [True]
        await until_struck(people, "ghost")
        clock.advance(3)
        async with asyncio.timeout(5):
            assert (await lost)["error"] == "operation_timeout"
        assert (await people.workspace())["connections"] == 2
        with pytest.raises(TimeoutError):
            await ghost.receive(timeout=0.05)
    assert [one["connection"] for one in await struck(people, "ghost")] == [1]


async def test_connections_that_open_later_are_no_ghosts(
    simulator: Simulator, slack: AsyncWebClient, people: SimulatorClient
) -> None:
    """A ghost that names no connection is all that are open now: reconnecting heals."""
    async with raw_socket(simulator, slack):
        await people.add_fault("ghost")
        (fault,) = (await people.faults())["faults"]
        assert fault["connections"] == [1]
    async with raw_socket(simulator, slack) as fresh:
        waiting = asyncio.create_task(people.command("alice", "general", "/lunch"))
        envelope = await fresh.receive_json(timeout=5)
        await fresh.send_json({"envelope_id": envelope["envelope_id"]})
        async with asyncio.timeout(5):
            assert (await waiting)["ok"]
