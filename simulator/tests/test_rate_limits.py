"""An app that calls too often is answered 429, and Retry-After says when it may call again."""

import math
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from slack_sdk.http_retry.async_handler import AsyncRetryHandler
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from slack_simulator.base.clock import Clock
from slack_simulator.server import Channel, Person, Simulator, WorkspaceSpec, serve
from slack_simulator.webapi.dispatch import APP_METHODS, BOT_METHODS
from slack_simulator.webapi.rate_limits import TIERS, RateLimited, RateLimits

PEOPLE = (Person("alice", "U0ALICE", "Alice Archer", "alice@example.com"),)
CHANNELS = (Channel("general", "C0GENERAL", ("U0ALICE",)), Channel("other", "C0OTHER", ("U0ALICE",)))
UNLIMITED = {"chat.getPermalink", "chat.postMessage"}


def standing() -> Clock:
    """A clock that moves only when told to."""
    return Clock(wall=lambda: 1_764_000_000.0)


def burst(limits: RateLimits, method: str, channel: str | None = None) -> int:
    """How many calls are taken at once."""
    for taken in range(1000):
        try:
            limits.spend(method, channel)
        except RateLimited:
            return taken
    raise AssertionError(method)


def test_every_method_has_its_tier() -> None:
    """A new method cannot be forgotten in the table."""
    assert set(TIERS) == {*BOT_METHODS, *APP_METHODS} - UNLIMITED


@pytest.mark.parametrize(
    ("method", "at_once", "per_minute"),
    [
        ("apps.connections.open", 20, 1),
        ("users.list", 20, 20),
        ("chat.update", 50, 50),
        ("users.info", 100, 100),
        ("auth.test", 300, 300),
    ],
)
def test_tiers(method: str, at_once: int, per_minute: int) -> None:
    """A burst, and then the tier's calls a minute, however long the pause was."""
    clock = standing()
    limits = RateLimits(clock)
    assert burst(limits, method) == at_once
    with pytest.raises(RateLimited) as limited:
        limits.spend(method)
    assert limited.value.retry_after_s == math.ceil(60 / per_minute)
    clock.advance(60)
    assert burst(limits, method) == per_minute
    clock.advance(86_400)
    assert burst(limits, method) == at_once


def test_retry_after_is_exactly_enough() -> None:
    """A call that waits as long as it was told is taken; a second sooner it is not."""
    clock = standing()
    limits = RateLimits(clock)
    burst(limits, "users.list")
    clock.advance(2)
    with pytest.raises(RateLimited, match="retry after 1 s"):
        limits.spend("users.list")
    clock.advance(1)
    limits.spend("users.list")


def test_messages_count_for_each_channel() -> None:
    """One a second after a burst; another channel has its own, the workspace has one over all."""
    clock = standing()
    limits = RateLimits(clock)
    assert burst(limits, "chat.postMessage", "C1") == 20
    assert burst(limits, "chat.postMessage", "C2") == 20
    clock.advance(3)
    assert burst(limits, "chat.postMessage", "C1") == 3
    assert sum(burst(limits, "chat.postMessage", f"X{number}") for number in range(20)) == 300 - 43 + 15


def test_methods_are_counted_apart() -> None:
    """Using one up leaves the others alone; permalinks are free."""
    limits = RateLimits(standing())
    burst(limits, "users.list")
    limits.spend("users.info")
    for _ in range(500):
        limits.spend("chat.getPermalink")


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
