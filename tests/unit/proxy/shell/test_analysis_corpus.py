"""The corpus of spellings: each gets the verdict that it must get, and none of those that are judged slips by."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from access.policy.shapes.statement_rules import StatementRule
from proxy.shell.analysis import judge
from proxy.statements import StatementFacts, strictest
from storage.model import VerdictKind

SPELLINGS: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "corpus" / "spellings.yml").read_text())

_FORBIDDEN = ["command:reboot", "command:shutdown", "dynamic_command"]
_READING = ["ls", "cat", "grep", "echo", "printf", "head", "wc", "sort", "ps", "df", "uptime", "stat", "test"]

ROLES = {
    "deny": [StatementRule(name="no", match=[*_FORBIDDEN, "unparseable"], verdict=VerdictKind.DENY)],
    "hold": [
        StatementRule(
            name="ask",
            match=[*_FORBIDDEN, "command:systemctl", "command:rm"],
            verdict=VerdictKind.REVIEW,
            reviewers=["bob"],
        )
    ],
    "allow": [
        StatementRule(
            name="reading",
            match=[f"command:{name}" for name in [*_READING, "true", "false"]],
            verdict=VerdictKind.ALLOW,
        ),
        StatementRule(name="else", match=["*"], verdict=VerdictKind.DENY),
    ],
}


def verdict(role: str, line: str) -> str:
    found = judge(line)
    rule = strictest(ROLES[role], [StatementFacts("", "exec", found.labels, found.parts)])
    return (rule.verdict if rule is not None else VerdictKind.ALLOW).value


def kind(spelling: dict[str, Any]) -> str:
    return str(spelling["note"]).partition(":")[0]


@pytest.mark.finding("ssh-F13")
@pytest.mark.finding("ssh-F19")
@pytest.mark.parametrize("spelling", SPELLINGS, ids=lambda each: repr(each["text"]))
def test_a_spelling_gets_its_verdict(spelling: dict[str, Any]) -> None:
    assert {role: verdict(role, spelling["text"]) for role in ROLES} == spelling["verdicts"]


def test_no_spelling_slips_by() -> None:
    counted = Counter(kind(each) for each in SPELLINGS)
    slipped = [
        each["text"]
        for each in SPELLINGS
        if kind(each) == "judged" and (each["verdicts"]["deny"], each["verdicts"]["allow"]) != ("deny", "deny")
    ]
    slipped += [each["text"] for each in SPELLINGS if kind(each) == "judged" and each["verdicts"]["hold"] == "allow"]
    print(
        f"judged {counted['judged']}, documented limit {counted['limit']}, harmless {counted['harmless']},"
        f" slipped {len(slipped)}"
    )
    assert not slipped
    assert counted.total() == len({each["text"] for each in SPELLINGS}) >= 250


@pytest.mark.parametrize("spelling", [each for each in SPELLINGS if kind(each) == "harmless"], ids=repr)
def test_what_is_harmless_is_not_forbidden(spelling: dict[str, Any]) -> None:
    assert (spelling["verdicts"]["deny"], spelling["verdicts"]["hold"]) == ("allow", "allow")
