"""Messages by the Web API: posted, edited, deleted, ephemeral, in threads, with reactions."""

from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from slack_simulator.client import SimulatorClient
from slack_simulator.manifest.manifest import Manifest
from slack_simulator.server import Person, Simulator, WorkspaceSpec, serve


async def call(simulator: Simulator, method: str, *, token: str | None = None, **request: Any) -> Any:
    """One raw call, so that the body's form is the test's own."""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(simulator.api_url + method, headers=headers, **request) as response,
    ):
        assert response.status == 200
        return await response.json()


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"name": "no emoji!"}, "invalid_name"),
        ({"name": ":wave:"}, "invalid_name"),
        ({"name": ""}, "invalid_name"),
        ({"name": "wave", "timestamp": ""}, "no_item_specified"),
        ({"name": "wave", "timestamp": "yesterday"}, "bad_timestamp"),
        ({"name": "wave", "timestamp": "1.000000"}, "message_not_found"),
        ({"name": "wave", "channel": "#general"}, "channel_not_found"),
    ],
)
async def test_reactions_that_are_refused(slack: AsyncWebClient, arguments: dict[str, str], error: str) -> None:
    posted: Any = await slack.chat_postMessage(channel="C0GENERAL", text="x")
    where = {"channel": "C0GENERAL", "timestamp": posted["ts"]}
    with pytest.raises(SlackApiError, match=error):
        await slack.api_call("reactions.add", json=where | arguments)
    await slack.reactions_add(**where, name="thumbsup::skin-tone-4")


async def test_markdown_text(slack: AsyncWebClient, people: SimulatorClient) -> None:
    """Posted as one markdown block, and never beside text or blocks."""
    await slack.chat_postMessage(channel="C0GENERAL", markdown_text="# Lunch")
    (message,) = await people.messages("general")
    assert [(one["type"], one["text"]) for one in message["blocks"]] == [("markdown", "# Lunch")]
    with pytest.raises(SlackApiError, match="markdown_text_conflict"):
        await slack.chat_postMessage(channel="C0GENERAL", markdown_text="# Lunch", text="x")
    with pytest.raises(SlackApiError, match="msg_too_long"):
        await slack.chat_postMessage(channel="C0GENERAL", markdown_text="x" * 12_001)


@pytest.mark.parametrize(
    ("tabs", "method", "arguments", "error"),
    [
        ({"has_home_tab": False}, "views.publish", {"user_id": "U0ALICE", "view": {}}, "not_enabled"),
        ({"has_messages_tab": False}, "chat.postMessage", {"channel": "U0ALICE", "text": "x"}, "messages_tab_disabled"),
    ],
)
async def test_tabs_that_the_manifest_switched_off(
    tabs: dict[str, bool], method: str, arguments: dict[str, Any], error: str
) -> None:
    """Nothing is published or sent where people could not see it."""
    person = Person("alice", "U0ALICE", "Alice Archer", "alice@example.com")
    manifest = Manifest(bot_scopes=frozenset({"chat:write"}), **tabs)
    async with serve(WorkspaceSpec(people=(person,), manifest=manifest)) as simulator:
        answer = await call(simulator, method, token=simulator.workspace.spec.bot_token, json=arguments)
        assert answer["error"] == error


@pytest.mark.parametrize(
    ("channel", "error"),
    [
        ("C0NOWHERE", "channel_not_found"),
        ("C0NOTHERE", "not_in_channel"),
        ("C0HIDDEN", "channel_not_found"),
        ("U0SIMBOT", "channel_not_found"),
    ],
)
async def test_the_app_posts_only_where_it_is_a_member(slack: AsyncWebClient, channel: str, error: str) -> None:
    """A private channel without the app does not even exist for it."""
    with pytest.raises(SlackApiError, match=error):
        await slack.chat_postMessage(channel=channel, text="x")


async def test_direct_messages_by_user_id(slack: AsyncWebClient, people: SimulatorClient) -> None:
    """A user id as channel opens the direct message, the same one each time."""
    opened = await slack.conversations_open(users="U0ALICE")
    posted = await slack.chat_postMessage(channel="U0ALICE", text="psst")
    assert posted["channel"] == opened["channel"]["id"]
    assert str(posted["channel"]).startswith("D")
    assert [one["text"] for one in await people.messages("dm", "alice")] == ["psst"]
    assert [one["text"] for one in await people.messages("@alice")] == ["psst"]
    assert await people.messages("dm", "bob") == []


async def test_update_and_delete(slack: AsyncWebClient, people: SimulatorClient) -> None:
    """Only the app's own messages, and never twice."""
    posted = await slack.chat_postMessage(channel="C0GENERAL", text="a")
    said = await people.say("alice", "general", "mine")
    await slack.chat_update(channel="C0GENERAL", ts=posted["ts"], text="b")
    first = (await people.messages("general"))[0]
    assert (first["text"], first["edited"]) == ("b", True)
    with pytest.raises(SlackApiError, match="cant_update_message"):
        await slack.chat_update(channel="C0GENERAL", ts=said["ack"]["ts"], text="b")
    with pytest.raises(SlackApiError, match="cant_delete_message"):
        await slack.chat_delete(channel="C0GENERAL", ts=said["ack"]["ts"])
    await slack.chat_delete(channel="C0GENERAL", ts=posted["ts"])
    with pytest.raises(SlackApiError, match="message_not_found"):
        await slack.chat_delete(channel="C0GENERAL", ts=posted["ts"])
    assert [one["text"] for one in await people.messages("general")] == ["mine"]


async def test_ephemeral_messages_are_for_one_person(slack: AsyncWebClient, people: SimulatorClient) -> None:
    """Nobody else sees it, and the app cannot touch it again."""
    posted = await slack.chat_postEphemeral(channel="C0GENERAL", user="U0ALICE", text="for you")
    seen = await people.messages("general", "alice")
    assert [(one["text"], one["ephemeral"]) for one in seen] == [("for you", True)]
    assert await people.messages("general", "bob") == []
    with pytest.raises(SlackApiError, match="message_not_found"):
        await slack.chat_update(channel="C0GENERAL", ts=posted["message_ts"], text="b")
    with pytest.raises(SlackApiError, match="user_not_in_channel"):
        await slack.chat_postEphemeral(channel="C0SECRETS", user="U0BOB", text="x")


async def test_threads_and_permalinks(simulator: Simulator, slack: AsyncWebClient, people: SimulatorClient) -> None:
    """A reply to a reply joins the thread; a permalink opens the page at the message."""
    parent = await slack.chat_postMessage(channel="C0GENERAL", text="card")
    reply = await slack.chat_postMessage(channel="C0GENERAL", thread_ts=parent["ts"], text="digest")
    await slack.chat_postMessage(channel="C0GENERAL", thread_ts=reply["ts"], text="more")
    threads = [one["thread_ts"] for one in await people.messages("general", "bob")]
    assert threads == [None, parent["ts"], parent["ts"]]
    link = await slack.chat_getPermalink(channel="C0GENERAL", message_ts=parent["ts"])
    async with aiohttp.ClientSession() as session, session.get(str(link["permalink"])) as response:
        assert response.url.query["ts"] == parent["ts"]
    assert str(link["permalink"]).startswith(simulator.url)


async def test_reactions(slack: AsyncWebClient, people: SimulatorClient) -> None:
    """The same one only once."""
    posted = await slack.chat_postMessage(channel="C0GENERAL", text="a")
    await slack.reactions_add(channel="C0GENERAL", timestamp=str(posted["ts"]), name="eyes")
    with pytest.raises(SlackApiError, match="already_reacted"):
        await slack.reactions_add(channel="C0GENERAL", timestamp=str(posted["ts"]), name="eyes")
    (message,) = await people.messages("general")
    assert message["reactions"] == [{"name": "eyes", "users": ["U0SIMBOT"], "count": 1}]
