"""The pytest plugin: a workspace for each test, for asynchronous tests and for blocking ones.

pytest loads it wherever slack-simulator is installed, in projects that never ask for a workspace too. So nothing is
imported here before a fixture is used. The only module of the product that imports pytest.

PYTEST_DONT_REWRITE: it asserts nothing, and may be imported before pytest marks its plugins.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from slack_simulator.server import Clock, WorkspaceSpec
    from slack_simulator.testing import Hosting, Workspace, blocking


@pytest.fixture
def slack_spec() -> WorkspaceSpec:
    """The workspace to serve: alice, bob and carol in #general. Override it with your people and your manifest."""
    from slack_simulator.server import demo_spec

    return demo_spec()


@pytest.fixture
def slack_clock() -> Clock:
    """The workspace's clock. Override it with `Clock(lambda: 1.8e9)` and time passes only when the test says so."""
    from slack_simulator.server import Clock

    return Clock()


@pytest.fixture
def slack_hosting(slack_spec: WorkspaceSpec, slack_clock: Clock) -> Iterator[Hosting]:
    """The served workspace behind both of the others."""
    from slack_simulator.testing import hosted

    with hosted(slack_spec, slack_clock) as hosting:
        yield hosting


@pytest.fixture
def slack_workspace(slack_hosting: Hosting) -> Workspace:
    """A fresh workspace whose people are awaited: `await user.types(...)`."""
    from slack_simulator.testing import Workspace

    return Workspace(slack_hosting)


@pytest.fixture
def slack_workspace_sync(slack_hosting: Hosting) -> blocking.Workspace:
    """A fresh workspace whose people block: `user.types(...)`, for a Bolt app that runs on threads of its own."""
    from slack_simulator.testing import blocking

    return blocking.Workspace(slack_hosting)
