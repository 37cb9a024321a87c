"""What the policy decides from names alone."""

import copy
import warnings
from typing import Any

import pytest

from access.policy.policy import NO_RULE, Policy
from access.policy.shapes.statement_rules import StatementRule
from storage.model import Decision, VerdictKind


@pytest.fixture
def policy(document: dict[str, Any]) -> Policy:
    return Policy.model_validate(document)


def test_the_first_matching_rule_decides(policy: Policy) -> None:
    requirement = policy.require("alice", "payments-db", "admin")
    assert (requirement.decision, requirement.rule) == (Decision.REVIEWED, "admin-by-one")
    assert requirement.reviewers == {"bob", "carol", "dave"}
    assert (requirement.quorum, requirement.maximum_s, requirement.channel) == (1, 3600, "C0ACCESS")
    assert requirement.why == "The rule admin-by-one asks for 1 of: bob, carol, dave."
    automatic = policy.require("alice", "payments-db", "read")
    assert (automatic.decision, automatic.quorum, automatic.maximum_s) == (Decision.AUTOMATIC, 0, 7200)


@pytest.mark.parametrize(
    ("person", "resource", "role", "rule", "why"),
    [
        ("carol", "payments-db", "read", NO_RULE, "No rule lets carol have read on payments-db."),
        ("alice", "web-1", "deploy", NO_RULE, "No rule lets alice have deploy on web-1."),
        ("mallory", "web-1", "deploy", "no-deploys-by-mallory", "denies mallory deploy on web-1"),
        ("nobody", "web-1", "deploy", NO_RULE, "nobody is not in the policy."),
        ("alice", "web-2", "deploy", NO_RULE, "There is no resource web-2. Did you mean web-1?"),
        ("alice", "payments-db", "admn", NO_RULE, "payments-db has no role admn. Did you mean admin?"),
    ],
)
def test_what_no_rule_gives_is_denied_with_a_reason(
    policy: Policy, person: str, resource: str, role: str, rule: str, why: str
) -> None:
    requirement = policy.require(person, resource, role)
    assert (requirement.decision, requirement.rule) == (Decision.DENIED, rule)
    assert why in requirement.why
    assert not requirement.reviewers


def test_nobody_reviews_their_own_even_if_that_leaves_too_few(document: dict[str, Any]) -> None:
    document["groups"]["dba"] = ["bob", "carol"]
    policy = Policy.model_validate(document)
    assert policy.require("alice", "payments-db", "write").decision is Decision.REVIEWED
    own = policy.require("bob", "payments-db", "write")
    assert own.decision is Decision.DENIED
    assert "asks for 2 reviewers, but besides bob there are only 1" in own.why


def test_what_a_person_may_is_listed(policy: Policy) -> None:
    assert [(offer.resource, offer.role) for offer in policy.what_may("alice")] == [
        ("payments-db", "read"),
        ("payments-db", "write"),
        ("payments-db", "admin"),
    ]
    assert policy.what_may("mallory") == policy.what_may("nobody") == []


def test_held_statements_ask_their_own_reviewers_or_the_grants(policy: Policy) -> None:
    own = StatementRule(name="own", match=["ddl"], verdict=VerdictKind.REVIEW, reviewers=["carol"])
    none = StatementRule(name="none", match=["ddl"], verdict=VerdictKind.REVIEW)
    assert policy.statement_reviewers(own, "alice", "payments-db", "admin") == {"carol"}
    assert policy.statement_reviewers(none, "alice", "payments-db", "admin") == {"bob", "carol", "dave"}
    assert policy.statement_reviewers(none, "bob", "payments-db", "admin") == {"carol", "dave"}


def test_the_hash_is_of_the_meaning(document: dict[str, Any], policy: Policy) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert Policy.model_validate(policy.document) == policy
    spelt_out = copy.deepcopy(document)
    spelt_out["policy"][1]["quorum"] = 1
    spelt_out["policy"][0]["maximum_duration"] = "120m"
    assert Policy.model_validate(spelt_out).hash == policy.hash
    spelt_out["policy"][1]["maximum_duration"] = "59m"
    assert Policy.model_validate(spelt_out).hash != policy.hash
    assert len(policy.hash) == 64


@pytest.mark.finding("use-5")
def test_a_database_without_masked_columns_is_named(document: dict[str, Any]) -> None:
    """Masking by content knows a number as it stands; an expression turns it into something else."""
    phones, numbers = {"name": "phones", "entity": "phone"}, {"name": "numbers", "columns": ["number"]}
    document["masking"] = [phones]
    assert Policy.model_validate(document).unmasked_databases() == ["payments-db"]
    document["masking"] = [phones, numbers]
    assert Policy.model_validate(document).unmasked_databases() == []
