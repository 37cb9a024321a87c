"""Payloads go to this machine and to no other."""

import pytest

from slack_simulator.manifest.manifest import Manifest, manifest_of
from slack_simulator.server import Person, SpecError, WorkspaceSpec, serve

PEOPLE = (Person("alice", "U0ALICE", "Alice Archer", "alice@example.com"),)


def manifest(base: str, options: str | None = None) -> Manifest:
    """An app that takes everything by HTTP."""
    settings = {"is_enabled": True, "request_url": f"{base}/actions"}
    return manifest_of(
        {
            "display_information": {"name": "Lunch"},
            "features": {
                "app_home": {"home_tab_enabled": True},
                "slash_commands": [{"command": "/lunch", "description": "Order", "url": f"{base}/commands"}],
            },
            "oauth_config": {"scopes": {"bot": ["commands", "chat:write"]}},
            "settings": {
                "interactivity": settings | ({} if options is None else {"message_menu_options_url": options}),
                "event_subscriptions": {"request_url": f"{base}/events", "bot_events": ["app_home_opened"]},
                "socket_mode_enabled": False,
            },
        }
    )


@pytest.mark.parametrize(
    "base",
    [
        "https://example.com",
        "http://10.0.0.1:80",
        "http://localhost.example.com",
        "http://[::2]",
        "http://[nonsense",
    ],
)
async def test_only_this_machine_is_called(base: str) -> None:
    """A manifest with the production urls must not leak what people try here."""
    with pytest.raises(SpecError, match="the simulator sends requests to this machine only"):
        async with serve(WorkspaceSpec(people=PEOPLE, manifest=manifest(base))):
            pass
