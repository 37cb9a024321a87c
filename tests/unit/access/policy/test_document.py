"""The sections of gatepass.yml, each part well-formed by itself, and the people behind its names."""

from collections.abc import Callable
from typing import Any

import pytest

from access.policy.document import PolicyRule
from access.policy.policy import Policy
from storage.model import Decision
from support.policies import assert_told, change

MALFORMED = [
    (change("ticket", to={"url": "https://tickets.example/browse"}), "ticket.url", "pattern"),
    (change("ticket", to={"url": "http://tickets.example/{ticket}"}), "ticket.url", "pattern"),
    (change("ticket", to={"url": "javascript:{ticket}"}), "ticket.url", "pattern"),
    (change("resources", "payments-db", "tier", to="very prod"), "payments-db.tier", "pattern"),
    (change("resources", "payments-db", "description", to="x" * 201), "payments-db.description", "at most 200"),
    (change("policy", 0, "maximum_duration", to="25h"), "policy.0.maximum_duration", "less than or equal"),
    (change("policy", 0, "maximum_duration", to="1x"), "policy.0.maximum_duration", "is no duration"),
    (change("masking", to=[{"name": "nothing"}]), "masking.0", "masks nothing"),
    (change("people", "Alice", to={}), "people.Alice", "pattern"),
    (change("slack", to={"team": "C0TEAM"}), "slack.team", "pattern"),
    (change("people", "alice", "email", to="alice"), "people.alice.email", "pattern"),
    (change("policy", 0, "quorum", to=11), "policy.0.quorum", "less than or equal to 10"),
    (change("version", to=2), "version", "should be 1"),
]


@pytest.mark.parametrize(("wrong", "path", "sentence"), MALFORMED)
def test_a_malformed_part_is_found_where_it_is(
    document: dict[str, Any], wrong: Callable[[dict[str, Any]], None], path: str, sentence: str
) -> None:
    wrong(document)
    assert_told(document, path, sentence)


@pytest.fixture
def policy(document: dict[str, Any]) -> Policy:
    return Policy.model_validate(document)


def test_groups_and_people_are_expanded(policy: Policy) -> None:
    assert policy.members(["dba", "alice", "nobody"]) == {"alice", "bob", "carol", "dave"}
    assert policy.reviewers(["engineers"]) == {"alice", "bob", "erin"}


@pytest.mark.parametrize(
    ("resource", "role", "covered"),
    [
        ("payments-db", "read", True),
        ("payments-db2", "read", True),
        ("web-1", "deploy", True),
        ("web-1", "read", True),
        ("web-12", "read", False),
        ("payments", "read", False),
        ("payments-db", "write", False),
    ],
)
def test_a_rule_covers_what_a_glob_of_each_kind_matches(resource: str, role: str, covered: bool) -> None:
    rule = PolicyRule(
        name="r", who=["a"], resources=["payments-*", "web-?"], roles=["read", "dep*"], decision=Decision.AUTOMATIC
    )
    assert rule.covers(resource, role) is covered
