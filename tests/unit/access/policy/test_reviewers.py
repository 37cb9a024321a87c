"""Who may decide about others: never about themselves, by no identity, and never an agent."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from access.policy.policy import Policy
from access.policy.reviewers import may_review, may_revoke, revokers
from storage.model import Grant, Principal, PrincipalKind

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ENDS = NOW + timedelta(hours=1)


def person(name: str, **changes: Any) -> Principal:
    fields: dict[str, Any] = {"name": name, "kind": PrincipalKind.HUMAN, "created_at": NOW}
    return Principal(**fields | changes)


ALICE, BOB = person("alice"), person("bob")


def test_one_of_the_reviewers_may_review() -> None:
    assert may_review(BOB, ALICE, {"bob", "carol"}, "request", account="T0/U0BOB", asked_by="T0/U0ALICE") is None


@pytest.mark.parametrize(
    ("reviewer", "sentence"),
    [
        (ALICE, "This is your own request: somebody else must review it."),
        (person("bob", disabled_at=NOW), "You are no longer in Gatepass's policy, so you cannot review."),
        (person("deployer", kind=PrincipalKind.AGENT), "deployer is an agent: only people review."),
        (person("erin"), "The policy does not let you review this request. Who may: alice, bob, deployer."),
    ],
)
def test_who_may_not_review_is_told_why(reviewer: Principal, sentence: str) -> None:
    assert may_review(reviewer, ALICE, ["deployer", "bob", "alice"], "request") == sentence


def test_the_account_that_asked_does_not_review_under_another_name() -> None:
    refusal = may_review(BOB, ALICE, {"bob"}, "statement", account="T0/U0ONE", asked_by="T0/U0ONE")
    assert refusal == "Your Slack account asked for this statement itself, when it was alice's."
    assert may_review(BOB, ALICE, {"bob"}, "statement", account=None, asked_by=None) is None


def test_without_reviewers_nobody_is_named() -> None:
    assert "Who may: nobody at the moment." in str(may_review(BOB, ALICE, [], "request"))


def grant(holder: Principal, role: str) -> Grant:
    return Grant(
        request_id=uuid4(),
        principal_id=holder.id,
        resource="payments-db",
        role=role,
        not_before=NOW,
        expires_at=ENDS,
    )


def revocation(document: dict[str, Any], role: str = "admin") -> Callable[[Principal], str | None]:
    policy = Policy.model_validate(document)
    return lambda revoker: may_revoke(policy, revoker, ALICE, grant(ALICE, role))


def test_its_holder_and_its_reviewers_may_revoke(document: dict[str, Any]) -> None:
    may = revocation(document)
    assert may(ALICE) is may(BOB) is None
    assert revocation(document, "read")(BOB) is None, "what was granted at once names reviewers too"


def test_others_may_not_revoke(document: dict[str, Any]) -> None:
    may = revocation(document)
    assert may(person("erin")) == "Only alice and the reviewers of payments-db admin may revoke this access."
    assert may(person("bob", kind=PrincipalKind.AGENT)) is not None
    assert "no longer in Gatepass's policy" in str(may(person("bob", disabled_at=NOW)))
    assert revocation(document, "gone")(BOB) is not None


def test_who_left_does_not_give_back_their_own(document: dict[str, Any]) -> None:
    policy = Policy.model_validate(document)
    left = person("alice", disabled_at=NOW)
    assert may_revoke(policy, left, left, grant(left, "admin")) is not None


def test_those_who_may_revoke_are_named_without_the_holder(document: dict[str, Any]) -> None:
    policy = Policy.model_validate(document)
    assert revokers(policy, "alice", grant(ALICE, "admin")) == {"bob", "carol", "dave"}
    assert revokers(policy, "bob", grant(BOB, "admin")) == {"carol", "dave"}
    assert revokers(policy, "alice", grant(ALICE, "gone")) == frozenset()
