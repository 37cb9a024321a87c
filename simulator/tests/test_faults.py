"""Faults at will: each strikes as Slack's do, is counted down, and is seen in the inspector."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from slack_simulator.base.clock import Clock
from slack_simulator.client import ControlError, SimulatorClient
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


async def test_what_is_active_is_listed_and_can_be_ended(people: SimulatorClient) -> None:
    first = await people.add_fault("api_error", method="chat.postMessage", times=2)
    second = await people.add_fault("duplicate")
    listed = (await people.faults())["faults"]
    assert [(one["id"], one["kind"], one["left"]) for one in listed] == [
        (first, "api_error", 2),
        (second, "duplicate", None),
    ]
    assert listed[0]["status"] == 503, "what was left out has its default"
    await people.remove_fault(first)
    assert [one["id"] for one in (await people.faults())["faults"]] == [second]
    with pytest.raises(ControlError, match=f"active are: {second}"):
        await people.remove_fault(first)
    await people.clear_faults()
    assert (await people.faults())["faults"] == []


async def test_the_catalogue_says_all_that_a_page_needs(people: SimulatorClient) -> None:
    catalogue = {one["kind"]: one for one in (await people.faults())["catalogue"]}
    assert set(catalogue) == {
        "api_ratelimited", "api_error", "api_refuses", "api_latency", "api_answer_lost",
        "duplicate", "dropped", "delivery_latency", "ghost", "double_click",
        "ephemeral_lost", "bad_signature", "stale_signature",
    }  # fmt: skip
    for kind in catalogue.values():
        assert kind["says"].endswith(".")
        assert {"times", "for_s"} <= {field["name"] for field in kind["fields"]}
        assert all(field["says"] and field["type"] in {"text", "number", "whole"} for field in kind["fields"])


@pytest.mark.parametrize(
    ("kind", "fields", "says"),
    [
        ("rain", {}, "there is no fault 'rain'; there are: api_ratelimited"),
        ("api_error", {"colour": "red"}, "has no field 'colour'; it takes: method, status, times, for_s"),
        ("api_error", {"status": 404}, "status must be between 500 and 599"),
        ("api_error", {"status": "503"}, "status must be a whole number"),
        ("api_refuses", {}, "api_refuses needs error"),
        ("dropped", {"envelope": "hello"}, "envelope must be one of slash_commands, interactive, events_api"),
        ("api_latency", {"seconds": -1}, "seconds must be between 0"),
        ("duplicate", {"times": 0}, "times must be between 1"),
        ("duplicate", {"times": True}, "times must be a whole number"),
        ("ghost", {}, "no such connection is open; open are: none"),
        ("ghost", {"connection": 7}, "no such connection is open; open are: none"),
    ],
)
async def test_a_fault_that_makes_no_sense_is_refused(
    people: SimulatorClient, kind: str, fields: dict[str, Any], says: str
) -> None:
    with pytest.raises(ControlError) as refused:
        await people.add_fault(kind, **fields)
    assert says in str(refused.value)


@pytest.mark.parametrize("body", [{}, {"add": "rain"}, {"clear": False}, {"remove": 1}, {"ad": {}}])
async def test_a_malformed_request_is_refused(simulator: Simulator, body: Any) -> None:
    async with aiohttp.ClientSession() as session, session.post(f"{simulator.url}/control/faults", json=body) as answer:
        assert answer.status == 400
        assert (await answer.json())["error"]


async def test_a_rate_limit_tells_when_to_come_back(slack: AsyncWebClient, people: SimulatorClient) -> None:
    """The default client gives up; one with Slack's handler waits and succeeds."""
    await people.add_fault("api_ratelimited", method="chat.postMessage", retry_after_s=7, times=1)
    with pytest.raises(SlackApiError) as limited:
        await slack.chat_postMessage(channel="C0GENERAL", text="one")
    assert limited.value.response.status_code == 429
    assert limited.value.response.headers["Retry-After"] == "7"
    assert limited.value.response["error"] == "ratelimited"
    assert await people.messages("general") == []
    assert [one["method"] for one in await struck(people, "api_ratelimited")] == ["chat.postMessage"]

    slack.retry_handlers.append(AsyncRateLimitErrorRetryHandler(max_retry_count=1))
    await people.add_fault("api_ratelimited", times=1, retry_after_s=0)
    assert (await slack.chat_postMessage(channel="C0GENERAL", text="two"))["ok"]
    assert [one["text"] for one in await people.messages("general")] == ["two"]


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_a_server_s_error_does_nothing(slack: AsyncWebClient, people: SimulatorClient, status: int) -> None:
    """Slack's own answers are JSON; those of what stands before it are not."""
    await people.add_fault("api_error", method="chat.postMessage", status=status, times=1)
    slack.retry_handlers.clear()
    with pytest.raises(SlackApiError) as broken:
        await slack.chat_postMessage(channel="C0GENERAL", text="hello")
    assert broken.value.response.status_code == status
    assert await people.messages("general") == []
    assert (await slack.chat_postMessage(channel="C0GENERAL", text="again"))["ok"]


async def test_a_refusal_is_for_one_method(slack: AsyncWebClient, people: SimulatorClient) -> None:
    await people.add_fault("api_refuses", method="chat.update", error="edit_window_closed")
    posted = await slack.chat_postMessage(channel="C0GENERAL", text="hello")
    for _ in range(2):
        with pytest.raises(SlackApiError, match="edit_window_closed"):
            await slack.chat_update(channel="C0GENERAL", ts=str(posted["ts"]), text="bye")


async def test_a_slow_call_waits_by_the_workspace_s_clock(
    simulator: Simulator, slack: AsyncWebClient, people: SimulatorClient, clock: Clock
) -> None:
    """So long that the trigger_id is dead when the call arrives."""
    await people.add_fault("api_latency", method="views.open", seconds=3.5)
    trigger_id = simulator.workspace.handles.new_trigger("U0ALICE")
    view = {"type": "modal", "title": {"type": "plain_text", "text": "Late"}, "blocks": []}
    opening = asyncio.create_task(slack.views_open(trigger_id=trigger_id, view=view))
    await until_struck(people, "api_latency")
    clock.advance(3.5)
    with pytest.raises(SlackApiError, match="expired_trigger_id"):
        await opening


async def test_a_lost_answer_leaves_open_what_was_done(slack: AsyncWebClient, people: SimulatorClient) -> None:
    """The message is there; the app cannot know, and posts it again."""
    slack.retry_handlers.clear()
    await people.add_fault("api_answer_lost", method="chat.postMessage", times=1)
    with pytest.raises(aiohttp.ClientError):
        await slack.chat_postMessage(channel="C0GENERAL", text="once?")
    assert [one["text"] for one in await people.messages("general")] == ["once?"]
    await slack.chat_postMessage(channel="C0GENERAL", text="once?")
    assert len(await people.messages("general")) == 2


async def test_a_response_url_fails_like_a_method(
    simulator: Simulator, slack: AsyncWebClient, people: SimulatorClient, bolt: AsyncApp, connect: Any
) -> None:
    answers: asyncio.Queue[int] = asyncio.Queue()

    @bolt.command("/lunch")
    async def lunch(ack: Any, respond: Any) -> None:
        await ack()
        for text in ("one", "two"):
            answers.put_nowait((await respond(text)).status_code)

    async with connect(bolt, simulator), asyncio.timeout(5):
        await people.add_fault("api_error", method="response_url", status=503, times=1)
        await people.command("alice", "general", "/lunch")
        assert [await answers.get(), await answers.get()] == [503, 200]
    assert [one["text"] for one in await people.messages("general", "alice")] == ["two"]


async def test_a_fault_for_a_while_ends_with_it(slack: AsyncWebClient, people: SimulatorClient, clock: Clock) -> None:
    await people.add_fault("api_refuses", error="fatal_error", for_s=60)
    with pytest.raises(SlackApiError, match="fatal_error"):
        await slack.auth_test()
    clock.advance(60)
    assert (await slack.auth_test())["ok"]
    assert (await people.faults())["faults"] == []


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
