"""A policy's masking entries as the rules of one session: it may add to the built-in ones and take none away."""

from typing import Any

import pytest

from access.policy.entities import Entity
from access.policy.policy import Policy
from proxy.masking.from_policy import masker_for
from proxy.masking.rules import DEFAULT_RULES, MaskingRule
from storage.model import Protocol
from support.policies import policy_document

CARD = "4111111111111111"


def policy(*entries: dict[str, Any]) -> Policy:
    return Policy.model_validate(policy_document() | {"masking": list(entries)})


def test_a_policy_that_says_nothing_has_the_built_in_rules() -> None:
    assert masker_for(policy(), Protocol.POSTGRES).rules == DEFAULT_RULES


@pytest.mark.parametrize(
    ("entry", "rule"),
    [
        ({"name": "phones", "entity": "phone"}, MaskingRule("phones", Entity.PHONE)),
        ({"name": "cards", "entity": "pan", "show_last": 0}, MaskingRule("cards", Entity.PAN, show_last=0)),
        (
            {"name": "names", "columns": ["name", "*_name"], "replacement": "(hidden)"},
            MaskingRule("names", columns=("name", "*_name"), replacement="(hidden)"),
        ),
        ({"name": "empty", "columns": ["x"], "replacement": ""}, MaskingRule("empty", columns=("x",), replacement="")),
    ],
    ids=lambda value: value["name"] if isinstance(value, dict) else "",
)
def test_an_entry_becomes_a_rule_before_the_built_in_ones(entry: dict[str, Any], rule: MaskingRule) -> None:
    assert masker_for(policy(entry), Protocol.POSTGRES).rules == (rule, *DEFAULT_RULES)


def test_entries_keep_the_policy_s_order() -> None:
    masker = masker_for(
        policy(
            {"name": "b", "columns": ["x"], "replacement": "b"}, {"name": "a", "columns": ["x"], "replacement": "a"}
        ),
        Protocol.POSTGRES,
    )
    rule = masker.column_rule("x")
    assert rule is not None
    assert rule.name == "b"


def test_a_policy_s_replacement_counts() -> None:
    masker = masker_for(policy({"name": "cards", "entity": "pan", "replacement": "[card]"}), Protocol.POSTGRES)
    assert masker.text(f"{CARD} cvv 123") == "[card] cvv ***"


def test_no_policy_shows_what_the_built_in_rules_hide() -> None:
    """The most that an entry can show of a card is what is shown without it."""
    generous = {"name": "cards", "entity": "pan", "columns": ["cvv"], "show_last": 4}
    masker = masker_for(policy(generous), Protocol.POSTGRES)
    assert masker.text(CARD) == masker_for(policy(), Protocol.POSTGRES).text(CARD) == "************1111"
    assert masker.column_rule("cvv") is not None
    assert masker.text("alice@example.com") == "a***@***"


def test_each_session_counts_for_itself() -> None:
    same = policy()
    first, second = masker_for(same, Protocol.POSTGRES), masker_for(same, Protocol.POSTGRES)
    first.text(CARD)
    assert (first.counts, second.counts) == ({"pan": 1}, {})


@pytest.mark.finding("ssh-F11")
@pytest.mark.parametrize(
    ("entries", "on_a_host"),
    [
        ([], "alice@example.com"),
        ([{"name": "columns", "columns": ["*email*"], "entity": "email"}], "alice@example.com"),
        ([{"name": "addresses", "entity": "email"}], "a***@***"),
        ([{"name": "addresses", "entity": "email", "replacement": "(somebody)"}], "(somebody)"),
    ],
)
def test_addresses_are_masked_on_a_host_where_the_policy_asks(entries: list[dict[str, Any]], on_a_host: str) -> None:
    masker = masker_for(policy(*entries), Protocol.SSH)
    assert masker.text("alice@example.com") == on_a_host
    assert masker.text(CARD) == "************1111"
    assert masker_for(policy(*entries), Protocol.POSTGRES).text("alice@example.com") != "alice@example.com"
