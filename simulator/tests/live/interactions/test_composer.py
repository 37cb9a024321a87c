"""Where nobody can type, nobody types."""

from typing import Any

import pytest

from slack_simulator.client import ControlError, SimulatorClient
from slack_simulator.manifest.manifest import manifest_of
from slack_simulator.server import Person, WorkspaceSpec, serve

NAMED: dict[str, Any] = {"display_information": {"name": "Lunch"}}


async def test_a_messages_tab_for_reading_alone() -> None:
    """Nobody can type there, a command as little as a message."""
    tabs = {"messages_tab_enabled": True, "messages_tab_read_only_enabled": True}
    manifest = manifest_of(NAMED | {"features": {"app_home": tabs}})
    alice = Person("alice", "U0ALICE", "Alice Archer", "alice@example.com")
    spec = WorkspaceSpec(people=(alice,), manifest=manifest)
    async with serve(spec) as simulator, SimulatorClient(simulator.url) as people:
        for line in ("hello", "/lunch"):
            with pytest.raises(ControlError, match="messages_tab_read_only_enabled"):
                await people.say("alice", "dm", line)
        assert await people.messages("dm", "alice") == []
