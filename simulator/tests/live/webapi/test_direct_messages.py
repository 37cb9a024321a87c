"""Direct messages of two and of several: opened by the people in them, found again, and told apart by Slack's flags."""

from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from slack_simulator.client import SimulatorClient
from slack_simulator.manifest.manifest import Manifest
from slack_simulator.server import Person, WorkspaceSpec, serve


async def test_a_group_is_opened_once(slack: AsyncWebClient, people: SimulatorClient) -> None:
    """By whoever is in it, in any order."""
    first: Any = await slack.conversations_open(users="U0ALICE,U0BOB")
    assert "already_open" not in first.data
    again: Any = await slack.conversations_open(users="U0BOB,U0ALICE", return_im=True)
    assert (again["already_open"], again["no_op"]) == (True, True)
    described = again["channel"]
    assert described["id"] == first["channel"]["id"]
    assert described["id"].startswith("G")
    flags = ("is_mpim", "is_group", "is_private", "is_im", "is_channel")
    assert [described[flag] for flag in flags] == [True, True, True, False, False]
    assert described["name"] == "mpdm-alice--bob--app-1"
    await slack.chat_postMessage(channel=described["id"], text="the two of you")
    assert [one["text"] for one in await people.messages(described["id"], "bob")] == ["the two of you"]
    mine = (await people.workspace("gina"))["channels"]
    assert described["id"] not in [one["id"] for one in mine]


async def test_a_direct_message_is_opened_once(slack: AsyncWebClient) -> None:
    """A first opening says nothing of an earlier one."""
    first: Any = await slack.conversations_open(users="U0ALICE")
    assert first.data == {"ok": True, "channel": first["channel"]} | {
        name: one for name, one in first.data.items() if name in {"warning", "response_metadata"}
    }
    again: Any = await slack.conversations_open(channel=first["channel"]["id"])
    assert again["already_open"]
    info: Any = await slack.conversations_info(channel=first["channel"]["id"], include_num_members=True)
    assert info["channel"]["num_members"] == 2


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"users": ",".join(f"U{number}" for number in range(9))}, "too_many_users"),
        ({"users": "U0ALICE,U0NOBODY"}, "user_not_found"),
        ({"users": "U0ALICE,U0DORA"}, "user_disabled"),
        ({"users": " , "}, "users_list_not_supplied"),
        ({"users": "U0ALICE,U0BOB", "prevent_creation": True}, "channel_not_found"),
        ({"channel": "C0GENERAL"}, "method_not_supported_for_channel_type"),
        ({"channel": "C0HIDDEN"}, "channel_not_found"),
    ],
)
async def test_what_cannot_be_opened(slack: AsyncWebClient, arguments: dict[str, Any], error: str) -> None:
    with pytest.raises(SlackApiError, match=error):
        await slack.api_call("conversations.open", json=arguments)


async def test_groups_are_listed_as_their_own_kind(slack: AsyncWebClient) -> None:
    """Neither as channels nor as direct messages, and their name finds no channel."""
    opened: Any = await slack.conversations_open(users="U0ALICE,U0BOB")
    for kind, found in (("mpim", 1), ("im", 0)):
        listed: Any = await slack.conversations_list(types=kind)
        assert [one["id"] for one in listed["channels"]] == [opened["channel"]["id"]] * found
    with pytest.raises(SlackApiError, match="channel_not_found"):
        await slack.chat_postMessage(channel="mpdm-alice--bob--app-1", text="x")
    with pytest.raises(SlackApiError, match="method_not_supported_for_channel_type"):
        await slack.conversations_join(channel=opened["channel"]["id"])


async def test_a_message_in_a_group_is_an_event_of_its_own() -> None:
    """message.mpim, with its scope."""
    people = tuple(Person(name, f"U0{name.upper()}", name.title(), f"{name}@example.com") for name in ("alice", "bob"))
    manifest = Manifest(
        bot_scopes=frozenset({"mpim:write", "mpim:history"}), events=("message.mpim",), is_socket_mode=True
    )
    async with serve(WorkspaceSpec(people=people, manifest=manifest)) as simulator:
        token = simulator.workspace.spec.bot_token
        slack = AsyncWebClient(token=token, base_url=simulator.api_url, proxy="")
        opened: Any = await slack.conversations_open(users="U0ALICE,U0BOB")
        socket_url: Any = await slack.apps_connections_open(app_token=simulator.workspace.spec.app_token)
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(socket_url["url"]) as socket,
            SimulatorClient(simulator.url) as control,
        ):
            await socket.receive_json(timeout=5)
            await control.say("alice", opened["channel"]["id"], "hello both")
            envelope = await socket.receive_json(timeout=5)
    event = envelope["payload"]["event"]
    assert (event["type"], event["channel_type"], event["text"]) == ("message", "mpim", "hello both")
