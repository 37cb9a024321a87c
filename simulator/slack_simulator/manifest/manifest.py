"""What an app manifest says of an app: scopes, events, commands, shortcuts, and where it takes payloads.

Reads the v2 document of docs.slack.dev/reference/app-manifest. Only what a workspace acts on is kept; a document that
Slack would refuse raises ManifestError with the places that are wrong.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import yaml

from slack_simulator.base.json_types import JsonObject, as_object, objects_in
from slack_simulator.manifest.schema import manifest_problems, part

#: docs.slack.dev/reference/events: the scope without which Slack does not send an event.
EVENT_SCOPES: Mapping[str, str] = {
    "app_mention": "app_mentions:read",
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "message.im": "im:history",
    "message.mpim": "mpim:history",
    "reaction_added": "reactions:read",
    "user_change": "users:read",
}


class ManifestError(ValueError):
    """The manifest is not one that Slack would take; the message says where and why."""


class ShortcutKind(StrEnum):
    """Where a person finds a shortcut: everywhere, or in a message's menu."""

    GLOBAL = "global"
    MESSAGE = "message"


@dataclass(frozen=True)
class Command:
    """A slash command; `url` is where HTTP mode posts it."""

    command: str
    description: str = ""
    usage_hint: str = ""
    should_escape: bool = False
    url: str | None = None


@dataclass(frozen=True)
class Shortcut:
    """A shortcut as people find it."""

    name: str
    callback_id: str
    kind: ShortcutKind
    description: str = ""


@dataclass(frozen=True)
class Manifest:
    """The parts of an app manifest that a workspace acts on."""

    bot_scopes: frozenset[str] = frozenset()
    #: Names of `settings.event_subscriptions.bot_events`.
    events: tuple[str, ...] = ()
    events_url: str | None = None
    commands: tuple[Command, ...] = ()
    shortcuts: tuple[Shortcut, ...] = ()
    is_interactive: bool = False
    interactivity_url: str | None = None
    #: Where external selects ask for options; the interactivity url takes them if this is not set.
    options_url: str | None = None
    is_socket_mode: bool = True
    has_home_tab: bool = False
    has_messages_tab: bool = True
    #: People read the app's messages, and write it none.
    is_messages_tab_read_only: bool = False

    def command(self, name: str) -> Command | None:
        """The declared command with this name, such as "/hello"."""
        return next((one for one in self.commands if one.command == name), None)

    def hears(self, event: str) -> bool:
        """Whether the app subscribes to this event and has the scope for it."""
        scope = EVENT_SCOPES.get(event)
        return event in self.events and (scope is None or scope in self.bot_scopes)


def load_manifest(path: Path) -> Manifest:
    """Read a manifest from YAML or JSON. Raises ManifestError."""
    try:
        document = as_object(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as problem:
        raise ManifestError(f"cannot read {path}: {problem}") from problem
    if document is None:
        raise ManifestError(f"{path} must hold one object: an app manifest")
    return manifest_of(document)


def manifest_of(document: Mapping[str, Any]) -> Manifest:
    """The manifest in this document. Raises ManifestError with everything that is wrong with it."""
    problems = manifest_problems(document)
    if problems:
        raise ManifestError("; ".join(f"{one.pointer or '/'}: {one.message}" for one in problems))
    features, settings = part(document, "features"), part(document, "settings")
    interactivity, events = part(settings, "interactivity"), part(settings, "event_subscriptions")
    home = part(features, "app_home")
    return Manifest(
        bot_scopes=frozenset(part(part(document, "oauth_config"), "scopes").get("bot", [])),
        events=tuple(events.get("bot_events", [])),
        events_url=events.get("request_url"),
        commands=tuple(Command(**one) for one in objects_in(features.get("slash_commands"))),
        shortcuts=tuple(_shortcut(one) for one in objects_in(features.get("shortcuts"))),
        is_interactive=interactivity.get("is_enabled", False),
        interactivity_url=interactivity.get("request_url"),
        options_url=interactivity.get("message_menu_options_url"),
        is_socket_mode=settings.get("socket_mode_enabled", False),
        has_home_tab=home.get("home_tab_enabled", False),
        has_messages_tab=home.get("messages_tab_enabled", True),
        is_messages_tab_read_only=home.get("messages_tab_read_only_enabled", False),
    )


def _shortcut(document: JsonObject) -> Shortcut:
    kind = ShortcutKind(document["type"])
    return Shortcut(document["name"], document["callback_id"], kind, document["description"])
