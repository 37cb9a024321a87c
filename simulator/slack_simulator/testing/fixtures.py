"""The pytest fixtures: a workspace for each test, for asynchronous tests and for blocking ones.

The only module of the product that imports pytest; whoever imports it is a test.
"""

from collections.abc import Iterator

import pytest

from slack_simulator.base.clock import Clock
from slack_simulator.server import WorkspaceSpec, demo_spec
from slack_simulator.testing import blocking
from slack_simulator.testing.hosting import Hosting, hosted
from slack_simulator.testing.workspace import Workspace


@pytest.fixture
def slack_spec() -> WorkspaceSpec:
    """The workspace to serve: alice, bob and carol in #general. Override it with your people and your manifest."""
    return demo_spec()


@pytest.fixture
def slack_clock() -> Clock:
    """The workspace's clock. Override it with `Clock(lambda: 1.8e9)` and time passes only when the test says so."""
    return Clock()


@pytest.fixture
def slack_hosting(slack_spec: WorkspaceSpec, slack_clock: Clock) -> Iterator[Hosting]:
    """The served workspace behind both of the others."""
    with hosted(slack_spec, slack_clock) as hosting:
        yield hosting


@pytest.fixture
def slack_workspace(slack_hosting: Hosting) -> Workspace:
    """A fresh workspace whose people are awaited: `await user.types(...)`."""
    return Workspace(slack_hosting)


@pytest.fixture
def slack_workspace_sync(slack_hosting: Hosting) -> blocking.Workspace:
    """A fresh workspace whose people block: `user.types(...)`, for a Bolt app that runs on threads of its own."""
    return blocking.Workspace(slack_hosting)
