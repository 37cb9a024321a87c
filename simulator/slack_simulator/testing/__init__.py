"""A pytest plugin: a Slack workspace for each test of any Bolt app, in a test's own words.

    pytest_plugins = ["slack_simulator.testing"]

    async def test_lunch(slack_workspace: Workspace) -> None:
        alice = slack_workspace.user("alice")
        await alice.types("/lunch")
        await alice.fills("Order lunch", {"Dish": "stew"})
        await slack_workspace.channel("general").shows("stew for @alice")

docs/testing.md has the whole of it. Knows no particular app. Without pytest the people and
channels still work, in scripts; only the fixtures are missing.

PYTEST_DONT_REWRITE: it raises its own words and asserts nothing, and may be imported before pytest marks its plugins.
"""

import importlib.util

from slack_simulator.base.clock import Clock
from slack_simulator.testing.hosting import Hosting, hosted
from slack_simulator.testing.people import Refused, User
from slack_simulator.testing.screen import Message, NotThere, Screen, View
from slack_simulator.testing.workspace import Channel, Workspace

__all__ = [
    "Channel",
    "Clock",
    "Hosting",
    "Message",
    "NotThere",
    "Refused",
    "Screen",
    "User",
    "View",
    "Workspace",
    "hosted",
]

if importlib.util.find_spec("pytest") is not None:
    from slack_simulator.testing.fixtures import (
        slack_clock,
        slack_hosting,
        slack_spec,
        slack_workspace,
        slack_workspace_sync,
    )

    __all__ += ["slack_clock", "slack_hosting", "slack_spec", "slack_workspace", "slack_workspace_sync"]
