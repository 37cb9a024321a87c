"""What the policy decides from names alone, and the faults it finds in itself."""

import copy
import warnings
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from access.policy.policy import NO_RULE, Policy
from access.policy.resources import StatementRule
from storage.model import Decision, Protocol, VerdictKind


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


def test_groups_and_people_are_expanded(policy: Policy) -> None:
    assert policy.members(["dba", "alice", "nobody"]) == {"alice", "bob", "carol", "dave"}
    assert policy.reviewers(["engineers"]) == {"alice", "bob", "erin"}


def test_held_statements_ask_their_own_reviewers_or_the_grants(policy: Policy) -> None:
    own = StatementRule(name="own", match=["ddl"], verdict=VerdictKind.REVIEW, reviewers=["carol"])
    none = StatementRule(name="none", match=["ddl"], verdict=VerdictKind.REVIEW)
    assert policy.statement_reviewers(own, "alice", "payments-db", "admin") == {"carol"}
    assert policy.statement_reviewers(none, "alice", "payments-db", "admin") == {"bob", "carol", "dave"}
    assert policy.statement_reviewers(none, "bob", "payments-db", "admin") == {"carol", "dave"}


def test_parts_know_their_names(policy: Policy) -> None:
    resource = policy.resources["payments-db"]
    assert (resource.name, resource.type, resource.roles["read"].name) == ("payments-db", Protocol.POSTGRES, "read")
    assert policy.people["alice"].name == "alice"


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


def test_a_statement_rule_is_made_by_its_fields_names() -> None:
    rule = StatementRule(name="ddl", match=["ddl"], verdict=VerdictKind.REVIEW, timeout_s=60)
    assert (rule.timeout_s, rule.quorum, rule.message, rule.reviewers, rule.channel) == (60, 1, "", [], None)


def change(*path: Any, to: Any) -> Callable[[dict[str, Any]], None]:
    def apply(document: dict[str, Any]) -> None:
        part: Any = document
        for key in path[:-1]:
            part = part[key]
        if to is ...:
            del part[path[-1]]
        else:
            part[path[-1]] = to

    return apply


ADMIN = ("resources", "payments-db", "roles", "admin")
FAULTS = [
    (change("policy", 0, "who", to=["enginers"]), "policy.0.who.0", "Did you mean engineers?"),
    (change("policy", 0, "reviewers", to=["dab"]), "policy.0.reviewers.0", "Did you mean dba?"),
    (change("policy", 0, "resources", to=["payment-db"]), "policy.0.resources.0", "Did you mean payments-db?"),
    (change("policy", 0, "roles", to=["reed"]), "policy.0.roles.0", "matches no role of these resources"),
    (change("policy", 1, "reviewers", to=[]), "policy.1", "names no reviewers"),
    (change("policy", 1, "channel", to=...), "policy.1", "names no channel"),
    (change("policy", 2, "quorum", to=4), "policy.2.quorum", "asks for 4 different people, but the reviewers are 3"),
    (change("policy", 1, "reviewers", to=["bob", "deployer"]), "policy.1.reviewers", "deployer is an agent"),
    (change("policy", 1, "name", to="read-at-once"), "policy.1.name", "used twice"),
    (change("policy", 3, "reviewers", to=["bob"]), "policy.3.reviewers", "the rule denies"),
    (change("people", "bob", "slack", to="U0ALICE"), "people.bob.slack", "is alice's too"),
    (change("people", "bob", "email", to="alice@example.com"), "people.bob.email", "is alice's too"),
    (change("groups", "dba", to=["bob", "karol"]), "groups.dba.1", "Did you mean carol?"),
    (change("groups", "dba", to=["engineers"]), "groups.dba.0", "a group holds people"),
    (change("groups", "alice", to=["bob"]), "groups.alice", "the name of a person too"),
    (change(*ADMIN, "statements", 1, "reviewers", to=["nobody"]), "statements.1.reviewers.0", "neither a person"),
    (change(*ADMIN, "statements", 1, "quorum", to=4), "statements.1.quorum", "asks for 4"),
    (change(*ADMIN, "statements", 0, "quorum", to=4), "statements.0.quorum", "reviewers of the rule admin-by-one"),
    (change(*ADMIN, "statements", 1, "name", to="ddl"), "statements.1.name", "used twice"),
    (change(*ADMIN, "statements", 2, "reviewers", to=["bob"]), "statements.2", "its verdict is deny"),
    (change(*ADMIN, "password", to="hunter2"), "admin.password", "is not a reference to a secret"),
    (change(*ADMIN, "password", to="env:"), "admin.password", "is not a reference to a secret"),
    (change(*ADMIN, "password", to="file:relative"), "admin.password", "is not a reference to a secret"),
    (change(*ADMIN, "private_key", to="env:KEY"), "payments-db", "for ssh resources"),
    (change(*ADMIN, "allow", to=["shell"]), "payments-db", "for ssh resources"),
    (change("resources", "web-1", "upstream", "host_key", to=...), "web-1.upstream", "needs host_key or host_ca"),
    (change("resources", "web-1", "roles", "deploy", "private_key", to=...), "web-1", "needs private_key or password"),
    (change("resources", "web-1", "type", to="kubernetes"), "web-1.type", "not supported yet"),
    (change("resources", "web-1", "type", to="postgres"), "web-1.upstream.host_key", "Extra inputs"),
    (
        change("resources", "payments-db", "upstream", to={"host": "h", "tls": "disable", "ca_file": "/ca"}),
        "payments-db.upstream",
        "would be ignored",
    ),
    (change("policy", 0, "maximum_duration", to="25h"), "policy.0.maximum_duration", "less than or equal"),
    (change("policy", 0, "maximum_duration", to="1x"), "policy.0.maximum_duration", "is no duration"),
    (change("masking", to=[{"name": "nothing"}]), "masking.0", "masks nothing"),
    (change("people", "Alice", to={}), "people.Alice", "pattern"),
    (change("resources", "web-1", "roles", "a@b", to={"username": "x"}), "roles.a@b", "pattern"),
]


@pytest.mark.parametrize(("fault", "path", "sentence"), FAULTS)
def test_faults_are_found_where_they_are(
    document: dict[str, Any], fault: Callable[[dict[str, Any]], None], path: str, sentence: str
) -> None:
    fault(document)
    with pytest.raises(ValidationError) as invalid:
        Policy.model_validate(document)
    found = [(".".join(map(str, error["loc"])), error["msg"]) for error in invalid.value.errors()]
    assert any(path in place and sentence in message for place, message in found), found
    assert "hunter2" not in str(invalid.value)


def test_all_faults_between_parts_are_told_at_once(document: dict[str, Any]) -> None:
    between = [fault for fault, path, _ in FAULTS[:12] if path not in {"policy.1", "policy.1.name"}]
    for fault in between:
        fault(document)
    with pytest.raises(ValidationError) as invalid:
        Policy.model_validate(document)
    assert len(invalid.value.errors()) >= 8
