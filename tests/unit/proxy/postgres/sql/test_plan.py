"""How many rows a plan says, from the JSON of EXPLAIN."""

import json
from typing import Any

import pytest

from proxy.postgres.sql.plan import in_words, rows_of


def scan(rows: int, relationship: str = "Outer") -> dict[str, Any]:
    return {"Node Type": "Seq Scan", "Plan Rows": rows, "Parent Relationship": relationship}


def plan(top: dict[str, Any]) -> str:
    return json.dumps([{"Plan": top}])


def modify(*below: dict[str, Any]) -> dict[str, Any]:
    return {"Node Type": "ModifyTable", "Plan Rows": 0, "Plans": list(below)}


@pytest.mark.parametrize(
    ("top", "rows"),
    [
        (scan(12), 12),
        (modify(scan(1204331)), 1204331),
        (modify(scan(7), scan(9, "InitPlan")), 7),
        (
            {
                "Node Type": "CTE Scan",
                "Plan Rows": 3,
                "Plans": [modify(scan(50)) | {"Parent Relationship": "InitPlan"}],
            },
            50,
        ),
        ({"Node Type": "Result", "Plan Rows": 1, "Plans": [modify(scan(5)), modify(scan(6))]}, 11),
    ],
)
def test_the_rows_that_it_changes_or_reads(top: dict[str, Any], rows: int) -> None:
    assert rows_of(plan(top)) == rows


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", "[{}]", '[{"Plan": {}}]', '[{"Plan": {"Node Type": "ModifyTable", "Plans": [{}]}}]']
)
def test_what_is_no_plan_says_nothing(text: str) -> None:
    assert rows_of(text) is None


@pytest.mark.parametrize(
    ("rows", "words"), [(None, "unknown"), (0, "about 0 rows"), (1, "about 1 row"), (1204331, "about 1,204,331 rows")]
)
def test_the_words(rows: int | None, words: str) -> None:
    assert in_words(rows) == words
