"""A Slack workspace for the tests of any Bolt app, in a test's own words.

    async def test_lunch(slack_workspace: Workspace) -> None:
        alice = slack_workspace.user("alice")
        await alice.types("/lunch")
        await alice.fills("Order lunch", {"Dish": "stew"})
        await slack_workspace.channel("general").shows("stew for @alice")

docs/testing.md has the whole of it. Knows no particular app. Without pytest the people and channels still work, in
scripts; the fixtures are `slack_simulator.pytest_plugin`'s.

PYTEST_DONT_REWRITE: it raises its own words and asserts nothing, and may be imported before pytest marks its plugins.
"""

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

#: For a project that names this package in its own `pytest_plugins`, where pytest loads no plugins by itself.
pytest_plugins = ["slack_simulator.pytest_plugin"]
