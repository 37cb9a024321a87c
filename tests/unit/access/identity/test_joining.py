"""What claims say of groups, and what people are called whom a provider brings."""

from typing import Any

import pytest

from access.identity.joining import Names, fills, name_of, told_groups
from access.policy.policy import Policy
from support.policies import policy_document


@pytest.fixture
def policy() -> Policy:
    document = policy_document()
    corp = {"issuer": "https://login.example.com", "client_id": "gatepass"}
    document["providers"] = {"corp": corp, "other": corp | {"issuer": "https://other.example.com"}}
    document["groups"] |= {
        "oncall": {"provider": "corp", "value": "db-oncall"},
        "admins": {"provider": "corp", "claim": "/realm_access/roles", "value": "gate admin"},
        "named": {"provider": "corp", "claim": "https://example.com/teams", "value": "sre"},
        "elsewhere": {"provider": "other", "value": "db-oncall"},
    }
    return Policy.model_validate(document)


@pytest.mark.parametrize(
    ("claims", "groups"),
    [
        ({"groups": ["db-oncall", "lunch"]}, ["oncall"]),
        ({"groups": "db-oncall"}, ["oncall"]),
        ({"groups": ["DB-oncall", "db-oncall-2"]}, []),
        ({"groups": {"db-oncall": True}}, []),
        ({"groups": [{"name": "db-oncall"}, None, 7, ["db-oncall"]]}, []),
        ({"groups": ["x" * 513, "db-oncall"]}, ["oncall"]),
        ({"groups": [*(f"g{n}" for n in range(2_000)), "db-oncall"]}, []),
        ({"realm_access": {"roles": ["gate admin"]}}, ["admins"]),
        ({"/realm_access/roles": ["gate admin"]}, ["admins"]),
        ({"realm_access": ["roles"]}, []),
        ({"https://example.com/teams": ["sre"], "groups": ["db-oncall"]}, ["oncall", "named"]),
        ({}, []),
    ],
)
def test_a_group_is_told_by_its_value_in_its_claim(policy: Policy, claims: dict[str, Any], groups: list[str]) -> None:
    provider = policy.providers["corp"]
    assert fills(policy, provider, told_groups(policy, provider, claims)) == groups


def test_only_claims_that_the_policy_asks_for_are_kept(policy: Policy) -> None:
    claims = {"groups": ["lunch"], "address": ["home"], "email": "zoe@example.com"}
    assert told_groups(policy, policy.providers["corp"], claims) == {"groups": ["lunch"]}
    assert fills(policy, policy.providers["other"], {"groups": ["db-oncall"]}) == ["elsewhere"]


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("zoe@example.com", "zoe"),
        ("Zoë.Zimmer+gate@example.com", "zoe.zimmer-gate"),
        ("alice@example.com", "alice-3"),
        ("漢字@example.com", "person"),
        ("..-_@example.com", "person"),
        ("", "person"),
        ("x" * 80, "x" * 56),
    ],
)
def test_a_name_fits_commands_and_is_nobody_elses(said: str, name: str) -> None:
    assert name_of(said, {"alice", "alice-2"}) == name


def test_names_are_given_once_and_counted_on() -> None:
    names = Names({"info", "info-2"})
    assert [names.take("info@example.com") for _ in range(3)] == ["info-3", "info-4", "info-5"]
    assert names.take("Info-4@example.com") == "info-4-2"
