"""An app that calls too often is answered 429, and Retry-After says when it may call again."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from slack_sdk.http_retry.async_handler import AsyncRetryHandler
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from slack_simulator.base.clock import Clock
from slack_simulator.server import Channel, Person, Simulator, WorkspaceSpec, serve

PEOPLE = (Person("alice", "U0ALICE", "Alice Archer", "alice@example.com"),)


CHANNELS = (Channel("general", "C0GENERAL", ("U0ALICE",)), Channel("other", "C0OTHER", ("U0ALICE",)))


def standing() -> Clock:
    """A clock that moves only when told to."""
    return Clock(wall=lambda: 1_764_000_000.0)


@asynccontextmanager
async def served(clock: Clock, **fields: Any) -> AsyncGenerator[Simulator]:
    """A workspace of one person and two channels."""
    async with serve(WorkspaceSpec(people=PEOPLE, channels=CHANNELS, **fields), clock=clock) as simulator:
        yield simulator


async def posted(simulator: Simulator, channel: str) -> aiohttp.ClientResponse:
    """One chat.postMessage, answer read."""
    headers = {"Authorization": f"Bearer {simulator.workspace.spec.bot_token}"}
    body = {"channel": channel, "text": "x"}
    url = simulator.api_url + "chat.postMessage"
    async with aiohttp.ClientSession() as session, session.post(url, json=body, headers=headers) as response:
        await response.read()
        return response


async def test_the_answer_is_slack_s() -> None:
    """429, Retry-After, and `ratelimited`; nothing is posted, and a channel's names are one channel."""
    clock = standing()
    async with served(clock) as simulator:
        for number in range(20):
            assert (await posted(simulator, ("C0GENERAL", "#general", "general")[number % 3])).status == 200
        refused = await posted(simulator, "C0GENERAL")
        assert (refused.status, refused.headers["Retry-After"]) == (429, "1")
        assert await refused.json() == {"ok": False, "error": "ratelimited"}
        assert (await posted(simulator, "C0OTHER")).status == 200
        assert len(simulator.workspace.messages.seen_in("C0GENERAL", None)) == 20
        clock.advance(1)
        assert (await posted(simulator, "C0GENERAL")).status == 200


async def test_a_client_that_honours_retry_after_gets_through() -> None:
    """The official client with its own retry handler, on a clock that runs."""
    async with served(Clock()) as simulator:
        handlers: list[AsyncRetryHandler] = [AsyncRateLimitErrorRetryHandler(max_retry_count=3)]
        spec = simulator.workspace.spec
        slack = AsyncWebClient(token=spec.bot_token, base_url=simulator.api_url, proxy="", retry_handlers=handlers)
        for number in range(22):
            await slack.chat_postMessage(channel="U0ALICE", text=str(number))
        conversation = simulator.workspace.direct_message_with_bot("U0ALICE")
        said = [one.text for one in simulator.workspace.messages.seen_in(conversation.id, None)]
        assert said == [str(number) for number in range(22)]


async def test_they_can_be_switched_off() -> None:
    """For those who measure something else."""
    async with served(standing(), rate_limits=False) as simulator:
        for _ in range(30):
            assert (await posted(simulator, "C0GENERAL")).status == 200
