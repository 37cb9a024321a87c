"""The control API's queries: long polls end with the change, threads are one line, the inspector is bounded."""

import asyncio

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from slack_simulator.client import SimulatorClient
from slack_simulator.server import Simulator


@pytest.mark.parametrize("query", ["limit=x", "after=nan", "wait_s=inf"])
async def test_numbers_must_be_numbers(simulator: Simulator, query: str) -> None:
    """In queries too."""
    async with aiohttp.ClientSession() as session, session.get(f"{simulator.url}/control/messages?{query}") as response:
        assert response.status == 400


async def test_waiting_ends_with_the_change(slack: AsyncWebClient, people: SimulatorClient) -> None:
    """A new message, an edit and a deletion each end a long poll at once."""
    waiting = asyncio.create_task(people.wait_for("news", channel="general", user="alice", timeout_s=10))
    posted = await slack.chat_postMessage(channel="C0GENERAL", text="old")
    await slack.chat_update(channel="C0GENERAL", ts=str(posted["ts"]), text="news")
    assert (await waiting)["ts"] == posted["ts"]
    gone = asyncio.create_task(people.wait_for("first", channel="dm", user="bob", timeout_s=10))
    await slack.chat_postMessage(channel="U0BOB", text="first")
    assert (await gone)["text"] == "first"


async def test_waiting_in_vain_says_what_was_seen(slack: AsyncWebClient, people: SimulatorClient) -> None:
    """The error shows the last words instead of a bare timeout."""
    await slack.chat_postMessage(channel="C0GENERAL", text="something else")
    with pytest.raises(TimeoutError, match=r"'news' was not seen within 0\.05 s; last seen:\n  app: something else"):
        await people.wait_for("news", channel="general", timeout_s=0.05)


async def test_a_poll_hears_only_what_its_reader_sees(
    simulator: Simulator, slack: AsyncWebClient, people: SimulatorClient
) -> None:
    """Somebody else's ephemeral message does not end it."""
    revision = (await people.workspace())["revision"]
    await slack.chat_postEphemeral(channel="C0GENERAL", user="U0ALICE", text="for alice")
    query = {"channel": "general", "after": str(revision), "wait_s": "0.05"}
    async with aiohttp.ClientSession() as session:
        for user, count in (("bob", 0), ("alice", 1)):
            url = f"{simulator.url}/control/messages"
            async with session.get(url, params={**query, "user": user}) as response:
                assert len((await response.json())["messages"]) == count


async def test_a_channel_shows_threads_as_one_line(
    simulator: Simulator, people: SimulatorClient, slack: AsyncWebClient
) -> None:
    """Replies are left out unless they were sent to the channel too; the first message says how many there are."""
    first = (await people.say("alice", "general", "lunch?"))["ack"]["ts"]
    for number in range(3):
        await people.say("bob", "general", f"reply {number}", thread_ts=first)
    shared = await slack.chat_postMessage(channel="C0GENERAL", thread_ts=first, text="done", reply_broadcast=True)
    await people.say("alice", "general", "thanks")
    async with aiohttp.ClientSession() as session:
        where = {"user": "alice", "channel": "general"}
        url = f"{simulator.url}/control/messages"
        async with session.get(url, params={**where, "top": "1", "limit": "2"}) as response:
            channel = await response.json()
        async with session.get(url, params={**where, "thread_ts": first}) as response:
            thread = await response.json()
    assert [one["text"] for one in channel["messages"]] == ["done", "thanks"]
    assert channel["has_more"] is True
    assert [one["text"] for one in thread["messages"]] == ["lunch?", "reply 0", "reply 1", "reply 2", "done"]
    assert thread["has_more"] is False
    summary = {name: thread["messages"][0][name] for name in ("reply_count", "reply_users", "latest_reply")}
    assert summary == {"reply_count": 4, "reply_users": ["U0BOB", "U0SIMBOT"], "latest_reply": shared["ts"]}


async def test_the_inspector_keeps_the_beginning_of_what_is_long(
    slack: AsyncWebClient, people: SimulatorClient
) -> None:
    """Two thousand entries of four megabytes would be too much for any machine."""
    await slack.chat_postMessage(channel="C0GENERAL", text="x", attachments=[{"text": "y" * 8000}] * 10)
    (entry,) = [one for one in await people.inspector() if one["name"] == "chat.postMessage"]
    kept = entry["detail"]["arguments"]
    assert isinstance(kept, str)
    assert len(kept) == 20_001
    assert kept.endswith("…")
