"""Names as labels: the true ones."""

import pytest

from proxy.postgres.sql.effects.found import Found
from proxy.postgres.sql.effects.names import labels_of, remember
from support.sql import facts_of


@pytest.mark.parametrize(
    ("parts", "labels"),
    [
        ([], []),
        (["t"], ["table:t"]),
        (["app", "t"], ["table:t", "table:app.t"]),
        (["db", "app", "t"], ["table:t", "table:app.t"]),
    ],
)
def test_a_name_has_a_label_with_and_without_its_schema(parts: list[str], labels: list[str]) -> None:
    assert labels_of("table", parts) == labels


def test_only_a_name_without_a_schema_is_uncertain() -> None:
    found = Found()
    remember(found, ("table",), ["t"])
    remember(found, ("table",), ["app", "u"])
    assert found.unqualified == {"table:t"}


@pytest.mark.finding("H6")
@pytest.mark.parametrize(
    ("sql", "label"),
    [
        ("select * from audit_2026112801", "table:audit_2026112801"),
        ('select * from "audit_#1"', "table:audit_#1"),
        ('delete from "audit_@x"', "writes:audit_@x"),
        ('select * from "a@b.example"', "reads:a@b.example"),
        ("select * from t_4111111111111111", "table:t_4111111111111111"),
        ('drop table "4111-1111"', "table:4111-1111"),
        ("select f_123456789012()", "function:f_123456789012"),
        ("SELECT * FROM Cards", "table:cards"),
        ('select * from "Cards"', "table:Cards"),
    ],
)
def test_rules_are_told_the_true_name(sql: str, label: str) -> None:
    [facts] = facts_of(sql)
    assert label in facts.labels
