"""Groups in the file: lists of people, or those whom a provider or Slack says are in it."""

import re
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from access.policy.policy import Policy
from access.policy.shapes.groups import ProviderGroup, SlackGroup
from support.policies import change, errors_of

CORP = {"issuer": "https://login.example.com", "client_id": "gatepass"}
TOLD = {"provider": "corp", "value": "db-oncall"}


@pytest.fixture
def document(document: dict[str, Any]) -> dict[str, Any]:
    document["providers"] = {"corp": dict(CORP)}
    return document


def test_each_kind_is_known_by_what_it_says(document: dict[str, Any]) -> None:
    document["groups"] |= {"oncall": TOLD, "sre": {"slack": "S0SRE"}}
    groups = Policy.model_validate(document).groups
    assert groups["engineers"] == ["alice", "bob", "erin", "deployer"]
    assert groups["oncall"] == ProviderGroup(provider="corp", claim="groups", value="db-oncall")
    assert groups["sre"] == SlackGroup(slack="S0SRE")


@pytest.mark.parametrize(
    ("wrong", "path", "sentence"),
    [
        (change("groups", "dba", to="bob"), "groups.dba", "must be a list: write [bob]"),
        (change("groups", "dba", to=["Bob"]), "groups.dba.0", "must be a name"),
        (change("groups", "dba", to={"provider": "corp"}), "groups.dba.value", "is missing"),
        (change("groups", "dba", to={"provider": "crop", "value": "x"}), "groups.dba.provider", "Did you mean corp?"),
        (change("groups", "dba", to=TOLD | {"valeu": "x"}), "groups.dba.valeu", "Did you mean value?"),
        (change("groups", "dba", to=TOLD | {"value": ""}), "groups.dba.value", "at least 1"),
        (change("groups", "dba", to=TOLD | {"claim": "//"}), "groups.dba.claim", "is no claim"),
        (change("groups", "dba", to={"slack": "sre"}), "groups.dba.slack", "id of a Slack user group"),
        (change("groups", "dba", to=TOLD | {"slack": "S0SRE"}), "groups.dba", "make two groups of it"),
        (change("providers", "corp", "scim", to={"tokn": "env:X"}), "providers.corp.scim.tokn", "Did you mean token?"),
        (change("policy", 0, "requires", to={"mfaa": True}), "policy.0.requires.mfaa", "Did you mean mfa?"),
        (change("groups", "dba", to={"slack": "S0SRE", "value": "x"}), "groups.dba.value", "is no key"),
        (change("providers", "corp", "groups_for", to="31d"), "providers.corp.groups_for", "must be 30d at most"),
        (change("tokens", to={"lifetime": "30s"}), "tokens.lifetime", "must be 1m at least"),
    ],
)
def test_what_is_wrong_with_one_is_told_where_it_stands(
    document: dict[str, Any], wrong: Callable[[dict[str, Any]], None], path: str, sentence: str
) -> None:
    wrong(document)
    errors = errors_of(yaml.safe_dump(document))
    assert any(re.match(rf".+:[0-9]+: {path}: .*{re.escape(sentence)}", error) for error in errors), errors


def test_reviewers_whom_a_provider_names_are_not_counted_in_the_file(document: dict[str, Any]) -> None:
    """How many they are is known when somebody asks."""
    document["groups"]["dba"] = TOLD
    policy = Policy.model_validate(document)
    assert policy.reviewers(["dba"]) == frozenset()
    assert policy.require("alice", "payments-db", "admin").why.startswith("The rule admin-by-one asks for 1 reviewers")
