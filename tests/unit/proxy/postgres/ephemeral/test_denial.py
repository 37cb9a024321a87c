"""Columns that masking denies, by the globs of its entries."""

from typing import Any

from access.policy.policy import Policy
from proxy.postgres.ephemeral.denial import denied_by


def policy(*masking: dict[str, Any]) -> Policy:
    return Policy.model_validate({"version": 1, "masking": list(masking)})


def test_nothing_is_denied_unless_an_entry_says_so() -> None:
    assert denied_by(policy({"name": "codes", "columns": ["cvv"]})) is None


def test_globs_are_those_of_masking() -> None:
    denies = denied_by(
        policy({"name": "codes", "columns": ["*cvv*"], "access": "deny"}, {"name": "mails", "columns": ["email"]})
    )
    assert denies is not None
    assert denies("card_CVV2")
    assert not denies("email")
    assert not denies("id")
