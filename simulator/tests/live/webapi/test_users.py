"""People and channels of every kind, as users.info and conversations.info tell them apart."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from slack_simulator.client import SimulatorClient
from slack_simulator.server import Simulator, demo_spec, serve

#: name -> flags that users.info must show, and flags that it must not have at all.
KINDS: list[tuple[str, dict[str, Any], tuple[str, ...]]] = [
    ("alice", {"deleted": False, "is_admin": False, "is_bot": False, "is_email_confirmed": True}, ("is_stranger",)),
    ("bob", {"is_admin": True, "is_owner": False, "is_primary_owner": False}, ("is_stranger",)),
    ("olive", {"is_admin": True, "is_owner": True, "is_primary_owner": True}, ("is_stranger",)),
    ("gina", {"is_restricted": True, "is_ultra_restricted": False}, ("is_stranger",)),
    ("uli", {"is_restricted": True, "is_ultra_restricted": True}, ("is_stranger",)),
    ("nora", {"is_email_confirmed": False}, ("is_stranger",)),
    ("dora", {"deleted": True}, ("is_admin", "is_restricted", "is_ultra_restricted", "is_email_confirmed", "tz")),
    ("builds", {"is_bot": True, "is_email_confirmed": False}, ("is_stranger",)),
    ("petra", {"team_id": "T0PARTNER"}, ("is_stranger",)),
    ("sam", {"team_id": "T0ELSEWHERE", "is_stranger": True}, ()),
    ("app", {"is_bot": True}, ("is_stranger",)),
]


@pytest.fixture
async def demo() -> AsyncGenerator[Simulator]:
    """The workspace that newcomers see."""
    async with serve(demo_spec()) as served:
        yield served


@pytest.fixture
def demo_slack(demo: Simulator) -> Any:
    """The app's client in it."""
    return AsyncWebClient(token=demo.workspace.spec.bot_token, base_url=demo.api_url, proxy="")


@pytest.mark.parametrize(("name", "flags", "absent"), KINDS)
async def test_users_info_tells_them_apart(
    demo: Simulator, demo_slack: Any, name: str, flags: dict[str, Any], absent: tuple[str, ...]
) -> None:
    """Each kind by its own flags; users.list says the same."""
    person = demo.workspace.person_called(name)
    assert person is not None
    user = (await demo_slack.users_info(user=person.slack_id))["user"]
    assert {flag: user.get(flag) for flag in flags} == flags
    assert not set(absent) & set(user)
    listed = (await demo_slack.users_list())["members"]
    assert user in listed


async def test_every_kind_is_there(demo: Simulator) -> None:
    """Nobody has to write a spec to meet a guest."""
    assert {name for name, _, _ in KINDS} | {"carol"} == {person.name for person in demo.workspace.people()}


async def test_profiles(demo: Simulator, demo_slack: Any) -> None:
    """A bot's names its app and has no e-mail; a person's has pictures that lead nowhere."""
    bot = (await demo_slack.users_info(user="U0SIMBOT"))["user"]["profile"]
    assert (bot["bot_id"], bot["api_app_id"]) == ("B0SIMBOT", demo.workspace.spec.app_id)
    assert "email" not in bot
    person = (await demo_slack.users_info(user="U0ALICE"))["user"]["profile"]
    assert person["email"] == "alice@example.com"
    assert person["image_72"].startswith("https://avatars.invalid/")


@pytest.mark.parametrize("email", ["petra@partner.example", "sam@elsewhere.example", "dora@example.com", ""])
async def test_only_active_colleagues_are_found_by_e_mail(demo_slack: Any, email: str) -> None:
    """Not those of other organisations, not those who left, and not everybody without an e-mail."""
    with pytest.raises(SlackApiError, match=r"users_not_found|invalid_arguments"):
        await demo_slack.users_lookupByEmail(email=email)


@pytest.mark.parametrize(
    ("channel", "expected"),
    [
        ("C0GENERAL", {"is_channel": True, "is_private": False, "is_general": True, "connected_team_ids": []}),
        ("C0OPERATE", {"is_group": True, "is_private": True, "is_ext_shared": False, "is_member": True}),
        ("C0PARTNER", {"is_shared": True, "is_ext_shared": True, "connected_team_ids": ["T0PARTNER"]}),
        ("C0VENDOR", {"is_ext_shared": True, "is_member": False}),
        ("C0ARCHIVE", {"is_archived": True}),
    ],
)
async def test_channels_of_every_kind(demo_slack: Any, channel: str, expected: dict[str, Any]) -> None:
    """Private, shared with another organisation, archived, without the app."""
    described = (await demo_slack.conversations_info(channel=channel))["channel"]
    assert {flag: described.get(flag) for flag in expected} == expected


async def test_a_direct_message_tells_that_its_person_is_gone(demo: Simulator, demo_slack: Any) -> None:
    """conversations.open refuses them; what was open before says so."""
    opened = (await demo_slack.conversations_open(users="U0ALICE", return_im=True))["channel"]
    assert (opened["is_im"], opened["user"], opened["is_user_deleted"]) == (True, "U0ALICE", False)
    async with SimulatorClient(demo.url) as people:
        await people.change_person("alice", deleted=True)
    info = (await demo_slack.conversations_info(channel=opened["id"]))["channel"]
    assert info["is_user_deleted"] is True
    for user, error in (("U0ALICE", "user_disabled"), ("U0BUILDS", "cannot_dm_bot"), ("U0NOBODY", "user_not_found")):
        with pytest.raises(SlackApiError, match=error):
            await demo_slack.conversations_open(users=user)
