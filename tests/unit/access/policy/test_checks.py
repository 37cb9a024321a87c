"""What is wrong between the parts of a policy, each at its place and all of it at once."""

from collections.abc import Callable
from typing import Any

import pytest

from access.policy.checks import shadowed
from access.policy.policy import Policy
from support.policies import BASE, assert_told, change, errors_of, problems_of

ADMIN = ("resources", "payments-db", "roles", "admin")
BETWEEN = [
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
]
CORP = {"issuer": "https://login.example.com", "client_id": "gatepass"}
NUMBERED = {**CORP, "identify": "subject"}
SIGNING_IN = [
    ({"corp": CORP, "other": CORP}, {}, "providers.other.issuer", "is corp's too"),
    ({"corp": NUMBERED}, {"alice": {"crop": "u1"}}, "people.alice.subjects.crop", "no provider. Did you mean corp?"),
    ({"corp": CORP}, {"alice": {"corp": "u1"}}, "people.alice.subjects.corp", "corp finds people by their email"),
    ({"corp": NUMBERED}, {"alice": {"corp": "1"}, "bob": {"corp": "1"}}, "bob.subjects.corp", "is alice's too"),
    ({"corp": NUMBERED}, {"deployer": {"corp": "u9"}}, "deployer.subjects.corp", "an agent is none"),
]


@pytest.mark.parametrize(("providers", "subjects", "path", "sentence"), SIGNING_IN)
def test_an_account_at_a_provider_is_one_persons(
    document: dict[str, Any],
    providers: dict[str, Any],
    subjects: dict[str, dict[str, str]],
    path: str,
    sentence: str,
) -> None:
    document["providers"] = providers
    for name, accounts in subjects.items():
        document["people"][name]["subjects"] = accounts
    assert_told(document, path, sentence)


def test_a_broken_provider_is_reported_once() -> None:
    text = BASE.replace("people:", 'providers:\n  corp: {issuer: "http://login.example.com", client_id: g}\npeople:')
    [error] = errors_of(text.replace("alice: {slack: U0ALICE}", "alice: {slack: U0ALICE, subjects: {corp: u1}}"))
    assert "providers.corp.issuer: is no issuer" in error


@pytest.mark.finding("L8")
@pytest.mark.parametrize("email", ["Alice@Example.com", "ALICE@EXAMPLE.COM", "alice@EXAMPLE.com"])
def test_an_address_in_another_case_is_the_same_persons(document: dict[str, Any], email: str) -> None:
    change("people", "bob", "email", to=email)(document)
    assert_told(document, "people.bob.email", "is alice's too")


@pytest.mark.parametrize(("wrong", "path", "sentence"), BETWEEN)
def test_what_does_not_fit_is_found_where_it_is(
    document: dict[str, Any], wrong: Callable[[dict[str, Any]], None], path: str, sentence: str
) -> None:
    wrong(document)
    assert_told(document, path, sentence)


def test_all_of_it_is_told_at_once(document: dict[str, Any]) -> None:
    for wrong in [wrong for wrong, path, _ in BETWEEN[:12] if path not in {"policy.1", "policy.1.name"}]:
        wrong(document)
    assert len(problems_of(document)) >= 8


@pytest.mark.finding("use-25")
@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        (
            {"who": ["alice"], "reviewers": ["alice"]},
            "alice alone may review what alice asks: nobody could approve. Name somebody else too",
        ),
        ({"who": ["bob", "carol"], "reviewers": ["bob", "carol"], "quorum": 2}, "fewer than 2 reviewers are left"),
    ],
)
def test_a_review_that_nobody_could_give_is_an_error(
    document: dict[str, Any], rule: dict[str, Any], sentence: str
) -> None:
    document["policy"][1] |= rule
    assert_told(document, "policy.1.reviewers", sentence)


@pytest.mark.finding("use-25")
def test_a_held_statement_that_nobody_could_review_is_an_error(document: dict[str, Any]) -> None:
    document["policy"][1] |= {"who": ["bob"]}
    document["resources"]["payments-db"]["roles"]["admin"]["statements"][1] |= {"reviewers": ["bob"], "quorum": 1}
    assert_told(document, "statements.1.reviewers", "bob alone may review what bob asks")


def test_a_reviewer_who_asks_too_is_no_error_where_others_are_left(document: dict[str, Any]) -> None:
    document["policy"][1] |= {"who": ["alice", "bob"], "reviewers": ["bob", "carol"]}
    assert Policy.model_validate(document).policy[1].name == "admin-by-one"
    document["policy"][1] |= {"who": ["alice", "bob"], "reviewers": ["bob"]}
    assert Policy.model_validate(document), "alice is reviewed by bob; bob is told that nobody is left"


@pytest.mark.finding("use-25")
@pytest.mark.parametrize(
    ("rule", "found"),
    [
        ({"who": ["alice"], "resources": ["payments-db"], "roles": ["read"]}, [(4, [0])]),
        ({"who": ["engineers"], "resources": ["payments-db"], "roles": ["read", "admin"]}, [(4, [0, 1])]),
        ({"who": ["mallory"], "resources": ["web-*"], "roles": ["*"]}, [(4, [3])]),
        ({"who": ["alice", "carol"], "resources": ["payments-db"], "roles": ["read"]}, []),
        ({"who": ["alice"], "resources": ["*"], "roles": ["*"]}, []),
    ],
    ids=["one before", "two before", "a denial before", "somebody else", "something else"],
)
def test_a_rule_that_never_applies_is_found_with_those_before_it(
    document: dict[str, Any], rule: dict[str, Any], found: list[tuple[int, list[int]]]
) -> None:
    document["policy"].append({"name": "later", "decision": "denied"} | rule)
    assert shadowed(Policy.model_validate(document)) == found


@pytest.mark.finding("use-26")
def test_reviewers_to_tell_must_be_there(document: dict[str, Any]) -> None:
    document["policy"][3]["tell_reviewers"] = True
    assert_told(document, "policy.3.tell_reviewers", "there are no reviewers to tell: name some, or drop it")
    document["policy"][3]["tell_reviewers"] = False
    document["policy"][0]["tell_reviewers"] = True
    assert Policy.model_validate(document).policy[0].tell_reviewers


def test_a_claim_that_nobody_reads_is_told(document: dict[str, Any]) -> None:
    document["providers"] = {"corp": {**CORP, "scim": {"token": "env:TOKEN"}}}
    document["groups"]["oncall"] = {"provider": "corp", "value": "x", "claim": "/roles"}
    assert_told(document, "groups.oncall.claim", "corp tells of groups by scim")
    del document["groups"]["oncall"]["claim"]
    Policy.model_validate(document)
