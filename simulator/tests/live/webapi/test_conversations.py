"""Channels, people and user groups by the Web API."""

from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from slack_simulator.client import SimulatorClient
from slack_simulator.server import Channel, Person, Simulator, WorkspaceSpec, serve
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
