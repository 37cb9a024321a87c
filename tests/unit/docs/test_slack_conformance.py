"""docs/slack-conformance.md has every rule of slack_rules.toml, in its words, each with tests that always run.

A rule is one fact; slack_rules.toml is the list of them, so that none can vanish from the table without somebody
striking it from there as well.
"""

import re
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = next(one for one in Path(__file__).parents if (one / "docs" / "slack-conformance.md").is_file())
RULES = Path(__file__).parent / "slack_rules.toml"
#: How many rules of each topic bind an app, counted once; more may come, and none may go.
LEAST = {"timing": 26, "sizes": 2, "who": 19, "text": 4, "behaviour": 13}
SKIPS = re.compile(r"\bpytest\.(?:mark\.(?:skip|skipif|xfail)|skip|xfail|importorskip)\b")


@dataclass(frozen=True)
class Rule:
    """One rule; `broken` is what of it does not hold yet."""

    id: str
    says: str
    broken: str = ""


def rules() -> list[Rule]:
    """All rules, in their order."""
    return [Rule(**one) for one in tomllib.loads(RULES.read_text(encoding="utf-8"))["rule"]]


def rows() -> dict[Rule, tuple[str, ...]]:
    """The table: each rule with the tests that hold it."""
    text = (ROOT / "docs" / "slack-conformance.md").read_text(encoding="utf-8")
    lines = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    assert lines[0] == ["id", "rule", "held by"], "the table must begin: | id | rule | held by |"
    found: dict[Rule, tuple[str, ...]] = {}
    for id_, says, held_by in lines[1:]:
        tests, _, broken = held_by.partition("**broken:** ")
        names = tuple(re.findall(r"`([^`]+)`", tests))
        assert " ".join(f"`{name}`" for name in names) == tests.strip(), (
            f"{id_}: write what holds it as names in backticks, then at most **broken:** and why, not {held_by!r}"
        )
        assert names or broken, f"{id_}: no test holds it; write one and name it, or say what is **broken:**"
        found[Rule(id_, says, broken)] = names
    return found


def test_no_rule_has_vanished() -> None:
    """Nor does any stand twice, or out of its order."""
    known = [rule.id.rpartition("-") for rule in rules()]
    for topic, least in LEAST.items():
        numbers = [int(number) for name, _, number in known if name == topic]
        assert numbers == sorted(set(numbers)), f"{topic}-: a number stands twice, or not in its order"
        assert len(numbers) >= least, f"{topic}-: there were {least} rules; put back what is missing"
    assert {name for name, _, _ in known} == set(LEAST), f"there are these topics and no others: {', '.join(LEAST)}"


def test_the_table_has_exactly_the_rules() -> None:
    """The same ids and words in the same order, and what is broken is said alike."""
    assert list(rows()) == rules()


@pytest.fixture(scope="module")
def collected() -> set[str]:
    """Every test of the files that the table names, as pytest collects it: each function, and each of its cases."""
    files = sorted({name.partition("::")[0] for names in rows().values() for name in names})
    gone = [file for file in files if not (ROOT / file).is_file()]
    assert gone == [], f"the table names files that are not there: {gone}"
    options = ["--collect-only", "-q", "-o", "addopts=--import-mode=importlib", "-p", "no:xdist"]
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options, *files]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, f"pytest cannot collect the tests, so mend this first:\n{done.stdout}{done.stderr}"
    cases = {line for line in done.stdout.splitlines() if "::" in line}
    return cases | {case.partition("[")[0] for case in cases}


def test_every_rule_is_held_by_tests(collected: set[str]) -> None:
    """By the names that pytest itself collects, with the cases in brackets."""
    named = [(rule.id, name) for rule, names in rows().items() for name in names]
    assert [f"{id_}: {name}" for id_, name in named if name not in collected] == []


def test_none_of_them_may_be_skipped() -> None:
    """A test that may be skipped holds nothing, so neither these files nor their fixtures skip anything."""
    files = {ROOT / name.partition("::")[0] for names in rows().values() for name in names}
    fixtures = {folder / "conftest.py" for file in files for folder in file.parents if folder.is_relative_to(ROOT)}
    readable = [file for file in sorted(files | fixtures) if file.is_file()]
    assert [str(file) for file in readable if SKIPS.search(file.read_text(encoding="utf-8"))] == []
