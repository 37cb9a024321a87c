"""Rules for statements, each well-formed by itself."""

from collections.abc import Callable
from typing import Any

import pytest

from access.policy.shapes.statement_rules import StatementRule
from storage.model import VerdictKind
from support.policies import assert_told, change

ADMIN = ("resources", "payments-db", "roles", "admin")
MALFORMED = [
    (change(*ADMIN, "statements", 2, "reviewers", to=["bob"]), "statements.2", "its verdict is deny"),
    (change(*ADMIN, "statements", 0, "match", to=["dll"]), "statements.0.match", "dll"),
    (change(*ADMIN, "statements", 0, "timeout", to="soon"), "statements.0.timeout", "is no duration"),
]


@pytest.mark.parametrize(("wrong", "path", "sentence"), MALFORMED)
def test_a_malformed_part_is_found_where_it_is(
    document: dict[str, Any], wrong: Callable[[dict[str, Any]], None], path: str, sentence: str
) -> None:
    wrong(document)
    assert_told(document, path, sentence)


def test_a_statement_rule_is_made_by_its_fields_names() -> None:
    named = {"name": "ddl", "match": ["ddl"], "verdict": VerdictKind.REVIEW, "timeout_s": "1m"}
    rule = StatementRule.model_validate(named)
    assert (rule.timeout_s, rule.quorum, rule.message, rule.reviewers, rule.channel) == (60, 1, "", [], None)
