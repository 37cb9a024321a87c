"""What an app manifest says of an app: scopes, events, commands, shortcuts, and where it takes payloads.

Reads the v2 document of docs.slack.dev/reference/app-manifest. Only what a workspace acts on is kept; a document that
contradicts itself, as Slack would refuse it, raises ManifestError with the path of what is wrong.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import yaml

from simulator.json_types import JsonObject, as_list, as_object

#: docs.slack.dev/reference/app-manifest: the lengths and numbers that Slack takes.
COMMAND_LIMIT = 50
COMMAND_LENGTH = 32
SHORTCUT_LIMIT = 10
SHORTCUT_NAME_LENGTH = 24
CALLBACK_ID_LENGTH = 255
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
    except (OSError, UnicodeDecodeError, yaml.YAMLError, json.JSONDecodeError) as problem:
        raise ManifestError(f"cannot read {path}: {problem}") from problem
    if document is None:
        raise ManifestError(f"{path} must hold one object: an app manifest")
    return manifest_of(document)


def manifest_of(document: Mapping[str, Any]) -> Manifest:
    """The manifest in this document. Raises ManifestError."""
    features, settings = _part(document, "features"), _part(document, "settings")
    interactivity, events = _part(settings, "interactivity"), _part(settings, "event_subscriptions")
    home = _part(features, "app_home")
    manifest = Manifest(
        bot_scopes=frozenset(_words(_part(_part(document, "oauth_config"), "scopes"), "bot", "oauth_config.scopes")),
        events=tuple(_words(events, "bot_events", "settings.event_subscriptions")),
        events_url=_text(events, "request_url") or None,
        commands=tuple(_command(one) for one in _objects(features, "slash_commands", "features")),
        shortcuts=tuple(_shortcut(one) for one in _objects(features, "shortcuts", "features")),
        is_interactive=_flag(interactivity, "is_enabled"),
        interactivity_url=_text(interactivity, "request_url") or None,
        options_url=_text(interactivity, "message_menu_options_url") or None,
        is_socket_mode=_flag(settings, "socket_mode_enabled"),
        has_home_tab=_flag(home, "home_tab_enabled"),
        has_messages_tab=_flag(home, "messages_tab_enabled", absent=True),
    )
    _refuse_contradictions(manifest)
    return manifest


def _command(document: JsonObject) -> Command:
    name = _text(document, "command")
    if not name.startswith("/") or not 2 <= len(name) <= COMMAND_LENGTH or " " in name:
        raise ManifestError(
            f"features.slash_commands: {name!r} is not a slash and up to {COMMAND_LENGTH - 1} characters"
        )
    return Command(
        command=name,
        description=_text(document, "description"),
        usage_hint=_text(document, "usage_hint"),
        should_escape=_flag(document, "should_escape"),
        url=_text(document, "url") or None,
    )


def _shortcut(document: JsonObject) -> Shortcut:
    name, callback_id = _text(document, "name"), _text(document, "callback_id")
    if not 0 < len(name) <= SHORTCUT_NAME_LENGTH:
        raise ManifestError(f"features.shortcuts: the name {name!r} must have 1 to {SHORTCUT_NAME_LENGTH} characters")
    if not 0 < len(callback_id) <= CALLBACK_ID_LENGTH:
        raise ManifestError(f"features.shortcuts: {name!r} needs a callback_id of up to {CALLBACK_ID_LENGTH}")
    try:
        kind = ShortcutKind(_text(document, "type"))
    except ValueError as problem:
        raise ManifestError(f"features.shortcuts: the type of {name!r} must be global or message") from problem
    return Shortcut(name, callback_id, kind, _text(document, "description"))


def _refuse_contradictions(manifest: Manifest) -> None:
    names = [one.command for one in manifest.commands]
    if len(names) != len(set(names)) or len(names) > COMMAND_LIMIT:
        raise ManifestError(f"features.slash_commands: at most {COMMAND_LIMIT}, each command once")
    for kind in ShortcutKind:
        if sum(one.kind is kind for one in manifest.shortcuts) > SHORTCUT_LIMIT:
            raise ManifestError(f"features.shortcuts: at most {SHORTCUT_LIMIT} of type {kind}")
    if manifest.commands and "commands" not in manifest.bot_scopes:
        raise ManifestError("features.slash_commands needs the scope commands")
    if manifest.shortcuts and "commands" not in manifest.bot_scopes:
        raise ManifestError("features.shortcuts needs the scope commands")
    if manifest.shortcuts and not manifest.is_interactive:
        raise ManifestError("features.shortcuts needs settings.interactivity.is_enabled")
    if "users:read.email" in manifest.bot_scopes and "users:read" not in manifest.bot_scopes:
        raise ManifestError("oauth_config.scopes.bot: users:read.email needs users:read beside it")
    if manifest.is_socket_mode:
        return
    if any(one.url is None for one in manifest.commands):
        raise ManifestError("features.slash_commands: without Socket Mode each command needs a url")
    if manifest.is_interactive and manifest.interactivity_url is None:
        raise ManifestError("settings.interactivity: without Socket Mode it needs a request_url")
    if manifest.events and manifest.events_url is None:
        raise ManifestError("settings.event_subscriptions: without Socket Mode it needs a request_url")


def _part(document: Mapping[str, Any], name: str) -> JsonObject:
    part = as_object(document.get(name, {}))
    if part is None:
        raise ManifestError(f"{name} must be an object")
    return part


def _text(document: Mapping[str, Any], name: str) -> str:
    value = document.get(name, "")
    if not isinstance(value, str):
        raise ManifestError(f"{name} must be a text, not {value!r}")
    return value


def _flag(document: Mapping[str, Any], name: str, *, absent: bool = False) -> bool:
    value = document.get(name, absent)
    if not isinstance(value, bool):
        raise ManifestError(f"{name} must be true or false, not {value!r}")
    return value


def _objects(document: Mapping[str, Any], name: str, where: str) -> list[JsonObject]:
    items = as_list(document.get(name, []))
    objects = [as_object(one) for one in items or []]
    if items is None or None in objects:
        raise ManifestError(f"{where}.{name} must be a list of objects")
    return [one for one in objects if one is not None]


def _words(document: Mapping[str, Any], name: str, where: str) -> list[str]:
    value: Any = document.get(name, [])
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):  # pyright: ignore[reportUnknownVariableType]
        raise ManifestError(f"{where}.{name} must be a list of names")
    return value  # pyright: ignore[reportUnknownVariableType]
