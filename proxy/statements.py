"""What an analysis found out about one statement, and which rule of a role it meets. Pure.

Every protocol has its own analysis (SQL by the server's grammar, shell by a shell's), and all of them give labels, so
that a rule in gatepass.yml reads the same for each: `match: [ddl, delete_without_where, "command:rm"]`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from access.policy.labels import ANY, UNPARSEABLE, may_mean, meets, patterns_of
from access.policy.shapes.statement_rules import StatementRule
from storage.model import VerdictKind

_STRICTNESS = {VerdictKind.ALLOW: 0, VerdictKind.REVIEW: 1, VerdictKind.DENY: 2}

_UNREADABLE = StatementRule(
    name="unreadable-statement",
    match=[UNPARSEABLE],
    verdict=VerdictKind.DENY,
    message="Gatepass could not parse this statement, or part of it is code that it does not read, and this role's "
    "statements are checked before they run.",
)


@dataclass(frozen=True)
class StatementFacts:
    """One statement: its text without literals, its kind for the digest, and its labels for the rules."""

    #: Safe to store and to post: literals are gone.
    text: str
    #: One word: select, insert, ddl, exec, shell, sftp …
    kind: str
    labels: frozenset[str]
    #: Labels of what it is made of (the commands of a pipeline, the tables of a query), when each must pass the rules
    #: by itself.
    parts: tuple[frozenset[str], ...] = ()
    #: Why `text` does not show all of what runs, as a sentence; empty: it does. What has one is not put to a reviewer.
    unreviewable: str = ""
    #: Labels of names written without a schema: to a rule that denies or holds, they may stand in any.
    unqualified: frozenset[str] = frozenset()


def match(
    rules: Sequence[StatementRule], facts: StatementFacts, schemas: Sequence[str] | None = None
) -> StatementRule | None:
    """The first rule that names one of the statement's labels (globs allowed), or None: allowed.

    On a role with rules, a statement that could not be read is denied unless a rule names `unparseable`. A name without
    a schema may stand in any of `schemas` (the session's search path; None: it is not known, so in any there is), which
    counts for rules that deny or hold, and never for one that allows.
    """
    for rule in rules:
        if any(_is_met(rule, entry, facts, schemas) for entry in rule.match):
            return rule
    return _UNREADABLE if rules and UNPARSEABLE in facts.labels else None


def _is_met(rule: StatementRule, entry: str, facts: StatementFacts, schemas: Sequence[str] | None) -> bool:
    return all(_names(rule, pattern, facts, schemas) for pattern in patterns_of(entry))


def _names(rule: StatementRule, pattern: str, facts: StatementFacts, schemas: Sequence[str] | None) -> bool:
    if any(meets(label, pattern) for label in facts.labels):
        return True
    if rule.verdict is VerdictKind.ALLOW or ":" not in pattern:
        return False
    uncertain = facts.labels & (facts.unqualified | ANY)
    return any(may_mean(pattern, label, schemas) for label in uncertain)


def strictest(
    rules: Sequence[StatementRule], facts: Iterable[StatementFacts], schemas: Sequence[str] | None = None
) -> StatementRule | None:
    """The rule that decides for several statements sent as one, and their parts: deny before review before allow."""
    parts = [part for whole in facts for part in _parts(whole)]
    matched = [rule for rule in (match(rules, part, schemas) for part in parts) if rule is not None]
    return max(matched, key=lambda rule: _STRICTNESS[rule.verdict], default=None)


def depends_on_schemas(rules: Sequence[StatementRule], facts: Iterable[StatementFacts]) -> bool:
    """Whether it matters to the rules in which schemas a name without one may stand."""
    parts = (part for whole in facts if whole.unqualified for part in _parts(whole))
    return any(match(rules, part) is not match(rules, part, ()) for part in parts)


def _parts(facts: StatementFacts) -> list[StatementFacts]:
    """What must pass the rules by itself: the commands of a pipeline, or the statement as one."""
    return [replace(facts, labels=labels) for labels in facts.parts] or [facts]
