"""Reviewers are told in words why something waits for them."""

from collections.abc import Collection

import pytest

from access.policy.labels import PREFIXES, ShellLabel, SqlLabel
from access.policy.shapes.statement_rules import StatementRule
from access.policy.why import THINGS, WORDS, why_held
from storage.model import VerdictKind


def held(*labels: str, match: Collection[str] = ("ddl", "delete_without_where", "command:*", "function:*")) -> str:
    return why_held(StatementRule(name="r", match=list(match), verdict=VerdictKind.REVIEW), labels)


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (("delete", "delete_without_where", "table:customers"), "deletes every row of customers: no WHERE"),
        (("ddl", "drop", "table:customers", "table:app.customers"), "removes app.customers"),
        (("ddl", "truncate", "table:a", "table:b"), "empties a, b"),
        (("ddl", "table:customers"), "changes what exists in the database"),
        (("command:systemctl", "command:rm"), "runs rm; runs systemctl"),
        (("select", "function:pg_read_file"), "calls pg_read_file"),
        (("ddl", "drop", "writes:b", "table:a"), "removes b"),
        (("ddl", "drop", *(f"table:t{n}" for n in range(5))), "removes t0, t1, t2 and 2 more"),
        (("ddl", "drop"), "removes a table"),
    ],
)
def test_the_words_of_what_was_matched(labels: tuple[str, ...], words: str) -> None:
    assert held(*labels) == words


def test_what_no_rule_matched_is_not_said() -> None:
    assert held("select", "table:customers") == ""


def test_a_rule_for_everything_says_the_first_reasons() -> None:
    assert held("copy", "copy_program", "table:t", "select", "read", "write", match=["*"]) == (
        "runs a program on the server; reads t; reads rows of t; writes to t; and 1 more"
    )


@pytest.mark.parametrize("name", ["customers_4111111111111111", "ada@example.com"])
def test_a_name_that_could_be_data_is_not_repeated(name: str) -> None:
    assert held("ddl", "drop", f"table:{name}") == "removes (a name that is not shown)"


def test_a_name_hides_nothing() -> None:
    assert held("ddl", "drop", "table:a\nb\u202e") == r"removes a\nb\u202e"


def test_a_name_is_not_a_template() -> None:
    assert held("ddl", "drop", "table:{0.__class__}") == "removes {0.__class__}"
    assert held("command:{}") == "runs {}"


@pytest.mark.parametrize("label", [*SqlLabel, *ShellLabel])
def test_every_label_has_its_words(label: str) -> None:
    assert label in WORDS


@pytest.mark.parametrize("prefix", PREFIXES)
def test_every_label_that_names_a_thing_has_its_words(prefix: str) -> None:
    assert prefix in THINGS


def test_a_label_that_nobody_has_words_for_is_said_as_it_is() -> None:
    assert held("brand_new", "kin:x", match=["*"]) == "has the label brand_new; has the label kin:x"
