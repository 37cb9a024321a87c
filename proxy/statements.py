"""What an analysis found out about one statement, and which rule of a role it meets. Pure.

Every protocol has its own analysis (SQL by the server's grammar, shell by a shell's), and all of them give labels, so
that a rule in gatepass.yml reads the same for each: `match: [ddl, delete_without_where, "command:rm"]`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from access.policy.labels import UNPARSEABLE
from access.policy.resources import StatementRule
from storage.model import VerdictKind

_STRICTNESS = {VerdictKind.ALLOW: 0, VerdictKind.REVIEW: 1, VerdictKind.DENY: 2}

_UNREADABLE = StatementRule(
    name="unreadable-statement",
    match=[UNPARSEABLE],
    verdict=VerdictKind.DENY,
    message="Gatepass could not parse this statement, and this role's statements are checked before they run.",
)


@dataclass(frozen=True)
class StatementFacts:
    """One statement: its text without literals, its kind for the digest, and its labels for the rules."""

    #: Safe to store and to post: literals are gone.
    text: str
    #: One word: select, insert, ddl, exec, shell, sftp …
    kind: str
    labels: frozenset[str]
    #: Labels of what it is made of (the commands of a pipeline), when each must pass the rules by itself.
    parts: tuple[frozenset[str], ...] = ()
    #: Why `text` does not show all of what runs, as a sentence; empty: it does. What has one is not put to a reviewer.
    unreviewable: str = ""


def match(rules: Sequence[StatementRule], facts: StatementFacts) -> StatementRule | None:
    """The first rule that names one of the statement's labels (globs allowed), or None: allowed.

    On a role with rules, a statement that could not be read is denied unless a rule names `unparseable`.
    """
    for rule in rules:
        if any(fnmatchcase(label, pattern) for pattern in rule.match for label in facts.labels):
            return rule
    return _UNREADABLE if rules and UNPARSEABLE in facts.labels else None


def strictest(rules: Sequence[StatementRule], facts: Iterable[StatementFacts]) -> StatementRule | None:
    """The rule that decides for several statements sent as one, and their parts: deny before review before allow."""
    parts = [part for whole in facts for part in _parts(whole)]
    matched = [rule for rule in (match(rules, part) for part in parts) if rule is not None]
    return max(matched, key=lambda rule: _STRICTNESS[rule.verdict], default=None)


def _parts(facts: StatementFacts) -> list[StatementFacts]:
    """What must pass the rules by itself: the commands of a pipeline, or the statement as one."""
    return [replace(facts, labels=labels) for labels in facts.parts] or [facts]
