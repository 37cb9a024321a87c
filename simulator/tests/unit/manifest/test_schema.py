"""What Slack would refuse of an app manifest, each wrong place with its path, and what it takes unread."""

from copy import deepcopy
from typing import Any

import pytest

from slack_simulator.manifest.schema import COMMANDS, SHORTCUTS, manifest_problems, part

NAMED: dict[str, Any] = {"display_information": {"name": "Lunch"}}


WHOLE: dict[str, Any] = {
    "_metadata": {"major_version": 2},
    "display_information": {"name": "Lunch"},
    "features": {
        "app_home": {"home_tab_enabled": True, "messages_tab_enabled": False},
        "slash_commands": [
            {"command": "/lunch", "description": "Order", "usage_hint": "<dish>", "should_escape": True},
            {"command": "/menu", "description": "Look"},
        ],
        "shortcuts": [
            {"name": "Order lunch", "type": "global", "callback_id": "order", "description": "From anywhere"},
            {"name": "Same as they", "type": "message", "callback_id": "same", "description": "From a message"},
        ],
    },
    "oauth_config": {"scopes": {"bot": ["commands", "chat:write", "users:read"]}},
    "settings": {
        "event_subscriptions": {"bot_events": ["app_home_opened", "user_change"]},
        "interactivity": {"is_enabled": True},
        "socket_mode_enabled": True,
    },
}


def changed(path: str, value: Any) -> dict[str, Any]:
    """The whole manifest with one place set to something else."""
    document = deepcopy(WHOLE)
    *way, last = path.split(".")
    place: Any = document
    for step in way:
        place = place[int(step)] if isinstance(place, list) else place.setdefault(step, {})
    if isinstance(place, list):
        place[int(last)] = value
    else:
        place[last] = value
    return document


def told(document: dict[str, Any]) -> list[str]:
    return [f"{one.pointer or '/'}: {one.message}" for one in manifest_problems(document)]


def test_a_whole_manifest_and_an_empty_one_are_taken() -> None:
    assert told(WHOLE) == told(NAMED) == []


TAKEN: list[tuple[str, Any]] = [
    ("display_information.name", "x" * 35),
    ("display_information.background_color", "#C0F"),
    ("display_information.long_description", "x" * 175),
    ("features.assistant_view", {"anything": ["at", "all"]}),
    ("workflows", {"w": {}}),
    ("functions", None),
    ("settings.event_subscriptions.bot_events", []),
    ("settings.incoming_webhooks", {"incoming_webhooks_enabled": True}),
    ("features.slash_commands.0.command", "/" + "x" * 31),
    ("oauth_config.scopes.user", ["search:read"]),
]


@pytest.mark.parametrize(("path", "value"), TAKEN)
def test_what_is_taken(path: str, value: Any) -> None:
    """Limits themselves, and sections that mean nothing to a workspace, whatever is in them."""
    assert told(changed(path, value)) == []


def shortcuts(number: int) -> list[dict[str, str]]:
    kinds = ("global", "message")
    return [
        {"name": f"Shortcut {one}", "type": kinds[one % 2], "callback_id": f"s{one}", "description": "x"}
        for one in range(number)
    ]


def commands(number: int) -> list[dict[str, str]]:
    return [{"command": f"/lunch{one}", "description": "x"} for one in range(number)]


COMMAND = "features.slash_commands.0."


REFUSED: list[tuple[str, Any, str]] = [
    ("display_information", {}, "/display_information: missing required field: name"),
    ("display_information.name", "x" * 36, "/display_information/name: must be less than 36 characters"),
    ("display_information.long_description", "short", "/long_description: must be more than 174 characters"),
    ("display_information.background_color", "blue", "/background_color: must be a colour"),
    ("display_information.colour", "red", "/display_information: invalid additional property: colour"),
    ("behaviour", {}, "/: invalid additional property: behaviour"),
    ("features", [], "/features: must provide an object"),
    ("features.magic", True, "/features: invalid additional property: magic"),
    ("features.bot_user", {}, "/features/bot_user: missing required field: display_name"),
    ("features.app_home.home_tab_enabled", None, "/features/app_home/home_tab_enabled: must be a boolean"),
    ("settings", "on", "/settings: must provide an object"),
    ("settings.interactivity", True, "/settings/interactivity: must provide an object"),
    ("settings.interactivity", {}, "/settings/interactivity: missing required field: is_enabled"),
    ("settings.interactivity.is_enabled", "yes", "/settings/interactivity/is_enabled: must be a boolean"),
    ("settings.interactivity.request_url", "ftp://x", "/settings/interactivity/request_url: must be a valid URL"),
    ("settings.socket_mode_enabled", 1, "/settings/socket_mode_enabled: must be a boolean"),
    ("settings.event_subscriptions.bot_events", "user_change", "/bot_events: must provide an array"),
    ("settings.event_subscriptions.bot_events", [1], "/bot_events/0: must provide a string"),
    ("settings.event_subscriptions.bot_events", ["user_change"] * 2, "/bot_events: must have unique items"),
    ("settings.event_subscriptions.request_url", 1, "/event_subscriptions/request_url: must provide a string"),
    ("oauth_config.scopes.bot", "chat:write", "/oauth_config/scopes/bot: must provide an array"),
    ("oauth_config.scopes.robot", [], "/oauth_config/scopes: invalid additional property: robot"),
    ("oauth_config.scopes.bot", ["chat:write"], "/features/slash_commands: needs the scope commands"),
    ("oauth_config.scopes.bot", ["commands", "users:read.email"], "users:read.email needs users:read"),
    ("features.slash_commands", {}, "/features/slash_commands: must provide an array"),
    ("features.slash_commands", ["/lunch"], "/features/slash_commands/0: must provide an object"),
    (COMMAND + "command", "lunch", "must be a slash and up to 31"),
    (COMMAND + "command", "/", "must be a slash and up to 31"),
    (COMMAND + "command", "/two words", "must be a slash and up to 31"),
    (COMMAND + "command", "/" + "x" * 32, "must be a slash and up to 31"),
    (COMMAND + "command", 5, "/features/slash_commands/0/command: must be a slash"),
    (COMMAND + "command", "/menu", "/features/slash_commands: each command may be listed once"),
    (COMMAND + "description", "", "/slash_commands/0/description: must be more than 0 characters"),
    (COMMAND + "usage_hint", "x" * 1001, "/slash_commands/0/usage_hint: must be less than 1001 characters"),
    (COMMAND + "should_escape", "no", "/slash_commands/0/should_escape: must be a boolean"),
    ("features.slash_commands", [{"command": "/lunch"}], "missing required field: description"),
    ("features.slash_commands", commands(51), "no more than 50 items allowed"),
    ("features.shortcuts", "x", "/features/shortcuts: must provide an array"),
    ("features.shortcuts.0.name", "", "/shortcuts/0/name: must be more than 0 characters"),
    ("features.shortcuts.0.name", "x" * 25, "/shortcuts/0/name: must be less than 25 characters"),
    ("features.shortcuts.0.callback_id", "", "/shortcuts/0/callback_id: must be more than 0"),
    ("features.shortcuts.0.callback_id", "x" * 256, "/shortcuts/0/callback_id: must be less than 256"),
    ("features.shortcuts.0.type", "everywhere", "/shortcuts/0/type: must be a valid enum value"),
    ("features.shortcuts", shortcuts(11), "no more than 10 items allowed"),
    ("settings.interactivity.is_enabled", False, "/features/shortcuts: needs settings.interactivity"),
    ("settings.socket_mode_enabled", False, "/slash_commands/0: requires a url or Socket Mode enabled"),
]


@pytest.mark.parametrize(("path", "value", "problem"), REFUSED)
def test_what_slack_would_refuse(path: str, value: Any, problem: str) -> None:
    """One wrong place, and the message names it."""
    assert any(problem in one for one in told(changed(path, value))), told(changed(path, value))


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"interactivity": {"is_enabled": True}}, "/settings/interactivity: Interactivity requires a Request URL"),
        ({"event_subscriptions": {"bot_events": ["app_mention"]}}, "/settings/event_subscriptions: Event Subscription"),
    ],
)
def test_http_mode_needs_its_urls(settings: dict[str, Any], problem: str) -> None:
    """Nobody would hear of a payload that has nowhere to go."""
    assert any(problem in one for one in told(NAMED | {"settings": settings}))


def test_shortcuts_need_the_commands_scope_too() -> None:
    """As slash commands do."""
    document = {"features": {"shortcuts": shortcuts(1)}, "settings": {"interactivity": {"is_enabled": True}}}
    assert told(NAMED | document)[:1] == ["/features/shortcuts: needs the scope commands"]


def test_what_is_malformed_is_told_before_what_contradicts() -> None:
    """Sections are compared with each other only once each is well-formed."""
    document = changed("settings.socket_mode_enabled", value=False)
    document["display_information"]["name"] = ""
    assert told(document) == ["/display_information/name: must be more than 0 characters"]


def test_as_many_as_there_may_be() -> None:
    document = changed("features.slash_commands", commands(COMMANDS))
    document["features"]["shortcuts"] = shortcuts(SHORTCUTS)
    assert told(document) == []


def test_a_part_that_is_not_there_is_empty() -> None:
    assert part({}, "features") == part({"features": None}, "features") == part({"features": 1}, "features") == {}
    assert part(WHOLE, "settings") == WHOLE["settings"]
