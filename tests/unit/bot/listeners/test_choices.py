"""What somebody may ask for, with the terms that the policy sets."""

from typing import Any

import pytest

from access.policy.policy import Policy
from bot.blocks.request_form import Choice
from bot.listeners.choices import choices_of


def policy(**terms: Any) -> Policy:
    """alice may ask for one role on one resource, under these terms."""
    rule = {"name": "read", "who": ["alice"], "resources": ["payments-db"], "roles": ["read"], "channel": "C0INCIDENT"}
    return Policy.model_validate(
        {
            "version": 1,
            "resources": {
                "payments-db": {
                    "type": "postgres",
                    "upstream": {"host": "db.internal"},
                    "roles": {"read": {"username": "app"}, "admin": {"username": "root"}},
                }
            },
            "people": {name: {"slack": f"U0{name.upper()}"} for name in ("alice", "bob", "carol")},
            "groups": {"oncall": ["bob", "carol"]},
            "policy": [rule | terms],
        }
    )


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        ({"decision": "automatic", "maximum_duration": "15m"}, "granted at once, at most 15m"),
        (
            {"decision": "reviewed", "reviewers": ["oncall"], "maximum_duration": "1h"},
            "reviewed by oncall, at most 1h",
        ),
        (
            {"decision": "reviewed", "reviewers": ["bob", "carol"], "quorum": 2, "maximum_duration": "90m"},
            "reviewed by 2 of bob or carol, at most 1h30m",
        ),
    ],
    ids=["automatic", "reviewed by a group", "reviewed by two"],
)
def test_a_choice_says_its_terms(terms: dict[str, Any], words: str) -> None:
    assert choices_of(policy(**terms), "alice") == [Choice("payments-db", "read", words)]


def test_what_the_policy_denies_is_not_offered() -> None:
    assert choices_of(policy(decision="automatic", maximum_duration="15m"), "bob") == []
