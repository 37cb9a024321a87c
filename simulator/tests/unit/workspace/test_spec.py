"""What a workspace is made of: contradictions and tokens that look real are refused; the manifest decides."""

from typing import Any

import pytest

from slack_simulator.manifest.manifest import Manifest, manifest_of
from slack_simulator.server import SpecError, WorkspaceSpec
from slack_simulator.workspace.spec import UserGroup

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


def test_the_manifest_decides_what_the_app_is_told() -> None:
    """Commands, escapes and events of the manifest count, not those of the spec."""
    spec = WorkspaceSpec(commands=("/other",), events=("app_mention",), manifest=manifest_of(WHOLE))
    assert (spec.takes_command("/lunch"), spec.takes_command("/other")) == (True, False)
    assert (spec.escapes("/lunch"), spec.escapes("/menu")) == (True, False)
    assert (spec.subscribes("user_change"), spec.subscribes("app_mention")) == (True, False)


def test_events_need_their_scope_too() -> None:
    """A subscription without the scope is never heard of."""
    subscribed = ("app_home_opened", "user_change", "message.channels")
    spec = WorkspaceSpec(manifest=Manifest(bot_scopes=frozenset({"users:read"}), events=subscribed))
    assert [name for name in subscribed if spec.subscribes(name)] == ["app_home_opened", "user_change"]


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


@pytest.mark.parametrize("field", ["bot_token", "app_token"])
def test_tokens_must_not_look_real(field: str) -> None:
    """A token that could be somebody's is refused before anything listens."""
    with pytest.raises(SpecError, match=field):
        WorkspaceSpec(**{field: "xoxb-1234-abcd"})  # pyright: ignore[reportArgumentType] - one of two string fields
