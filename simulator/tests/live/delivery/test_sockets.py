"""Socket Mode, Slack's side: tickets, several connections, ack deadlines, retries of events."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import aiohttp
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from slack_simulator.base.clock import Clock
from slack_simulator.client import SimulatorClient
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


async def test_hello_counts_the_connections(simulator: Simulator, slack: AsyncWebClient) -> None:
    """The number that tells an app of ghosts."""
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession())
        for expected in (1, 2, 3):
            socket = await stack.enter_async_context(session.ws_connect(await link(simulator, slack)))
            hello = await socket.receive_json(timeout=5)
            assert hello["num_connections"] == expected
            assert hello["connection_info"] == {"app_id": "A0SIMULATE"}


async def test_a_ticket_works_once(simulator: Simulator, slack: AsyncWebClient, clock: Clock) -> None:
    """A used, invented or old ticket is refused before the upgrade."""
    used, old = await link(simulator, slack), await link(simulator, slack)
    async with aiohttp.ClientSession() as session, session.ws_connect(used):
        clock.advance(31)
        for url in (used, old, used.replace("ticket=", "ticket=x")):
            async with session.get(url.replace("ws:", "http:")) as refused:
                assert refused.status == 403


async def test_the_eleventh_connection_is_sent_away(simulator: Simulator, slack: AsyncWebClient) -> None:
    """Ten are enough for anybody."""
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession())
        for _ in range(10):
            socket = await stack.enter_async_context(session.ws_connect(await link(simulator, slack)))
            assert (await socket.receive_json(timeout=5))["type"] == "hello"
        eleventh = await stack.enter_async_context(session.ws_connect(await link(simulator, slack)))
        goodbye = await eleventh.receive_json(timeout=5)
        assert (goodbye["type"], goodbye["reason"]) == ("disconnect", "too_many_websockets")
        assert goodbye["debug_info"]["host"].startswith("applink-")


async def test_a_payload_goes_to_one_of_two_sockets(
    simulator: Simulator, people: SimulatorClient, bolt: AsyncApp, connect: Any
) -> None:
    """Each command runs once, and both sockets get their turn."""
    heard: list[str] = []

    @bolt.command("/count")
    async def count(ack: Any, command: Any) -> None:
        await ack()
        heard.append(command["text"])

    async with connect(bolt, simulator, sockets=2):
        for number in range(6):
            assert (await people.command("alice", "general", f"/count {number}"))["ok"]
    assert heard == [str(number) for number in range(6)]
    used = {entry["detail"]["connection"] for entry in await people.inspector() if entry["kind"] == "envelope"}
    assert len(used) == 2


async def test_a_command_with_no_app_is_told_so(people: SimulatorClient) -> None:
    """Slackbot tells the person, and the script learns of it."""
    answer = await people.command("alice", "general", "/lunch")
    assert (answer["ok"], answer["error"]) == (False, "dispatch_failed")
    (notice,) = await people.messages("general", "alice")
    assert notice["ephemeral"]
    assert notice["plain"] == '/lunch failed with the error "dispatch_failed"'
    assert await people.messages("general", "bob") == []


async def test_an_ack_that_does_not_come(
    simulator: Simulator, slack: AsyncWebClient, people: SimulatorClient, clock: Clock
) -> None:
    """Three seconds, then operation_timeout; a late ack changes nothing."""
    async with raw_socket(simulator, slack) as socket:
        waiting = asyncio.create_task(people.command("alice", "general", "/slow"))
        envelope = await socket.receive_json(timeout=5)
        assert envelope["type"] == "slash_commands"
        assert envelope["accepts_response_payload"] is True
        clock.advance(2.9)
        await asyncio.sleep(0)
        assert not waiting.done()
        clock.advance(0.2)
        answer = await asyncio.wait_for(waiting, 5)
        assert answer["error"] == "operation_timeout"
        await socket.send_json({"envelope_id": envelope["envelope_id"], "payload": {"text": "too late"}})
        await people.say("alice", "general", "next")
        texts = [one["text"] for one in await people.messages("general", "alice")]
    assert texts == ['/slow failed with the error "operation_timeout"', "next"]


async def test_an_app_that_leaves_before_it_acks(
    simulator: Simulator, slack: AsyncWebClient, people: SimulatorClient
) -> None:
    """The person need not wait for the deadline."""
    async with raw_socket(simulator, slack) as socket:
        waiting = asyncio.create_task(people.command("alice", "general", "/slow"))
        await socket.receive_json(timeout=5)
        await socket.close()
        answer = await asyncio.wait_for(waiting, 5)
    assert answer["error"] == "operation_timeout"


async def test_garbage_from_the_app_disturbs_nothing(
    simulator: Simulator, slack: AsyncWebClient, people: SimulatorClient
) -> None:
    """Frames that are no acks are noted and dropped."""
    async with raw_socket(simulator, slack) as socket:
        acks = [{"envelope_id": 7}, {"envelope_id": {"a": []}}, {"envelope_id": "unknown", "payload": {}}]
        garbage = ["", "{", "[]", "NaN", "[" * 100_000, '{"envelope_id": "\\ud800"}', '{"payload": 1e999}']
        for frame in (*garbage, *map(json.dumps, acks)):
            await socket.send_str(frame)
        await socket.send_bytes(b"\xff")
        waiting = asyncio.create_task(people.command("alice", "general", "/hello"))
        envelope = await socket.receive_json(timeout=5)
        await socket.send_json({"envelope_id": envelope["envelope_id"], "payload": "no object"})
        assert (await asyncio.wait_for(waiting, 5))["ok"]


async def test_events_are_retried(
    simulator: Simulator, slack: AsyncWebClient, people: SimulatorClient, clock: Clock
) -> None:
    """At once, after a minute, after five; then never again. Interactions are not."""
    async with raw_socket(simulator, slack) as socket:
        await people.open_home("alice")
        attempts: list[tuple[int, str]] = []
        for pause_s in (3.1, 3.1 + 60, 3.1 + 300):
            envelope = await socket.receive_json(timeout=5)
            assert envelope["payload"]["event"]["type"] == "app_home_opened"
            attempts.append((envelope["retry_attempt"], envelope["retry_reason"]))
            await _pass(clock, pause_s)
        envelope = await socket.receive_json(timeout=5)
        attempts.append((envelope["retry_attempt"], envelope["retry_reason"]))
    assert attempts == [(0, ""), (1, "timeout"), (2, "timeout"), (3, "timeout")]


async def _pass(clock: Clock, seconds: float) -> None:
    """Let the ack deadline pass first and the retry's pause after it, each noticed by whoever waits for it."""
    clock.advance(3.1)
    for _ in range(10):
        await asyncio.sleep(0)
    clock.advance(seconds - 3.1)


async def test_an_event_that_a_closed_connection_took_along_goes_to_another(
    simulator: Simulator, slack: AsyncWebClient, people: SimulatorClient
) -> None:
    """At once: the retry does not wait for the deadline."""
    async with raw_socket(simulator, slack) as other, raw_socket(simulator, slack) as closing:
        await people.open_home("alice")
        taken = asyncio.create_task(closing.receive_json(timeout=5))
        passed_on = asyncio.create_task(other.receive_json(timeout=5))
        done, _ = await asyncio.wait({taken, passed_on}, return_when=asyncio.FIRST_COMPLETED)
        first, second = (closing, passed_on) if taken in done else (other, taken)
        await first.close()
        envelope = await second
        assert (envelope["retry_attempt"], envelope["retry_reason"]) == (1, "timeout")


async def test_two_bots_on_one_token_share_the_payloads(
    simulator: Simulator, slack: AsyncWebClient, people: SimulatorClient, connect: Any
) -> None:
    """Slack gives each payload to one of them, whoever it is: a forgotten copy of the bot takes half the commands."""
    heard: dict[str, list[str]] = {"ours": [], "forgotten": []}

    def bot(name: str) -> AsyncApp:
        app = AsyncApp(client=slack, signing_secret=simulator.workspace.spec.signing_secret)

        @app.command("/count")
        async def count(ack: Any, command: Any) -> None:
            heard[name].append(command["text"])
            await ack()

        return app

    async with connect(bot("ours"), simulator), connect(bot("forgotten"), simulator):
        for number in range(6):
            assert (await people.command("alice", "general", f"/count {number}"))["ok"]
    assert sorted(heard["ours"] + heard["forgotten"]) == [str(number) for number in range(6)]
    assert len(heard["ours"]) == len(heard["forgotten"]) == 3


async def test_a_bot_that_never_acks(
    simulator: Simulator, people: SimulatorClient, bolt: AsyncApp, connect: Any, clock: Clock
) -> None:
    """The person is told after three seconds; an interaction is not sent again, an event three times."""
    heard: asyncio.Queue[str] = asyncio.Queue()

    @bolt.command("/hello")
    async def hello(command: Any) -> None:
        heard.put_nowait("command")

    async with connect(bolt, simulator), asyncio.timeout(10):
        waiting = asyncio.create_task(people.command("alice", "general", "/hello"))
        assert await heard.get() == "command"
        clock.advance(3)
        assert (await waiting)["error"] == "operation_timeout"
        clock.advance(3600)
        await people.say("alice", "general", "still here")
        assert heard.empty()


async def test_slash_command_payload(simulator: Simulator, slack: AsyncWebClient, people: SimulatorClient) -> None:
    """The fields that apps read, mentions escaped as the manifest's should_escape asks."""
    async with raw_socket(simulator, slack) as socket:
        waiting = asyncio.create_task(
            people.command("@sam", "#partners", "/lunch with @bob in #general https://x.example/a?b <!channel>")
        )
        envelope = await socket.receive_json(timeout=5)
        await socket.send_json({"envelope_id": envelope["envelope_id"]})
        await asyncio.wait_for(waiting, 5)
    payload = envelope["payload"]
    assert payload["command"] == "/lunch"
    assert payload["text"] == "with <@U0BOB|bob> in <#C0GENERAL|general> <https://x.example/a?b> <!channel>"
    assert (payload["user_id"], payload["user_name"], payload["team_id"]) == ("U0SAM", "sam", "T0ELSEWHERE")
    assert (payload["channel_id"], payload["channel_name"]) == ("C0PARTNER", "partners")
    assert payload["api_app_id"] == "A0SIMULATE"
    assert payload["trigger_id"]
    assert payload["response_url"].startswith(simulator.url)
