"""The sections of gatepass.yml, each part well-formed by itself, and the people behind its names."""

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from access.policy.document import PolicyRule
from access.policy.policy import Policy
from storage.model import Decision
from support.policies import assert_told, change

MALFORMED = [
    (change("ticket", to={"url": "https://tickets.example/browse"}), "ticket.url", "pattern"),
    (change("ticket", to={"url": "http://tickets.example/{ticket}"}), "ticket.url", "pattern"),
    (change("ticket", to={"url": "javascript:{ticket}"}), "ticket.url", "pattern"),
    (change("ticket", to={"url": "https://jira{ticket}"}), "ticket.url", "pattern"),
    (change("ticket", to={"url": "https://{ticket}.example/browse"}), "ticket.url", "pattern"),
    (change("ticket", to={"url": "https://tickets.example:{ticket}/x"}), "ticket.url", "pattern"),
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


@pytest.mark.finding("use-7")
@pytest.mark.parametrize(
    "url", ["https://t.example/b/{ticket}", "https://t.example?id={ticket}#x", "https://t.example/#{ticket}"]
)
@pytest.mark.parametrize(
    "ticket",
    [
        "INC-42",
        ".evil.example",
        "../../x",
        "javascript:alert(1)",
        "@evil.example/",
        "a b?c#d&e=%2e",
        "|x>",
        "\U0001f525\u202e",
    ],
)
def test_a_ticket_never_leads_to_another_host(document: dict[str, Any], url: str, ticket: str) -> None:
    """Whoever asks types the ticket, and reviewers tap it."""
    document["ticket"] = {"url": url}
    system = Policy.model_validate(document).ticket
    assert system is not None
    link = system.link(ticket)
    parts = urlsplit(link)
    assert (parts.scheme, parts.netloc) == ("https", "t.example")
    assert link.isascii()
    assert not set(link) & set(" <>|\"'`")
    assert unquote(link) == url.replace("{ticket}", ticket), "and is all of what was typed"


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
