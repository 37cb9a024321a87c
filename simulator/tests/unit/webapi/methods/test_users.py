"""An account's flags imply each other as in Slack."""

from dataclasses import replace

from slack_simulator.manifest.manifest import Manifest
from slack_simulator.webapi.methods.users import person_json
from slack_simulator.workspace.spec import Person, WorkspaceSpec


def test_owners_and_guests_imply_what_they_imply() -> None:
    """A spec need not say the same thing twice."""
    spec = replace(WorkspaceSpec(), manifest=Manifest(bot_scopes=frozenset({"users:read"})))
    owner = person_json(Person("o", "U1", "O", "o@example.com", is_primary_owner=True), spec)
    guest = person_json(Person("g", "U2", "G", "g@example.com", is_ultra_restricted=True), spec)
    assert (owner["is_admin"], owner["is_owner"], owner["is_primary_owner"]) == (True, True, True)
    assert (guest["is_restricted"], guest["is_ultra_restricted"]) == (True, True)
    assert "email" not in owner["profile"]
