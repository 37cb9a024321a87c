"""A workspace's file: every mistake is refused and names its place."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from slack_simulator.manifest.manifest import manifest_of
from slack_simulator.server import SpecError, load_spec


def test_a_spec_explains_its_mistakes(tmp_path: Path) -> None:
    """From a file, every mistake names its place."""
    file = tmp_path / "spec.json"
    for content, words in [
        ("{", "cannot read"),
        ("[]", "one JSON object"),
        ('{"colour": 1}', "colour: there is no such field"),
        ('{"people": [{"name": "a"}]}', r"people\.0\.slack_id: .*required"),
        ('{"people": [{"name": "a", "slack_id": 7}]}', r"people\.0\.slack_id: .*string"),
        ('{"people": {"name": "a"}}', "people: .*array"),
        ('{"rate_limits": "no"}', "rate_limits: .*boolean"),
        ('{"manifest": 3}', "manifest must be an app manifest"),
        ('{"team_name": "\\ud800"}', "cannot read"),
        ('{"channels": [{"name": "a", "id": "C1", "members": ["U1"]}]}', "members that are not people"),
    ]:
        file.write_text(content)
        with pytest.raises(SpecError, match=words):
            load_spec(file)
    file.write_text(json.dumps({"team_name": "Acme & Co", "commands": ["/go"]}))
    assert load_spec(file).domain == "acme---co"


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


@pytest.mark.parametrize("given", [WHOLE, "apps/manifest.yml"])
def test_a_workspace_file_holds_it_or_names_it(tmp_path: Path, given: Any) -> None:
    """A path counts from the workspace's file."""
    (tmp_path / "apps").mkdir()
    (tmp_path / "apps" / "manifest.yml").write_text(yaml.safe_dump(WHOLE))
    spec_file = tmp_path / "workspace.json"
    spec_file.write_text(json.dumps({"manifest": given}))
    assert load_spec(spec_file).manifest == manifest_of(WHOLE)


@pytest.mark.parametrize("given", [3, {"features": []}, "nowhere.yml"])
def test_a_workspace_file_with_a_wrong_one(tmp_path: Path, given: Any) -> None:
    """It is the workspace's file that is wrong."""
    spec_file = tmp_path / "workspace.json"
    spec_file.write_text(json.dumps({"manifest": given}))
    with pytest.raises(SpecError, match="manifest"):
        load_spec(spec_file)
