"""What is asked of a server reads as SQL whatever the names are, and what it answers is read strictly."""

import postgast
import pytest

from proxy.postgres.ephemeral import facts
from proxy.postgres.ephemeral.facts import Template, read_settings, read_template

ODD = "o'd\\d\"; drop"


@pytest.mark.parametrize(
    "query",
    [
        facts.template(ODD),
        facts.settings(ODD),
        facts.column_rights(ODD),
        facts.table_rights(ODD),
        facts.USES,
        facts.other_rights(ODD, ODD),
        facts.readable_anyway(ODD, [(1, 2), (3, 4)]),
        facts.not_readable(ODD, [(1, 2)]),
        facts.may_create(ODD),
        facts.exists(ODD),
        facts.ended_connections(ODD, 10),
        facts.holdings(ODD),
        facts.prepared(ODD),
        facts.schemas(ODD),
        facts.schemas_to_lend(ODD, ODD),
        facts.granted(ODD, 180_000),
        facts.granted(ODD, 150_000),
        facts.CANDIDATES,
    ],
)
def test_each_query_is_one_select(query: str) -> None:
    [statement] = postgast.parse(query).stmts
    assert statement.stmt.HasField("select_stmt")


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([], "does not exist"),
        ([["130010", "f", ""]], "it is PostgreSQL 13, where a session could become its template"),
        ([["150018", "f", ""]], "use PostgreSQL 16 or later"),
        ([["180000", "t", ""]], "make it NOLOGIN"),
        ([["180000", "f", "boss"]], "belongs to boss"),
    ],
)
def test_templates_that_will_not_do(rows: list[list[str]], why: str) -> None:
    found = read_template("t", rows)
    assert isinstance(found, str)
    assert why in found


def test_from_postgresql_16_on_a_session_cannot_become_its_template() -> None:
    assert read_template("t", [["160000", "f", ""]]) == Template("t", 160_000)


def test_settings_of_this_database_stand_over_those_of_all() -> None:
    rows = [["statement_timeout=5s"], ["search_path=a, b=c"], ["statement_timeout=1s"], ["client_encoding=SJIS"]]
    assert read_settings(rows) == {"statement_timeout": "1s", "search_path": "a, b=c"}


@pytest.mark.parametrize("setting", ["role", "session_authorization"])
def test_a_setting_that_makes_somebody_else_of_one(setting: str) -> None:
    assert "somebody else" in read_settings([[f"{setting}=x"]])
