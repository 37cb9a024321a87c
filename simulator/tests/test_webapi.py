"""The Web API answers as Slack's does: tokens, forms and JSON, memberships, error codes."""

from pathlib import Path
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from slack_simulator.client import SimulatorClient
from slack_simulator.manifest.manifest import Manifest
from slack_simulator.server import Channel, Person, Simulator, SpecError, WorkspaceSpec, serve
from slack_simulator.webapi.dispatch import APP_METHODS, BOT_METHODS, FORM_ONLY
from slack_simulator.workspace.spec import UserGroup


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
    ("content_type", "warning"),
    [
        ("application/json", "missing_charset"),
        ("application/json; charset=utf-8", None),
        ("application/x-www-form-urlencoded", None),
        ("application/x-www-form-urlencoded; charset=utf-8", "superfluous_charset"),
    ],
)
async def test_charsets_are_warned_of(simulator: Simulator, content_type: str, warning: str | None) -> None:
    """Beside any answer, good or bad."""
    body = "{}" if "json" in content_type else "a=b"
    for token in (simulator.workspace.spec.bot_token, "xoxb-simulator-wrong"):
        headers = {"Authorization": f"Bearer {token}", "Content-Type": content_type}
        async with (
            aiohttp.ClientSession() as session,
            session.post(simulator.api_url + "auth.test", data=body, headers=headers) as response,
        ):
            answer = await response.json()
        assert answer.get("warning") == warning
        assert answer.get("response_metadata") == ({"warnings": [warning]} if warning else None)


@pytest.mark.parametrize(
    "arguments",
    [
        {"token": 5},
        {"token": ["xoxb-simulator-bot"]},
        {"token": "\ud800"},
        {"channel": "\ud800"},
        {"cursor": "ä"},
        {"view": {"type": []}},
        {"blocks": [[[{}]]]},
    ],
    ids=str,
)
async def test_nonsense_is_answered_with_an_error(simulator: Simulator, arguments: dict[str, Any]) -> None:
    """Whatever an app sends, no method breaks over it."""
    for method in (*BOT_METHODS, *APP_METHODS):
        for token in (simulator.workspace.spec.bot_token, None):
            answer = await call(simulator, method, token=token, json=arguments)
            assert answer["ok"] or answer["error"] not in {"internal_error", "fatal_error"}


@pytest.mark.parametrize("depth", [500, 3000, 200_000])
async def test_json_that_is_too_deep(simulator: Simulator, depth: int) -> None:
    """Taken or refused, never a crash."""
    answer = await raw(simulator, '{"channel": "C0GENERAL", "attachments": ' + "[" * depth + "]" * depth + "}")
    assert answer["error"] in {"invalid_json", "invalid_attachments"}


@pytest.mark.parametrize("method", sorted(FORM_ONLY))
async def test_methods_that_take_no_json(simulator: Simulator, method: str) -> None:
    """What is sent as JSON counts for nothing; the call itself does."""
    arguments = {"user": "U0ALICE", "channel": "C0GENERAL", "email": "alice@example.com", "limit": 1, "types": "im"}
    token = simulator.workspace.spec.bot_token
    assert await call(simulator, method, token=token, json=arguments) == await call(
        simulator, method, token=token, json={}
    )


@pytest.mark.parametrize(
    ("body", "headers", "error"),
    [
        (b"{}", {"Content-Type": "application/xml"}, "invalid_post_type"),
        (b"text=x", {"Content-Type": ""}, "missing_post_type"),
        (b"{}", {"Content-Type": "application/json; charset=utf-7"}, "invalid_charset"),
        (b"\xff", {"Content-Type": "application/json"}, "invalid_json"),
        (b"x", {"Content-Type": "multipart/form-data"}, "invalid_form_data"),
        (b'{"token": "xoxb-simulator-bot"}', {"Content-Type": "application/json"}, "not_authed"),
        (b"{}", {"Content-Type": "application/json", "Authorization": "Bearer xoxb-simulator-bot"}, None),
        (b"caf\xe9", {"Content-Type": "text/plain", "Authorization": "Bearer xoxb-simulator-bot"}, None),
        (
            b'{"a": "\xe9"}',
            {"Content-Type": "application/json; charset=iso-8859-1", "Authorization": "Bearer xoxb-simulator-bot"},
            None,
        ),
    ],
    ids=["xml", "no type", "charset", "no text", "no boundary", "token inside", "json", "plain", "latin"],
)
async def test_what_a_post_may_carry(
    simulator: Simulator, body: bytes, headers: dict[str, str], error: str | None
) -> None:
    """Each mistake has its own code."""
    skipped = ["Content-Type"] if headers["Content-Type"] == "" else []
    sent = {name: one for name, one in headers.items() if one}
    async with (
        aiohttp.ClientSession(skip_auto_headers=skipped) as session,
        session.post(simulator.api_url + "auth.test", data=body, headers=sent) as response,
    ):
        answer = await response.json()
    assert answer.get("error") == error


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


async def test_a_file_in_a_form_is_no_argument(simulator: Simulator) -> None:
    """As curl -F text=@file would send."""
    form = aiohttp.FormData()
    form.add_field("channel", "C0GENERAL")
    form.add_field("text", b"x", filename="x.txt")
    answer = await call(simulator, "chat.postMessage", token=simulator.workspace.spec.bot_token, data=form)
    assert answer["error"] == "no_text"


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


async def test_joining_channels(simulator: Simulator, slack: AsyncWebClient, people: SimulatorClient) -> None:
    """Public ones only, twice is a warning, and then the app may post there."""
    token = simulator.workspace.spec.bot_token
    joined = await call(simulator, "conversations.join", token=token, json={"channel": "C0NOTHERE"})
    assert (joined["ok"], joined["channel"]["is_member"], joined["warning"]) == (True, True, "missing_charset")
    again = await call(simulator, "conversations.join", token=token, json={"channel": "C0NOTHERE"})
    assert (again["ok"], again["warning"]) == (True, "already_in_channel,missing_charset")
    assert again["response_metadata"] == {"warnings": ["already_in_channel", "missing_charset"]}
    await slack.chat_postMessage(channel="C0NOTHERE", text="here")
    assert [one["text"] for one in await people.messages("elsewhere")] == ["here"]
    for channel, error in (
        ("C0SECRETS", "method_not_supported_for_channel_type"),
        ("C0HIDDEN", "channel_not_found"),
        ("C0NOWHERE", "channel_not_found"),
    ):
        answer = await call(simulator, "conversations.join", token=token, json={"channel": channel})
        assert answer["error"] == error


async def test_archived_channels() -> None:
    """They are listed unless excluded, and take neither messages nor members."""
    channels = (
        Channel("old", "C0OLD", (), is_archived=True),
        Channel("left", "C0LEFT", (), has_bot=False, is_archived=True),
    )
    async with serve(WorkspaceSpec(channels=channels)) as simulator:
        token = simulator.workspace.spec.bot_token
        for method, arguments in (
            ("chat.postMessage", {"channel": "C0OLD", "text": "x"}),
            ("conversations.join", {"channel": "C0LEFT"}),
        ):
            answer = await call(simulator, method, token=token, json=arguments)
            assert answer["error"] == "is_archived"
        for exclude, number in ((False, 2), (True, 0)):
            listed = await call(simulator, "conversations.list", token=token, data={"exclude_archived": str(exclude)})
            assert len(listed["channels"]) == number


async def test_conversations_info_counts_members_if_asked(slack: AsyncWebClient) -> None:
    """The list always does."""
    alone: Any = await slack.conversations_info(channel="C0SECRETS")
    assert "num_members" not in alone["channel"]
    asked: Any = await slack.conversations_info(channel="C0SECRETS", include_num_members=True, include_locale=True)
    assert (asked["channel"]["num_members"], asked["channel"]["locale"]) == (2, "en-US")
    listed: Any = await slack.conversations_list(limit=1)
    assert listed["channels"][0]["num_members"] == 6
    assert listed["response_metadata"]["next_cursor"]


async def test_usergroups() -> None:
    """Users, counts and disabled groups only if asked for."""
    person = Person("alice", "U0ALICE", "Alice Archer", "alice@example.com")
    groups = (
        UserGroup("db-oncall", "S0ONCALL", ("U0ALICE",), name="Database on call"),
        UserGroup("old", "S0OLD", is_enabled=False),
    )
    async with serve(WorkspaceSpec(people=(person,), usergroups=groups)) as simulator:
        token = simulator.workspace.spec.bot_token
        bare = await call(simulator, "usergroups.list", token=token)
        (group,) = bare["usergroups"]
        assert (group["id"], group["handle"], group["name"]) == ("S0ONCALL", "db-oncall", "Database on call")
        assert not {"users", "user_count"} & set(group)
        asked = {"include_users": True, "include_count": True, "include_disabled": True}
        full = await call(simulator, "usergroups.list", token=token, data=asked)
        assert [(one["users"], one["user_count"], bool(one["date_delete"])) for one in full["usergroups"]] == [
            (["U0ALICE"], 1, False),
            ([], 0, True),
        ]
        users = await call(simulator, "usergroups.users.list", token=token, data={"usergroup": "S0ONCALL"})
        assert users["users"] == ["U0ALICE"]
        for usergroup in ("S0OLD", "S0NOWHERE"):
            refused = await call(simulator, "usergroups.users.list", token=token, data={"usergroup": usergroup})
            assert refused["error"] == "no_such_subteam"
        full = await call(
            simulator, "usergroups.users.list", token=token, data={"usergroup": "S0OLD", "include_disabled": "1"}
        )
        assert full["users"] == []


@pytest.mark.parametrize(
    ("groups", "problem"),
    [
        ((UserGroup("a", "S1", ("U0NOBODY",)),), "members that are not people"),
        ((UserGroup("a", "S1"), UserGroup("a", "S2")), "used more than once"),
    ],
)
def test_usergroups_that_cannot_be(groups: tuple[UserGroup, ...], problem: str) -> None:
    """Refused before anything listens."""
    with pytest.raises(SpecError, match=problem):
        WorkspaceSpec(usergroups=groups)


async def test_reactions(slack: AsyncWebClient, people: SimulatorClient) -> None:
    """The same one only once."""
    posted = await slack.chat_postMessage(channel="C0GENERAL", text="a")
    await slack.reactions_add(channel="C0GENERAL", timestamp=str(posted["ts"]), name="eyes")
    with pytest.raises(SlackApiError, match="already_reacted"):
        await slack.reactions_add(channel="C0GENERAL", timestamp=str(posted["ts"]), name="eyes")
    (message,) = await people.messages("general")
    assert message["reactions"] == [{"name": "eyes", "users": ["U0SIMBOT"], "count": 1}]


def test_the_documentation_names_every_method() -> None:
    """Each in a table with its scope and its limit."""
    document = (Path(__file__).parents[2] / "docs" / "simulator.md").read_text()
    assert [name for name in (*BOT_METHODS, *APP_METHODS) if f"`{name}`" not in document] == []


@pytest.mark.parametrize("field", ["bot_token", "app_token"])
def test_tokens_must_not_look_real(field: str) -> None:
    """A token that could be somebody's is refused before anything listens."""
    with pytest.raises(SpecError, match=field):
        WorkspaceSpec(**{field: "xoxb-1234-abcd"})  # pyright: ignore[reportArgumentType] - one of two string fields
