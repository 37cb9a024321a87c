"""Errors as people read them: all at once, in the order of the file, each with its line, its place and its remedy."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from access.policy.errors import PolicyError, PolicyErrors, from_flaws, structural, unreadable
from access.policy.file import parse
from access.policy.policy import Policy
from access.policy.yaml_lines import Flaw, Position
from support.policies import BASE, HERE, errors_of, policy_document


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("version: 1", "version: 2"), "gatepass.yml:1: version: must be 1"),
        (("version: 1\n", ""), "gatepass.yml:1: version: is missing"),
        (("port: 1", ""), None),
        (("type: postgres", "typ: postgres"), "gatepass.yml:4: resources.db.typ: is no key that is known here."),
        (("env:R", "hunter2"), "gatepass.yml:7: resources.db.roles.read.password: is not a reference to a secret"),
        (("{slack: U0BOB}", "{slak: U0BOB}"), "gatepass.yml:10: people.bob.slak: is no key that is known here. Did"),
        (("{slack: U0BOB}", "{slack: bob}"), "gatepass.yml:10: people.bob.slack: must be a Slack member id"),
        (("C0ACCESS", "'#access'"), "gatepass.yml:18: policy.0.channel: must be a Slack channel id"),
        (("  bob:", "  Bob:"), "gatepass.yml:10: people.Bob: must be a name"),
        (("[bob]", "[bib]"), "gatepass.yml:17: policy.0.reviewers.0: bib is neither a person nor a group. Did you"),
        (("[db]", "[bd*]"), "gatepass.yml:14: policy.0.resources.0: bd* matches no resource."),
        (("[bob]", "bob"), "gatepass.yml:17: policy.0.reviewers: must be a list: write [bob]"),
        (
            ("  - name: read", "  - nam: read"),
            "gatepass.yml:12: policy.0.nam: is no key that is known here. Did you",
        ),
        (("reviewed\n", "approved\n"), "gatepass.yml:16: policy.0.decision: must be 'automatic', 'denied' or"),
        (("  bob:", "  alice:"), "gatepass.yml:10: people.alice: alice stands here twice, first in line 9"),
        (("  bob:", "\tbob:"), "gatepass.yml:10: has a tab here: YAML is indented with spaces"),
        (("[alice]", "[alice"), "gatepass.yml:1"),
        (("[alice]", "*somebody"), "gatepass.yml:13: is no valid YAML: found undefined alias 'somebody'"),
        (("[alice]", "!!python/name:os.system alice"), "gatepass.yml:13: policy.0.who: has a YAML tag"),
        (("[alice]", "{[a]: b}"), "gatepass.yml:13: policy.0.who: a key must be a plain word"),
        (("version: 1", "version: 1\n---\nversion: 1"), "is no valid YAML"),
        (
            ("    channel: C0ACCESS", "    maximum_duration: 2d\n    channel: C0"),
            "policy.0.maximum_duration: must be 24h",
        ),
        (("    channel: C0ACCESS", "    maximum_duration: 0\n    channel: C0"), "policy.0.maximum_duration: '0' is"),
        (("    channel: C0ACCESS", "    timeout_s: 3\n    channel: C0"), "policy.0.timeout_s: is no key"),
        (("env:R", "env:R\x07"), "gatepass.yml:7: has a character that YAML does not allow"),
    ],
)
def test_errors_name_line_place_and_remedy(change: tuple[str, str], expected: str | None) -> None:
    text = BASE.replace(*change, 1)
    if expected is None:
        assert parse(text, HERE)
        return
    found = errors_of(text)
    assert any(expected in error for error in found), found
    assert not any("hunter2" in error for error in found)


def test_every_error_is_told_at_once_in_the_files_order() -> None:
    text = (
        BASE.replace("env:R", "hunter2")
        .replace("{slack: U0BOB}", "{slack: U0BOB, emial: b@example.com}")
        .replace("who: [alice]", "who: [alise]")
        .replace("resources: [db]", "resources: [db, web]")
        .replace("C0ACCESS", "access")
    )
    text += "  - {name: second, who: [nobody], resources: [db], roles: [reed], decision: automatic}\n"
    found = errors_of(text)
    places = [error.split(": ")[0] + " " + error.split(": ")[1] for error in found]
    assert places == [
        "gatepass.yml:7 resources.db.roles.read.password",
        "gatepass.yml:10 people.bob.emial",
        "gatepass.yml:18 policy.0.channel",
        "gatepass.yml:19 policy.1.who.0",
    ]


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (PolicyError("g.yml", 12, 3, "policy.0", "is missing"), "g.yml:12: policy.0: is missing"),
        (PolicyError("g.yml", 12, 3, "", "is missing"), "g.yml:12: is missing"),
        (PolicyError("g.yml", None, None, "", "is empty"), "g.yml: is empty"),
    ],
)
def test_an_error_reads_file_line_place_and_message(error: PolicyError, text: str) -> None:
    assert str(error) == text


def test_errors_stand_in_the_order_of_the_file() -> None:
    last, first, whole = (
        PolicyError("g.yml", line, column, "", "x") for line, column in ((9, 1), (2, 7), (None, None))
    )
    assert PolicyErrors([last, first, whole]).errors == [whole, first, last]
    flaws = [Flaw(Position(3, 1), "second"), Flaw(Position(1, 2), "first", ("a", 0))]
    assert str(from_flaws(Path("g.yml"), flaws)) == "g.yml:1: a.0: first\ng.yml:3: second"
    assert str(unreadable(Path("g.yml"), "cannot be read")) == "g.yml: cannot be read"


def test_what_is_wrong_between_parts_is_not_structural() -> None:
    """Only then were all parts compared with each other already."""
    between, malformed = policy_document(), policy_document()
    between["policy"][0]["who"] = ["nobody"]
    malformed["policy"][0]["quorum"] = 0
    for document, expected in ((between, False), (malformed, True)):
        with pytest.raises(ValidationError) as invalid:
            Policy.model_validate(document)
        assert structural(invalid.value) is expected


@pytest.mark.finding("use-25")
@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            ("    channel: C0ACCESS", "    maximum_duration: 60\n    channel: C0ACCESS"),
            "'60' has no unit: write it",
        ),
        (
            ("    channel: C0ACCESS", "    answer_within: 60\n    channel: C0ACCESS"),
            "'60' has no unit: write it",
        ),
        (("decision: reviewed", "decision: approval"), "'denied' or 'reviewed'. Did you mean reviewed?"),
        (("decision: reviewed", "decision: automatc"), "Did you mean automatic?"),
        (("reviewers: [bob]", "reviewers: bob"), "policy.0.reviewers: must be a list: write [bob]"),
        (("who: [alice]", "who: alice"), "policy.0.who: must be a list: write [alice]"),
        (("reviewers: [bob]", "reviewers: 'Bob B'"), "policy.0.reviewers: must be a list: write [one, another]"),
        (("type: postgres", "type: mysql"), "resources.db.type: must be 'ssh', 'postgres' or 'kubernetes'."),
        (("type: postgres", "type: postgresql"), "Did you mean postgres?"),
    ],
)
def test_a_slip_is_one_error_that_says_what_to_write(change: tuple[str, str], expected: str) -> None:
    found = errors_of(BASE.replace(*change, 1))
    assert len(found) == 1
    assert expected in found[0]


@pytest.mark.finding("use-25")
def test_an_entity_is_suggested() -> None:
    text = BASE + "masking:\n  - {name: cards, entity: pann}\n"
    (error,) = errors_of(text)
    assert "Did you mean pan?" in error


@pytest.mark.finding("use-25")
def test_a_misspelt_key_is_not_missing_too() -> None:
    (error,) = errors_of(BASE.replace("    roles: [read]", "    rols: [read]"))
    assert error.endswith("rols: is no key that is known here. Did you mean roles?")
    assert any("is missing" in error for error in errors_of(BASE.replace("    roles: [read]\n", "")))


def test_an_error_is_one_line_that_does_nothing_to_a_terminal() -> None:
    error = PolicyError("a\x1b[31m.yml", 3, 1, "people.x\ny", "is \u202eno name")
    assert str(error) == "a\\x1b[31m.yml:3: people.x\\ny: is \\u202eno name"


def test_an_address_of_tickets_is_told_how_it_looks() -> None:
    (error,) = errors_of(BASE + "ticket: {url: 'https://jira{ticket}.example/'}\n")
    assert "must be an https:// address with {ticket} behind its host" in error
