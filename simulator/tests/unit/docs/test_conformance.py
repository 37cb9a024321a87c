"""The conformance table of docs/conformance.md has every rule, in the words of rules.toml, and tests that run.

A rule is one fact; rules.toml is the list of them, so that none can vanish from the table without somebody striking it
from there as well.
"""

import json
import re
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
TESTS = HERE.parents[1]
DOCS = TESTS.parent / "docs" / "conformance.md"
HEADING = "Rules and the tests that hold them"


@dataclass(frozen=True)
class Rule:
    """One rule of rules.toml."""

    id: str
    says: str
    #: What of it does not hold yet.
    broken: str = ""


@dataclass(frozen=True)
class Row:
    """One row of a table."""

    id: str
    says: str
    tests: tuple[str, ...]
    broken: str


def listed() -> dict[str, Any]:
    """What rules.toml holds."""
    return tomllib.loads((HERE / "rules.toml").read_text(encoding="utf-8"))


def rules() -> list[Rule]:
    """All rules, in their order."""
    return [Rule(**one) for one in listed()["rule"]]


def rows() -> list[Row]:
    """The table of the documentation."""
    section = DOCS.read_text(encoding="utf-8").partition(f"\n## {HEADING}\n")[2]
    table = re.split(r"^## ", section, flags=re.MULTILINE)[0]
    found = [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("| ")]
    assert found, f'docs/conformance.md has no table under "## {HEADING}"'
    assert found[0] == ["id", "rule", "held by"], "the table must begin: | id | rule | held by |"
    for cells in found[1:]:
        assert len(cells) == 3, f"a row must have three cells, and no bar within one: {cells}"
    return [_row(*cells) for cells in found[1:]]


def _row(id_: str, says: str, held_by: str) -> Row:
    tests, _, broken = held_by.partition("**broken:** ")
    names = tuple(re.findall(r"`([^`]+)`", tests))
    assert " ".join(f"`{name}`" for name in names) == tests.strip(), (
        f"{id_}: write what holds it as names in backticks with spaces between, then at most **broken:** and why, "
        f"not {held_by!r}"
    )
    return Row(id_, says, names, broken)


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Each test by the name that pytest collects it by, each case and the function; why it may be skipped, if so."""
    answer = tmp_path_factory.mktemp("collected") / "answer.json"
    command = [sys.executable, str(HERE / "collect.py"), str(answer), str(TESTS)]
    done = subprocess.run(command, cwd=TESTS, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, f"pytest cannot collect the tests, so mend this first:\n{done.stdout}{done.stderr}"
    cases: dict[str, str] = json.loads(answer.read_text())
    functions: dict[str, str] = {}
    for name, why in cases.items():
        function = name.partition("[")[0]
        functions[function] = functions.get(function) or why
    return functions | cases


def test_the_list_is_in_order() -> None:
    """Ids are unique and numbered without a gap, those of rules that bind an app included."""
    known = rules()
    taken = [one.id for one in known] + list(listed()["of_apps"])
    twice = sorted({one for one in taken if taken.count(one) > 1})
    assert twice == [], f"a number is given twice: {twice}"
    numbers = {topic: sorted(_number(one) for one in taken if _topic(one) == topic) for topic in LEAST}
    gaps = {topic: found for topic, found in numbers.items() if found != list(range(1, len(found) + 1))}
    assert gaps == {}, "a rule that is gone is missed here; a new one gets the next number of its topic"
    assert {_topic(one) for one in taken} == set(LEAST), f"there are these topics and no others: {', '.join(LEAST)}"
    for topic in LEAST:
        own = [_number(one.id) for one in known if _topic(one.id) == topic]
        assert own == sorted(own), f"put the rules of {topic}- in the order of their numbers"
    said = [rule.says for rule in known]
    assert len(set(said)) == len(said), (
        f"two rules say the same: {sorted({one for one in said if said.count(one) > 1})}"
    )


#: How many rules of each topic bind the workspace, counted once; more may come, and none may go.
LEAST = {"timing": 45, "sizes": 21, "who": 3, "text": 7, "behaviour": 17, "more": 36}


def test_no_rule_has_vanished() -> None:
    """Neither from the list nor, as the next test says, from the table."""
    topics = [_topic(rule.id) for rule in rules()]
    fewer = {topic: topics.count(topic) for topic, least in LEAST.items() if topics.count(topic) < least}
    assert fewer == {}, f"rules.toml has fewer rules than there were ({LEAST}); put back what is missing"


def test_the_table_has_exactly_the_rules() -> None:
    """The same ids, in the same order, with the same words."""
    wanted = {rule.id: rule for rule in rules()}
    table = rows()
    ids = [row.id for row in table]
    twice = sorted({one for one in ids if ids.count(one) > 1})
    assert twice == [], f"rows that stand twice; strike one of each: {twice}"
    missing = [f"| {rule.id} | {rule.says} | … |" for rule in wanted.values() if rule.id not in ids]
    assert missing == [], "add to the table of docs/conformance.md:\n" + "\n".join(missing)
    unknown = [f"{row.id}: {row.says}" for row in table if row.id not in wanted]
    assert unknown == [], "in no rule of rules.toml; add them there:\n" + "\n".join(unknown)
    assert ids == list(wanted), "put the rows in the order of rules.toml"
    others = [(row.id, row.says, wanted[row.id].says) for row in table if row.says != wanted[row.id].says]
    assert others == [], f"the same words must stand in the table and in rules.toml: {others}"
    others = [(row.id, row.broken, wanted[row.id].broken) for row in table if row.broken != wanted[row.id].broken]
    assert others == [], f"what is broken must be said alike in the table and in rules.toml: {others}"


def test_every_rule_is_held_by_tests_that_run(collected: dict[str, str]) -> None:
    """By the names that pytest itself collects, with the cases in brackets; none of them may be skipped."""
    table = rows()
    bare = [row.id for row in table if not row.tests and not row.broken]
    assert bare == [], f"no test holds them; write one and name it in the table, or say what is **broken:** {bare}"
    named = [(row.id, name) for row in table for name in row.tests]
    unknown = [f"{id_}: {name}{_instead(name, collected)}" for id_, name in named if name not in collected]
    assert unknown == [], "pytest collects no such tests; name others in the table:\n" + "\n".join(unknown)
    skipped = [f"{id_}: {name}: {collected[name]}" for id_, name in named if collected[name]]
    assert skipped == [], "a test that may be skipped holds nothing; let it always run:\n" + "\n".join(skipped)


def _topic(id_: str) -> str:
    return id_.rpartition("-")[0]


def _number(id_: str) -> int:
    return int(id_.rpartition("-")[2])


def _instead(name: str, collected: dict[str, str]) -> str:
    """What the row may have meant: another case of the same function, or the same function in another file."""
    function = name.partition("[")[0]
    bare = function.rpartition("::")[2]
    near = [one for one in collected if one.startswith(f"{function}[")] or [
        one for one in collected if one.endswith(f"::{bare}")
    ]
    return f" (there are: {', '.join(near[:5])})" if near else ""


def test_what_bars_and_cases_do_not_break() -> None:
    """A row is read back as it was written."""
    written = Row("who-1", "Somebody `does` it", ("test_a.py::test_b[c d-/e: f]", "test_a.py::test_g"), "not yet")
    held_by = " ".join(f"`{name}`" for name in written.tests) + " **broken:** not yet"
    assert _row(written.id, written.says, held_by) == written
