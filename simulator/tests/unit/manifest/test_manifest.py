"""An app manifest is read as Slack reads it, and what Slack would refuse is refused with its path."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from slack_simulator.manifest.manifest import Command, ManifestError, Shortcut, ShortcutKind, load_manifest, manifest_of

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


def test_a_whole_manifest() -> None:
    """Everything that a workspace acts on is kept."""
    manifest = manifest_of(WHOLE)
    assert manifest.bot_scopes == {"commands", "chat:write", "users:read"}
    assert manifest.events == ("app_home_opened", "user_change")
    assert manifest.command("/lunch") == Command("/lunch", "Order", "<dish>", should_escape=True)
    assert manifest.command("/dinner") is None
    assert manifest.shortcuts == (
        Shortcut("Order lunch", "order", ShortcutKind.GLOBAL, "From anywhere"),
        Shortcut("Same as they", "same", ShortcutKind.MESSAGE, "From a message"),
    )
    assert (manifest.is_socket_mode, manifest.is_interactive) == (True, True)
    assert (manifest.has_home_tab, manifest.has_messages_tab) == (True, False)


def test_an_empty_manifest_is_an_app_that_can_do_nothing() -> None:
    """Slack's defaults: no Socket Mode, no interactivity, a messages tab."""
    manifest = manifest_of(NAMED)
    assert (manifest.bot_scopes, manifest.events, manifest.commands, manifest.shortcuts) == (frozenset(), (), (), ())
    assert (manifest.is_socket_mode, manifest.is_interactive, manifest.has_messages_tab) == (False, False, True)


def test_http_mode() -> None:
    """Without Socket Mode, everything has a url of its own."""
    document = deepcopy(WHOLE)
    document["settings"]["socket_mode_enabled"] = False
    document["settings"]["event_subscriptions"]["request_url"] = "http://127.0.0.1:1/events"
    document["settings"]["interactivity"] |= {
        "request_url": "http://127.0.0.1:1/act",
        "message_menu_options_url": "http://127.0.0.1:1/options",
    }
    for command in document["features"]["slash_commands"]:
        command["url"] = "http://127.0.0.1:1/command"
    manifest = manifest_of(document)
    assert manifest.events_url == "http://127.0.0.1:1/events"
    assert manifest.interactivity_url == "http://127.0.0.1:1/act"
    assert manifest.options_url == "http://127.0.0.1:1/options"
    assert [one.url for one in manifest.commands] == ["http://127.0.0.1:1/command"] * 2


def test_what_slack_would_refuse_is_refused_with_all_its_places() -> None:
    """The message has each with its path."""
    with pytest.raises(ManifestError) as refused:
        manifest_of({"behaviour": {}, "display_information": {"name": "", "colour": "red"}})
    for problem in ("/display_information/name: must be more than 0", "/display_information: invalid", "/: invalid"):
        assert problem in str(refused.value)


@pytest.mark.parametrize("name", ["manifest.yml", "manifest.json"])
def test_files_of_either_kind(tmp_path: Path, name: str) -> None:
    """YAML as Slack's own page shows it, or JSON."""
    path = tmp_path / name
    path.write_text(yaml.safe_dump(WHOLE) if name.endswith("yml") else json.dumps(WHOLE))
    assert load_manifest(path) == manifest_of(WHOLE)


@pytest.mark.parametrize(
    ("content", "problem"),
    [("- 1", "must hold one object"), ("{", "cannot read"), (None, "cannot"), ("[" * 5000, "cannot read")],
)
def test_files_that_are_none(tmp_path: Path, content: str | None, problem: str) -> None:
    """Unreadable, malformed, or something else."""
    path = tmp_path / "manifest.yml"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ManifestError, match=problem):
        load_manifest(path)
