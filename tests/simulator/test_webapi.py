"""The Web API answers as Slack's does: tokens, forms and JSON, memberships, error codes."""

from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from simulator.client import SimulatorClient
from simulator.server import Simulator, SpecError, WorkspaceSpec


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
    ("method", "token", "error"),
    [
        ("auth.test", None, "not_authed"),
        ("auth.test", "xoxb-simulator-wrong", "invalid_auth"),
        ("auth.test", "xapp-simulator-app", "not_allowed_token_type"),
        ("apps.connections.open", "xoxb-simulator-bot", "not_allowed_token_type"),
        ("chat.shout", "xoxb-simulator-bot", "unknown_method"),
    ],
)
async def test_tokens_and_methods(simulator: Simulator, method: str, token: str | None, error: str) -> None:
    """Each method takes its own kind of token; what does not exist says so."""
    answer = await call(simulator, method, token=token)
    assert answer["ok"] is False
    assert answer["error"] == error


async def test_forms_and_json_are_read_alike(simulator: Simulator, people: SimulatorClient) -> None:
    """Structures come as JSON, or as strings of JSON inside a form; the token as bearer or as argument."""
    token = simulator.workspace.spec.bot_token
    blocks = [{"type": "divider"}]
    await call(simulator, "chat.postMessage", token=token, json={"channel": "C0GENERAL", "text": "a", "blocks": blocks})
    form = {"token": token, "channel": "C0GENERAL", "text": "b", "blocks": '[{"type": "divider"}]'}
    await call(simulator, "chat.postMessage", data=form)
    seen = await people.messages("general", "alice")
    assert [(one["text"], one["blocks"][0]["type"]) for one in seen] == [("a", "divider"), ("b", "divider")]
    recorded = [entry["detail"] for entry in await people.inspector() if entry["kind"] == "api"]
    assert token not in str(recorded)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("[1]", "json_not_object"),
        ("{", "invalid_json"),
        ('{"channel": "C0GENERAL"}', "no_text"),
        ('{"text": "x"}', "invalid_arguments"),
        ('{"channel": "C0GENERAL", "text": "x", "blocks": "["}', "invalid_blocks_format"),
        ('{"channel": "C0GENERAL", "text": "x", "blocks": {}}', "invalid_blocks_format"),
        ('{"channel": {"a": 1}, "text": "x"}', "invalid_arguments"),
        ('{"channel": "C0GENERAL", "text": "x", "metadata": {"event_type": "a"}}', "invalid_metadata_schema"),
        ('{"channel": "C0GENERAL", "text": "x", "thread_ts": "1.2"}', "thread_not_found"),
    ],
)
async def test_malformed_calls(simulator: Simulator, body: str, error: str) -> None:
    """A malformed call is refused by a code, never by a crash."""
    answer = await raw(simulator, body)
    assert answer["error"] == error


async def raw(simulator: Simulator, body: str) -> Any:
    """chat.postMessage with exactly this JSON body."""
    headers = {
        "Authorization": f"Bearer {simulator.workspace.spec.bot_token}",
        "Content-Type": "application/json; charset=utf-8",
    }
    async with (
        aiohttp.ClientSession() as session,
        session.post(simulator.api_url + "chat.postMessage", data=body, headers=headers) as response,
    ):
        return await response.json()


@pytest.mark.parametrize(
    ("channel", "error"),
    [
        ("C0NOWHERE", "channel_not_found"),
        ("C0NOBOT", "not_in_channel"),
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
        await slack.chat_postEphemeral(channel="C0SECRET", user="U0BOB", text="x")


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


async def test_people_have_slack_s_flags(slack: AsyncWebClient) -> None:
    """Guests, strangers and deactivated accounts are told apart as users.info tells them."""
    guest = (await slack.users_info(user="U0GINA"))["user"]
    stranger = (await slack.users_info(user="U0SAM"))["user"]
    departed = (await slack.users_info(user="U0DORA"))["user"]
    assert (guest["is_restricted"], guest["is_ultra_restricted"]) == (True, False)
    assert (stranger["is_stranger"], stranger["team_id"]) == (True, "T0ELSEWHERE")
    assert departed["deleted"] is True
    assert "is_restricted" not in departed
    with pytest.raises(SlackApiError, match="user_not_found"):
        await slack.users_info(user="U0NOBODY")
    found = await slack.users_lookupByEmail(email="Alice@example.com")
    assert found["user"]["id"] == "U0ALICE"
    with pytest.raises(SlackApiError, match="users_not_found"):
        await slack.users_lookupByEmail(email="dora@example.com")


async def test_lists_come_in_pages(slack: AsyncWebClient) -> None:
    """The cursor leads through everything exactly once."""
    names: list[str] = []
    async for page in await slack.users_list(limit=2):
        names += [member["name"] for member in page["members"]]
    assert names == ["alice", "bob", "gina", "sam", "dora", "app"]
    members = await slack.conversations_members(channel="C0PARTNER")
    assert members["members"] == ["U0ALICE", "U0SAM", "U0SIMBOT"]
    listed = await slack.conversations_list(types="public_channel,private_channel")
    assert [one["name"] for one in listed["channels"]] == ["general", "secret", "elsewhere", "partners"]
    shared = await slack.conversations_info(channel="C0PARTNER")
    assert shared["channel"]["is_ext_shared"] is True
    with pytest.raises(SlackApiError, match="invalid_cursor"):
        await slack.users_list(cursor="nonsense")


async def test_reactions(slack: AsyncWebClient, people: SimulatorClient) -> None:
    """The same one only once."""
    posted = await slack.chat_postMessage(channel="C0GENERAL", text="a")
    await slack.reactions_add(channel="C0GENERAL", timestamp=str(posted["ts"]), name="eyes")
    with pytest.raises(SlackApiError, match="already_reacted"):
        await slack.reactions_add(channel="C0GENERAL", timestamp=str(posted["ts"]), name="eyes")
    (message,) = await people.messages("general")
    assert message["reactions"] == [{"name": "eyes", "users": ["U0SIMBOT"], "count": 1}]


@pytest.mark.parametrize("field", ["bot_token", "app_token"])
def test_tokens_must_not_look_real(field: str) -> None:
    """A token that could be somebody's is refused before anything listens."""
    with pytest.raises(SpecError, match=field):
        WorkspaceSpec(**{field: "xoxb-1234-abcd"})  # pyright: ignore[reportArgumentType] - one of two string fields
