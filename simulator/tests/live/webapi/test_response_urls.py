"""trigger_id and response_url: short lives, measured by the workspace's clock."""

import asyncio
from typing import Any

import aiohttp
import pytest
from slack_bolt.async_app import AsyncApp
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


async def response_url(
    simulator: Simulator, slack: AsyncWebClient, people: SimulatorClient, bolt: AsyncApp, connect: Any
) -> tuple[str, str]:
    """The url of a tap on a message of the app, and the message's ts."""
    urls: asyncio.Queue[str] = asyncio.Queue()

    @bolt.action("go")
    async def go(ack: Any, body: Any) -> None:
        await ack()
        urls.put_nowait(body["response_url"])

    posted = await slack.chat_postMessage(channel="C0GENERAL", text="card", blocks=BUTTON)
    async with connect(bolt, simulator):
        assert (await people.action("alice", "go", channel="general", ts=str(posted["ts"])))["ok"]
        return await asyncio.wait_for(urls.get(), 5), str(posted["ts"])


async def post(url: str, body: Any) -> tuple[int, str]:
    """What an app does with the url; Slack answers in plain text."""
    async with aiohttp.ClientSession() as session, session.post(url, json=body) as response:
        return response.status, await response.text()


async def test_a_response_url_answers_five_times(
    simulator: Simulator, slack: AsyncWebClient, people: SimulatorClient, bolt: AsyncApp, connect: Any
) -> None:
    """Ephemeral by default, for all if asked, in place of the original, and gone with it."""
    url, ts = await response_url(simulator, slack, people, bolt, connect)
    assert await post(url, {"text": "for you"}) == (200, "ok")
    assert (await post(url, {"text": "for all", "response_type": "in_channel"}))[0] == 200
    assert (await post(url, {"text": "instead", "replace_original": True}))[0] == 200
    seen = [(one["text"], one["ephemeral"]) for one in await people.messages("general", "alice")]
    assert seen == [("instead", False), ("for you", True), ("for all", False)]
    assert (await post(url, {"text": "x", "blocks": [{"type": "marquee"}]})) == (400, "invalid_blocks")
    assert (await post(url, {"delete_original": True}))[0] == 200
    assert ts not in [one["ts"] for one in await people.messages("general", "alice")]
    assert await post(url, {"text": "sixth"}) == (404, "used_url")


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"text": "x", "blocks": "nope"}, "invalid_blocks_format"),
        ({"text": "x", "blocks": "[" * 100_000}, "invalid_blocks_format"),
        ({"text": "x", "blocks": 5}, "invalid_blocks_format"),
        ({"text": "x", "thread_ts": {"a": 1}}, "thread_not_found"),
        ({"text": "x", "thread_ts": 5}, "thread_not_found"),
    ],
)
async def test_nonsense_at_a_response_url_is_refused_and_harms_nothing(
    simulator: Simulator,
    slack: AsyncWebClient,
    people: SimulatorClient,
    bolt: AsyncApp,
    connect: Any,
    body: dict[str, Any],
    error: str,
) -> None:
    """Slack's error, and the channel is read as before."""
    url, ts = await response_url(simulator, slack, people, bolt, connect)
    assert await post(url, body) == (400, error)
    assert [one["ts"] for one in await people.messages("general", "alice")] == [ts]


async def test_a_response_url_takes_whole_messages(
    simulator: Simulator, slack: AsyncWebClient, people: SimulatorClient, bolt: AsyncApp, connect: Any
) -> None:
    """Attachments too, and a new message beside delete_original."""
    url, ts = await response_url(simulator, slack, people, bolt, connect)
    assert await post(url, {"attachments": [{"text": "attached", "color": "good"}]}) == (200, "ok")
    assert await post(url, {"attachments": [{"text": 5}]}) == (400, "invalid_attachments")
    assert await post(url, {"delete_original": True, "text": "in its place", "response_type": "in_channel"}) == (
        200,
        "ok",
    )
    left = await people.messages("general", "alice")
    assert ts not in [one["ts"] for one in left]
    assert [one["text"] for one in left] == ["", "in its place"]
    assert left[0]["attachments"] == [{"id": 1, "fallback": "attached", "text": "attached", "color": "good"}]


async def test_a_response_url_answers_in_the_channel_unless_told_the_thread(
    simulator: Simulator, slack: AsyncWebClient, people: SimulatorClient, bolt: AsyncApp, connect: Any
) -> None:
    """A tap in a thread alone brings no answer there."""
    parent = str((await slack.chat_postMessage(channel="C0GENERAL", text="parent"))["ts"])
    urls: asyncio.Queue[str] = asyncio.Queue()

    @bolt.action("go")
    async def go(ack: Any, body: Any) -> None:
        await ack()
        urls.put_nowait(body["response_url"])

    reply: Any = await slack.chat_postMessage(channel="C0GENERAL", thread_ts=parent, text="reply", blocks=BUTTON)
    async with connect(bolt, simulator):
        await people.action("alice", "go", channel="general", ts=reply["ts"])
        url = await urls.get()
    await post(url, {"text": "in the channel", "response_type": "in_channel"})
    await post(url, {"text": "in the thread", "response_type": "in_channel", "thread_ts": parent})
    threads = {one["text"]: one["thread_ts"] for one in await people.messages("general")}
    assert (threads["in the channel"], threads["in the thread"]) == (None, parent)


async def test_a_response_url_lives_half_an_hour(
    simulator: Simulator, slack: AsyncWebClient, people: SimulatorClient, bolt: AsyncApp, connect: Any, clock: Clock
) -> None:
    """Grants outlive it: that is why apps keep channel and ts."""
    url, _ = await response_url(simulator, slack, people, bolt, connect)
    clock.advance(29 * 60)
    assert (await post(url, {"text": "in time"}))[0] == 200
    clock.advance(61)
    assert await post(url, {"text": "late"}) == (404, "expired_url")
    assert (await post(url[:-3], {"text": "guessed"}))[0] == 404


async def test_a_command_s_ack_may_carry_a_message(
    simulator: Simulator, people: SimulatorClient, bolt: AsyncApp, connect: Any
) -> None:
    """Ephemeral unless it says otherwise; blocks that Slack refuses are refused, and the person is told."""

    @bolt.command("/say")
    async def say(ack: Any, command: Any) -> None:
        if command["text"] == "wrong":
            await ack(text="x", blocks=[{"type": "marquee"}])
        else:
            await ack(text=command["text"], response_type="in_channel" if command["text"] == "loud" else "ephemeral")

    async with connect(bolt, simulator):
        await people.command("alice", "general", "/say quiet")
        await people.command("alice", "general", "/say loud")
        refused = await people.command("alice", "general", "/say wrong")
    assert refused["error"] == "invalid_blocks"
    seen = [(one["text"], one["ephemeral"]) for one in await people.messages("general", "alice")]
    assert seen[:2] == [("quiet", True), ("loud", False)]
    assert seen[2][0] == '/say failed with the error "invalid_blocks"'
