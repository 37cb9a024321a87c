"""Which rule a statement meets: first match, strictest of several, unreadable ones refused on guarded roles."""

import pytest

from access.policy.labels import UNPARSEABLE
from access.policy.shapes.statement_rules import StatementRule
from proxy.statements import StatementFacts, match, strictest
from storage.model import VerdictKind


def rule(name: str, *labels: str, verdict: VerdictKind = VerdictKind.DENY) -> StatementRule:
    return StatementRule(name=name, match=list(labels), verdict=verdict)


def facts(*labels: str) -> StatementFacts:
    return StatementFacts(text="…", kind="select", labels=frozenset(labels))


ALLOW_REPORTS = rule("reports", "table:reports.*", verdict=VerdictKind.ALLOW)
HOLD_DDL = rule("ddl", "ddl", "grant", verdict=VerdictKind.REVIEW)
NO_RM = rule("no-rm", "command:rm", "command:mkfs*")


@pytest.mark.parametrize(
    ("labels", "name"),
    [
        (["ddl", "table:customers"], "ddl"),
        (["ddl", "table:reports.daily"], "reports"),
        (["command:mkfs.ext4"], "no-rm"),
        (["command:rmdir"], None),
        (["DDL"], None),
        ([], None),
        ([UNPARSEABLE], "unreadable-statement"),
    ],
)
def test_the_first_rule_that_names_a_label_decides(labels: list[str], name: str | None) -> None:
    met = match([ALLOW_REPORTS, HOLD_DDL, NO_RM], facts(*labels))
    assert (met.name if met else None) == name


def test_an_unreadable_statement_passes_only_where_nothing_is_checked() -> None:
    assert match([], facts(UNPARSEABLE)) is None
    met = match([HOLD_DDL], facts(UNPARSEABLE))
    assert met is not None
    assert met.verdict is VerdictKind.DENY


def test_a_rule_may_name_unreadable_statements() -> None:
    lenient = rule("lenient", UNPARSEABLE, verdict=VerdictKind.REVIEW)
    assert match([lenient, HOLD_DDL], facts(UNPARSEABLE)) is lenient


def test_of_several_statements_the_strictest_verdict_counts() -> None:
    several = [facts("select"), facts("ddl"), facts("command:rm"), facts("table:reports.x")]
    assert strictest([ALLOW_REPORTS, HOLD_DDL, NO_RM], several) is NO_RM
    assert strictest([ALLOW_REPORTS, HOLD_DDL, NO_RM], several[:2]) is HOLD_DDL
    assert strictest([], several) is None


def uncertain(*labels: str) -> StatementFacts:
    """A statement whose names are written without a schema."""
    return StatementFacts(text="…", kind="select", labels=frozenset(labels), unqualified=frozenset(labels))


@pytest.mark.finding("H6")
@pytest.mark.parametrize(
    ("pattern", "schemas", "is_met"),
    [
        ("table:hr.cards", None, True),
        ("table:hr.*", None, True),
        ("table:h?.c*", None, True),
        ("t*:hr.cards", None, True),
        ("table:hr.other", None, False),
        ("table:card", None, False),
        ("table:audit_*", None, False),
        ("function:hr.cards", None, False),
        ("table:hr.cards", ["public", "hr"], True),
        ("table:hr.cards", ["public"], False),
        ("table:hr.*", ["public"], False),
    ],
)
def test_a_name_without_a_schema_may_stand_in_any_for_who_forbids(
    pattern: str, schemas: list[str] | None, is_met: bool
) -> None:
    for verdict in (VerdictKind.DENY, VerdictKind.REVIEW):
        assert (match([rule("r", pattern, verdict=verdict)], uncertain("table:cards"), schemas) is not None) is is_met


@pytest.mark.finding("H6")
def test_who_allows_is_met_by_the_schema_that_is_written_alone() -> None:
    allow = rule("ours", "table:hr.cards", verdict=VerdictKind.ALLOW)
    rest = rule("rest", "*")
    assert match([allow, rest], uncertain("table:cards")) is rest
    assert match([allow, rest], uncertain("table:cards"), ["hr"]) is rest
    assert match([allow, rest], facts("table:cards", "table:hr.cards")) is allow
    assert match([rule("no", "table:hr.cards")], facts("table:cards", "table:app.cards")) is None


def test_a_setting_without_a_name_may_be_any() -> None:
    for pattern in ("set:role", "set:*", "s*:search_path"):
        assert match([rule("r", pattern)], facts("set:*")) is not None
    assert match([rule("r", "set:role", verdict=VerdictKind.ALLOW)], facts("set:*")) is None
    assert match([rule("r", "table:role")], facts("set:*")) is None


def test_patterns_that_are_joined_must_all_be_met() -> None:
    production = rule("production", "verb:delete & namespace:prod")
    assert match([production], facts("verb:delete", "namespace:prod", "resource:pods")) is production
    assert match([production], facts("verb:delete", "namespace:test")) is None
    assert match([production], facts("verb:get", "namespace:prod")) is None


@pytest.mark.parametrize("label", ["namespace:*", "name:*"])
def test_what_is_about_any_of_its_kind_is_about_the_one_that_is_denied(label: str) -> None:
    kind = label.partition(":")[0]
    assert match([rule("one", f"{kind}:prod")], facts(label)) is not None
    assert match([rule("one", f"{kind}:prod", verdict=VerdictKind.ALLOW)], facts(label)) is None
