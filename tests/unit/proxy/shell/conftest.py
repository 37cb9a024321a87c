"""What the tests of command lines share: the labels of a line, the names in it, and a verdict."""

from collections.abc import Callable

import pytest

from access.policy.shapes.statement_rules import StatementRule
from proxy.shell.analysis import judge
from proxy.statements import StatementFacts, strictest
from storage.model import VerdictKind


def labels_of(command: str) -> set[str]:
    labels = judge(command).labels
    assert "exec" in labels
    return set(labels) - {"exec"}


def facts_of(command: str) -> StatementFacts:
    """What rules are asked about; the text does not matter here."""
    found = judge(command)
    return StatementFacts("", "exec", found.labels, found.parts)


@pytest.fixture(scope="session")
def labels() -> Callable[[str], set[str]]:
    """Labels of a command line, without the one that all have."""
    return labels_of


@pytest.fixture(scope="session")
def names() -> Callable[[str], set[str]]:
    """Names of a command line's commands, when nothing else is found in it."""

    def read(command: str) -> set[str]:
        found = labels_of(command) - {"redirect_write", "assignment", "arithmetic"}
        assert all(label.startswith("command:") for label in found), found
        return {label.removeprefix("command:") for label in found}

    return read


@pytest.fixture(scope="session")
def allowing_names() -> Callable[[str], VerdictKind]:
    """The verdict of a role that allows every name but rm, and nothing else."""
    rules = [
        StatementRule(name="some", match=["command:[!r]*", "command:r[!m]*"], verdict=VerdictKind.ALLOW),
        StatementRule(name="else", match=["*"], verdict=VerdictKind.DENY, message="No."),
    ]

    def read(command: str) -> VerdictKind:
        rule = strictest(rules, [facts_of(command)])
        assert rule is not None
        return rule.verdict

    return read
