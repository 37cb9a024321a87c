"""The manifest asks for exactly what the code uses: no scope more, no command or event that nobody listens to."""

import ast
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.blocks.action_ids import Shortcut
from bot.listeners.commands import COMMAND
from bot.listeners.events import APP_HOME_OPENED, USER_CHANGE
from support.bot.registration import Registration

ROOT = Path(__file__).parents[3]

#: docs.slack.dev/reference/methods: what each Web API method that we call needs of the bot token.
#: apps.connections.open takes the app token (connections:write), which no manifest grants.
SCOPES: dict[str, set[str]] = {
    "apps_connections_open": set(),
    "auth_test": set(),
    "chat_delete": {"chat:write"},
    "chat_getPermalink": set(),
    "chat_postMessage": {"chat:write"},
    "chat_update": {"chat:write"},
    "conversations_info": {"channels:read", "groups:read"},
    "conversations_open": {"im:write"},
    "usergroups_users_list": {"usergroups:read"},
    "users_info": {"users:read"},
    "views_open": set(),
    "views_publish": set(),
    "views_update": set(),
}


@pytest.fixture
def manifest() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "manifest.yml").read_text())


def called_methods() -> set[str]:
    """Every Web API method called on one of the clients of `bot.slack.client.Slack`."""
    clients = {"client", "outgoing", "tokenless"}
    found: set[str] = set()
    for path in (ROOT / "bot").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            holder = node.func.value
            name = holder.attr if isinstance(holder, ast.Attribute) else getattr(holder, "id", "")
            if name in clients and "_" in node.func.attr and not node.func.attr.startswith("_"):
                found.add(node.func.attr)
    return found - {"is_connected", "connect_to_new_endpoint"}


def test_scopes_are_those_that_the_calls_need(manifest: dict[str, Any]) -> None:
    assert called_methods() == SCOPES.keys()
    needed = {scope for scopes in SCOPES.values() for scope in scopes} | {"commands"}
    assert set(manifest["oauth_config"]["scopes"]["bot"]) == needed


def test_commands_and_events_are_those_that_are_listened_to(manifest: dict[str, Any], registered: Registration) -> None:
    """What Slack sends because of the manifest is what bot/listeners/register.py has a line for, and no more."""
    commands = manifest["features"]["slash_commands"]
    assert [one["command"] for one in commands] == registered.ids["command"] == [COMMAND]
    assert all(one["should_escape"] is True for one in commands)
    events = manifest["settings"]["event_subscriptions"]["bot_events"]
    assert sorted(events) == sorted(registered.ids["event"]) == [APP_HOME_OPENED, USER_CHANGE]
    shortcuts = manifest["features"]["shortcuts"]
    assert [one["callback_id"] for one in shortcuts] == registered.ids["shortcut"] == list(Shortcut)
    assert {one["type"] for one in shortcuts} == {"message"}


def test_socket_mode_and_interactivity_are_on(manifest: dict[str, Any]) -> None:
    settings = manifest["settings"]
    assert settings["socket_mode_enabled"] is True
    assert settings["interactivity"] == {"is_enabled": True}
    assert manifest["features"]["app_home"]["home_tab_enabled"] is True
    assert manifest["features"]["app_home"]["messages_tab_enabled"] is True
    assert manifest["_metadata"]["major_version"] == 2


def test_slacks_own_limits(manifest: dict[str, Any]) -> None:
    """docs.slack.dev/reference/app-manifest: lengths that the import refuses beyond."""
    information = manifest["display_information"]
    assert len(information["name"]) <= 35
    assert len(information["description"]) <= 140
    (command,) = manifest["features"]["slash_commands"]
    assert len(command["command"]) <= 32
    assert len(command["description"]) <= 2000
    assert len(command["usage_hint"]) <= 1000


#: What an app needs for messages, modals, people and their e-mail, and what it may ask for beside that.
MINIMUM = {"chat:write", "commands", "users:read", "users:read.email"}
OPTIONAL = {"channels:read", "files:write", "groups:read", "im:write", "usergroups:read"}


def test_no_scope_goes_beyond_the_minimum_and_the_optional_ones(manifest: dict[str, Any]) -> None:
    """E-mail addresses are not even read, because nobody is known by theirs."""
    asked_for = set(manifest["oauth_config"]["scopes"]["bot"])
    assert asked_for - MINIMUM <= OPTIONAL
    assert MINIMUM - asked_for == {"users:read.email"}
    assert "user" not in manifest["oauth_config"]["scopes"]


def test_nobody_s_messages_are_read(manifest: dict[str, Any]) -> None:
    """Neither by a scope of history nor by an event that tells of messages."""
    asked_for = manifest["oauth_config"]["scopes"]["bot"] + manifest["settings"]["event_subscriptions"]["bot_events"]
    assert [one for one in asked_for if one.endswith(":history") or one.startswith("message")] == []
