"""docs/findings.md and the tests marked `finding` name the same faults, and the tests that the page names are there."""

import ast
import functools
import re
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "findings.md"
_ROW = re.compile(r"^\| (?P<id>[\w-]+) \|(?P<rest>.*)\|$", re.MULTILINE)
_TEST = re.compile(r"`(?P<file>[\w/.]+\.py)(?:::(?P<name>\w+))?`")


@functools.cache
def marked() -> dict[str, set[str]]:
    """Finding -> files with a test that is marked with it."""
    found: dict[str, set[str]] = defaultdict(set)
    for top in ("tests", "simulator/tests"):
        for file in sorted((ROOT / top).rglob("test_*.py")):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.finding":
                    for argument in node.args:
                        assert isinstance(argument, ast.Constant), f"{file}:{node.lineno}: spell the finding out"
                        found[str(argument.value)].add(str(file.relative_to(ROOT)))
    return found


def rows() -> dict[str, str]:
    """Finding -> what the page says of it; each finding has one row."""
    pairs = [(row["id"], row["rest"]) for row in _ROW.finditer(PAGE.read_text(encoding="utf-8")) if row["id"] != "id"]
    assert len(dict(pairs)) == len(pairs), "a finding has two rows"
    return dict(pairs)


ROWS = rows()

#: What a review of security, clients and use found, as far as it was to be mended; none may vanish from the page.
FOUND = (
    {f"H{number}" for number in range(1, 7)}
    | {f"M{number}" for number in range(1, 13)}
    | {f"L{number}" for number in range(1, 14)}
    | {f"pg-F{number}" for number in (2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 16, 17, 18)}
    | {f"ssh-F{number}" for number in range(1, 21)}
    | {f"use-{number}" for number in (1, 5, 6, 7, 8, 14, 17, 18, 20, 22, 23, 24, 25, 26, 27, 28, 31)}
)


def test_none_is_left_out_in_silence() -> None:
    assert set(ROWS) >= FOUND


def test_every_marked_finding_has_a_row() -> None:
    assert set(marked()) <= set(ROWS)


@pytest.mark.parametrize("finding", sorted(ROWS))
def test_a_row_names_tests_that_hold_it_or_says_why_not(finding: str) -> None:
    named = list(_TEST.finditer(ROWS[finding]))
    if not named:
        assert re.search(r"\b(open|left|by hand)\b", ROWS[finding]), "no test, and no word about why"
        return
    holding = marked()[finding]
    for test in named:
        text = (ROOT / test["file"]).read_text(encoding="utf-8")
        assert test["name"] is None or f"def {test['name']}(" in text, f"{test[0]} is not there"
    assert holding & {test["file"] for test in named}, f"none of its tests is marked {finding}"
