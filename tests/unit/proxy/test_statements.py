"""Which rule a statement meets: first match, strictest of several, unreadable ones refused on guarded roles."""

import pytest

from access.policy.labels import UNPARSEABLE
from access.policy.resources import StatementRule
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
