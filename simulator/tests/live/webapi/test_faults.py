"""Faults of the Web API: what its caller sees, and whether the thing was done."""

import asyncio
from typing import Any

import aiohttp
import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from slack_simulator.base.clock import Clock
from slack_simulator.client import SimulatorClient
from slack_simulator.server import Simulator


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
