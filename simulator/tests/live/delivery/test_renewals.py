"""How connections end: by age, by request, by Socket Mode switched off, by a cut; and how Bolt comes back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from slack_simulator.base.clock import Clock
from slack_simulator.client import ControlError, SimulatorClient
from slack_simulator.server import Simulator


async def link(simulator: Simulator, slack: AsyncWebClient) -> str:
    """A fresh WebSocket url."""
    opened = await slack.apps_connections_open(app_token=simulator.workspace.spec.app_token)
    return str(opened["url"])


@asynccontextmanager
async def raw_socket(simulator: Simulator, slack: AsyncWebClient) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """A connection without Bolt, after its hello."""
    async with aiohttp.ClientSession() as session, session.ws_connect(await link(simulator, slack)) as socket:
        hello = await socket.receive_json(timeout=5)
        assert hello["type"] == "hello"
        yield socket


@pytest.mark.parametrize(("more", "life_s"), [("", 18060), ("&debug_reconnects=true", 360)])
async def test_connections_grow_old(
    simulator: Simulator, slack: AsyncWebClient, clock: Clock, more: str, life_s: int
) -> None:
    """After some hours, or six minutes for an app that asks for it, each is told to go."""
    url = await link(simulator, slack) + more
    async with aiohttp.ClientSession() as session, session.ws_connect(url) as socket:
        hello = await socket.receive_json(timeout=5)
        assert hello["debug_info"]["approximate_connection_time"] == 18060
        clock.advance(life_s - 11)
        await socket.ping()
        clock.advance(2)
        warning = await socket.receive_json(timeout=5)
        assert (warning["type"], warning["reason"]) == ("disconnect", "warning")
        clock.advance(10)
        assert (await socket.receive_json(timeout=5))["reason"] == "refresh_requested"


async def test_slack_pings_and_answers_pings(simulator: Simulator, slack: AsyncWebClient, clock: Clock) -> None:
    """Node's client gives up on a connection on which Slack is silent for 30 s."""
    url = await link(simulator, slack)
    async with aiohttp.ClientSession() as session, session.ws_connect(url, autoping=False) as socket:
        await socket.receive(timeout=5)
        await socket.ping(b"sdk-ping-pong:1")
        pong = await socket.receive(timeout=5)
        assert (pong.type, pong.data) == (aiohttp.WSMsgType.PONG, b"sdk-ping-pong:1")
        clock.advance(10)
        ping = await socket.receive(timeout=5)
        assert ping.type is aiohttp.WSMsgType.PING
        assert ping.data.startswith(b"Ping from applink-simulator-")


async def test_a_warning_comes_ten_seconds_before_the_end(
    simulator: Simulator, slack: AsyncWebClient, people: SimulatorClient, clock: Clock
) -> None:
    """Until then the connection still takes payloads, if there is no other."""
    async with raw_socket(simulator, slack) as socket:
        assert (await people.sockets(disconnect="warning"))["connections"] == [1]
        warning = await socket.receive_json(timeout=5)
        assert (warning["type"], warning["reason"]) == ("disconnect", "warning")
        assert warning["debug_info"]["host"].startswith("applink-")
        assert await answered(socket, people)
        clock.advance(10)
        assert (await socket.receive_json(timeout=5))["reason"] == "refresh_requested"
        assert (await socket.receive(timeout=5)).type is aiohttp.WSMsgType.CLOSE


async def answered(socket: aiohttp.ClientWebSocketResponse, people: SimulatorClient) -> bool:
    """Whether a command reaches this connection and its ack comes back."""
    waiting = asyncio.create_task(people.command("alice", "general", "/hello"))
    envelope = await socket.receive_json(timeout=5)
    await socket.send_json({"envelope_id": envelope["envelope_id"]})
    async with asyncio.timeout(5):
        return bool((await waiting)["ok"])


async def test_a_connection_that_was_told_to_go_gets_nothing_while_there_is_another(
    simulator: Simulator, slack: AsyncWebClient, people: SimulatorClient
) -> None:
    """The app renews it without losing anything."""
    async with raw_socket(simulator, slack) as old, raw_socket(simulator, slack) as other:
        await people.sockets(disconnect="refresh_requested", connection=1)
        assert (await old.receive_json(timeout=5))["reason"] == "refresh_requested"
        for _ in range(3):
            assert await answered(other, people)


async def test_all_are_renewed_one_after_the_other(
    simulator: Simulator, slack: AsyncWebClient, people: SimulatorClient, bolt: AsyncApp, connect: Any
) -> None:
    """Bolt closes the old connection before it opens the new one; the second one listens meanwhile."""

    @bolt.command("/hello")
    async def hello(ack: Any) -> None:
        await ack()

    async with connect(bolt, simulator, sockets=2):
        assert (await people.sockets(disconnect="refresh_requested"))["connections"] == [1, 2]
        async with asyncio.timeout(10):
            while {one["connection"] for one in await connections(people)} & {1, 2}:
                assert (await people.command("alice", "general", "/hello"))["ok"]
                await asyncio.sleep(0.01)
        assert (await people.command("alice", "general", "/hello"))["ok"]


async def connections(people: SimulatorClient) -> list[Any]:
    """What the control API tells of the app's connections."""
    async with aiohttp.ClientSession() as session, session.get(f"{people._url}/control/sockets") as answer:  # pyright: ignore[reportPrivateUsage]
        return (await answer.json())["connections"]


async def test_socket_mode_switched_off(
    simulator: Simulator, slack: AsyncWebClient, people: SimulatorClient, clock: Clock
) -> None:
    """Every connection ends, and no new one can be asked for until it is switched on again."""
    unused = await link(simulator, slack)
    async with raw_socket(simulator, slack) as one, raw_socket(simulator, slack) as other:
        assert (await people.sockets(disconnect="link_disabled"))["connections"] == [1, 2]
        for socket in (one, other):
            assert (await socket.receive_json(timeout=5))["reason"] == "link_disabled"
            assert (await socket.receive(timeout=5)).type is aiohttp.WSMsgType.CLOSE
    with pytest.raises(SlackApiError, match="socket_mode_not_enabled"):
        await link(simulator, slack)
    async with aiohttp.ClientSession() as session, session.get(unused.replace("ws:", "http:")) as refused:
        assert refused.status == 403
    assert (await people.command("alice", "general", "/hello"))["error"] == "dispatch_failed"
    async with aiohttp.ClientSession() as session:
        await session.post(f"{simulator.url}/control/sockets", json={"enable": True})
    async with raw_socket(simulator, slack) as socket:
        assert await answered(socket, people)


async def test_a_cut_connection_says_nothing(
    simulator: Simulator, slack: AsyncWebClient, people: SimulatorClient
) -> None:
    """No close frame; what it was given is lost, and the other one serves on."""
    async with raw_socket(simulator, slack) as cut, raw_socket(simulator, slack) as other:
        waiting = [asyncio.create_task(people.command("alice", "general", "/hello")) for _ in range(2)]
        await cut.receive_json(timeout=5)
        envelope = await other.receive_json(timeout=5)
        assert (await people.sockets(cut=1))["connections"] == [1]
        assert (await cut.receive(timeout=5)).type in {aiohttp.WSMsgType.ERROR, aiohttp.WSMsgType.CLOSED}
        assert cut.close_code in {None, aiohttp.WSCloseCode.ABNORMAL_CLOSURE}
        await other.send_json({"envelope_id": envelope["envelope_id"]})
        async with asyncio.timeout(5):
            assert {(await one).get("error") for one in waiting} == {"operation_timeout", None}
        assert await answered(other, people)
        with pytest.raises(ControlError, match="connection 1 is not open; open are: 2"):
            await people.sockets(cut=1)


async def test_bolt_comes_back_after_a_cut(
    simulator: Simulator, people: SimulatorClient, bolt: AsyncApp, connect: Any
) -> None:
    @bolt.command("/hello")
    async def hello(ack: Any) -> None:
        await ack()

    async with connect(bolt, simulator):
        await people.sockets(cut="all")
        await people.wait_for_app(1, timeout_s=15)
        assert (await people.command("alice", "general", "/hello"))["ok"]


async def test_bolt_comes_back_once_socket_mode_is_on_again(
    simulator: Simulator, people: SimulatorClient, bolt: AsyncApp
) -> None:
    """Meanwhile its client asks for connections in vain, and says so in its log."""
    handler = AsyncSocketModeHandler(bolt, simulator.workspace.spec.app_token, proxy="", ping_interval=0.5)
    try:
        async with asyncio.timeout(15):
            await handler.connect_async()
            await people.sockets(disconnect="link_disabled")
            while not any(one["detail"].get("error") == "socket_mode_not_enabled" for one in await people.inspector()):
                await asyncio.sleep(0.02)
            assert (await people.workspace())["connections"] == 0
            async with aiohttp.ClientSession() as session:
                await session.post(f"{simulator.url}/control/sockets", json={"enable": True})
            await people.wait_for_app(1)
    finally:
        await handler.close_async()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"cut": "some"}, 400),
        ({"disconnect": "goodbye"}, 400),
        ({"disconnect": "link_disabled", "connection": 1}, 400),
        ({"reconnect": True}, 400),
        ({"cut": 3}, 404),
        ({"disconnect": "warning"}, 404),
    ],
)
async def test_a_socket_deed_that_makes_no_sense_is_refused(simulator: Simulator, body: Any, status: int) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{simulator.url}/control/sockets", json=body) as answer,
    ):
        assert answer.status == status
        assert (await answer.json())["error"]
