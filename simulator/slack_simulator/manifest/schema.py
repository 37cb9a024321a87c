"""What Slack takes as an app manifest: known fields, required ones, lengths, and what goes together.

docs.slack.dev/reference/app-manifest. Sections that mean nothing to a workspace (functions, workflows, datastores) are
taken as they are. Which scopes and events exist is not known here.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from slack_simulator.base.json_types import JsonObject, as_list, as_object, objects_in
from slack_simulator.base.schema import (
    Check,
    Problem,
    anything,
    array,
    boolean,
    both,
    integer,
    matching,
    one_of,
    shape,
    string,
    url,
)

EVENTS = 100
SCOPES = 255
COMMANDS = 50
SHORTCUTS = 10


def _unique(value: Any, at: str) -> Iterator[Problem]:
    """Nothing is listed twice."""
    items = as_list(value) or []
    if any(one in items[:number] for number, one in enumerate(items)):
        yield Problem("must have unique items", at)


def _names(most: int, longest: int) -> Check:
    return both(array(string(longest), most, 0), _unique)


_URL = url(3000, "http", "https")
_display_information = shape(
    {"name": string(35)},
    {
        "description": string(140),
        "background_color": matching("#([0-9A-Fa-f]{3}|[0-9A-Fa-f]{6})", "a colour in the form #rgb or #rrggbb"),
        "long_description": string(4000, 175),
    },
)
_command = shape(
    {"command": matching(r"/\S{1,31}", "a slash and up to 31 characters"), "description": string(2000)},
    {"url": _URL, "usage_hint": string(1000), "should_escape": boolean},
)
_shortcut = shape(
    {
        "name": string(24),
        "type": one_of("message", "global"),
        "callback_id": string(255),
        "description": string(150),
    }
)
_features = shape(
    {},
    {
        "app_home": shape(
            {},
            dict.fromkeys(("home_tab_enabled", "messages_tab_enabled", "messages_tab_read_only_enabled"), boolean),
        ),
        "bot_user": shape({"display_name": string(80)}, {"always_online": boolean}),
        "shortcuts": array(_shortcut, SHORTCUTS),
        "slash_commands": array(_command, COMMANDS),
        "unfurl_domains": array(string(255), 5),
        **dict.fromkeys(("agent_view", "assistant_view", "code_channels", "functions", "workflow_steps"), anything),
    },
)
_scopes = shape(
    {}, dict.fromkeys(("bot", "bot_optional", "user", "user_optional"), both(array(string(50), SCOPES, 0), _unique))
)
_oauth_config = shape(
    {},
    {
        "redirect_urls": array(string(3000), 1000, 0),
        "scopes": _scopes,
        "token_management_enabled": boolean,
        "pkce_enabled": boolean,
    },
)
_settings = shape(
    {},
    {
        "allowed_ip_address_ranges": array(string(50), 100, 0),
        "event_subscriptions": shape(
            {},
            {
                "request_url": url(3500, "http", "https"),
                "bot_events": _names(EVENTS, 255),
                "user_events": _names(EVENTS, 255),
                "metadata_subscriptions": anything,
            },
        ),
        "interactivity": shape({"is_enabled": boolean}, {"request_url": _URL, "message_menu_options_url": _URL}),
        **dict.fromkeys(
            (
                "is_hosted",
                "is_mcp_enabled",
                "org_deploy_enabled",
                "socket_mode_enabled",
                "token_rotation_enabled",
            ),
            boolean,
        ),
        **dict.fromkeys(("function_runtime", "hermes_app_type", "incoming_webhooks", "siws_links"), anything),
    },
)
_metadata = shape(
    {},
    {
        "schema_version": anything,
        "min_version": anything,
        "major_version": integer(1, 2),
        "minor_version": integer(0, 9999),
    },
)
_ELSEWHERE = (
    "$schema",
    "app_directory",
    "datastores",
    "external_auth_providers",
    "functions",
    "mcp_servers",
    "outgoing_domains",
    "types",
    "workflows",
)
_manifest = shape(
    {"display_information": _display_information},
    {
        "_metadata": _metadata,
        "features": _features,
        "oauth_config": _oauth_config,
        "settings": _settings,
        **dict.fromkeys(_ELSEWHERE, anything),
    },
)


def manifest_problems(document: Mapping[str, Any]) -> list[Problem]:
    """Everything wrong with a manifest; an empty list means that Slack would take it."""
    return list(_manifest(document, "")) or list(_contradictions(document))


def _contradictions(document: Mapping[str, Any]) -> Iterator[Problem]:
    """What is well formed, and of no use together."""
    features, settings = part(document, "features"), part(document, "settings")
    scopes = part(part(document, "oauth_config"), "scopes").get("bot", [])
    commands, shortcuts = objects_in(features.get("slash_commands")), objects_in(features.get("shortcuts"))
    names = [one["command"] for one in commands]
    if len(names) != len(set(names)):
        yield Problem("each command may be listed once", "/features/slash_commands")
    for given, name in ((commands, "slash_commands"), (shortcuts, "shortcuts")):
        if given and "commands" not in scopes:
            yield Problem("needs the scope commands", f"/features/{name}")
    if shortcuts and not part(settings, "interactivity").get("is_enabled"):
        yield Problem("needs settings.interactivity.is_enabled", "/features/shortcuts")
    if "users:read.email" in scopes and "users:read" not in scopes:
        yield Problem("users:read.email needs users:read beside it", "/oauth_config/scopes/bot")
    if not settings.get("socket_mode_enabled"):
        yield from _homeless(commands, settings)


def _homeless(commands: list[JsonObject], settings: JsonObject) -> Iterator[Problem]:
    """What has nowhere to go without Socket Mode."""
    for number, one in enumerate(commands):
        if "url" not in one:
            yield Problem("requires a url or Socket Mode enabled", f"/features/slash_commands/{number}")
    interactivity, events = part(settings, "interactivity"), part(settings, "event_subscriptions")
    if interactivity.get("is_enabled") and "request_url" not in interactivity:
        yield Problem("Interactivity requires a Request URL or Socket Mode enabled", "/settings/interactivity")
    if events.get("bot_events") and "request_url" not in events:
        yield Problem(
            "Event Subscription requires either Request URL or Socket Mode Enabled", "/settings/event_subscriptions"
        )


def part(document: Mapping[str, Any], name: str) -> JsonObject:
    """A section; an empty one if it is not there."""
    return as_object(document.get(name)) or {}
