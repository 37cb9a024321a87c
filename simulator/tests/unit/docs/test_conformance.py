"""The conformance tables of docs/simulator.md have every rule, in the words of rules.toml, and tests that run.

A rule is one fact; rules.toml is the list of them, so that none can vanish from the tables without somebody striking
it from there as well.
"""

import json
import re
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]
HERE = Path(__file__).parent
DOCS = ROOT / "docs" / "simulator.md"
#: Each table: its heading, whom its rules bind, and the directory that its tests' names are relative to.
TABLES = {"What the workspace does": ("workspace", "simulator/tests/"), "What an app owes": ("app", "")}


@dataclass(frozen=True)
class Rule:
    """One rule of rules.toml."""

    id: str
    binds: str
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


def rules() -> list[Rule]:
    """All rules, in their order."""
    return [Rule(**one) for one in tomllib.loads((HERE / "rules.toml").read_text(encoding="utf-8"))["rule"]]


def rows(heading: str) -> list[Row]:
    """The table under this heading."""
    section = re.split(
        r"^## ", DOCS.read_text(encoding="utf-8").partition("\n## Conformance\n")[2], flags=re.MULTILINE
    )[0]
    table = re.split(r"^### ", section.partition(f"\n### {heading}\n")[2], flags=re.MULTILINE)[0]
    found = [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("| ")]
    assert found, f'docs/simulator.md, "Conformance", has no table under "### {heading}"'
    assert found[0] == ["id", "rule", "held by"], f"the table under {heading!r} must begin: | id | rule | held by |"
    for cells in found[1:]:
        assert len(cells) == 3, f"a row of {heading!r} must have three cells, and no bar within one: {cells}"
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
    command = [sys.executable, str(HERE / "collect.py"), str(answer), "simulator/tests", "tests/bot"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, f"pytest cannot collect the tests, so mend this first:\n{done.stdout}{done.stderr}"
    cases: dict[str, str] = json.loads(answer.read_text())
    functions: dict[str, str] = {}
    for name, why in cases.items():
        function = name.partition("[")[0]
        functions[function] = functions.get(function) or why
    return functions | cases


def test_the_list_is_in_order() -> None:
    """Ids are unique, numbered without a gap, and bind somebody."""
    known = rules()
    seen: dict[str, int] = {}
    for rule in known:
        topic, _, number = rule.id.rpartition("-")
        assert topic in ("timing", "sizes", "who", "text", "behaviour", "more"), f"{rule.id}: there is no such topic"
        assert number == str(seen.get(topic, 0) + 1), (
            f"{rule.id}: the rule after {topic}-{seen.get(topic, 0)} must be {topic}-{seen.get(topic, 0) + 1}: "
            "a rule that is gone is missed here; a new one goes to the end of its topic"
        )
        seen[topic] = int(number)
        assert rule.binds in ("workspace", "app"), f'{rule.id}: binds must be "workspace" or "app"'
    said = [rule.says for rule in known]
    assert len(set(said)) == len(said), (
        f"two rules say the same: {sorted({one for one in said if said.count(one) > 1})}"
    )


#: How many rules of each topic the notes on Slack have, counted once; more may come, and none may go.
LEAST = {"timing": 71, "sizes": 23, "who": 22, "text": 11, "behaviour": 30, "more": 36}


def test_no_rule_has_vanished() -> None:
    """Neither from the list nor, as the next test says, from the tables."""
    topics = [rule.id.rpartition("-")[0] for rule in rules()]
    fewer = {topic: topics.count(topic) for topic, least in LEAST.items() if topics.count(topic) < least}
    assert fewer == {}, f"rules.toml has fewer rules than there were ({LEAST}); put back what is missing"


@pytest.mark.parametrize("heading", TABLES)
def test_the_table_has_exactly_the_rules(heading: str) -> None:
    """The same ids, in the same order, with the same words."""
    binds, _ = TABLES[heading]
    wanted = {rule.id: rule for rule in rules() if rule.binds == binds}
    table = rows(heading)
    ids = [row.id for row in table]
    twice = sorted({one for one in ids if ids.count(one) > 1})
    assert twice == [], f"rows that stand twice in {heading!r}; strike one of each: {twice}"
    missing = [f"| {rule.id} | {rule.says} | … |" for rule in wanted.values() if rule.id not in ids]
    assert missing == [], f"add to {heading!r} in docs/simulator.md:\n" + "\n".join(missing)
    unknown = [f"{row.id}: {row.says}" for row in table if row.id not in wanted]
    assert unknown == [], f'in no rule of rules.toml that binds = "{binds}"; add them there:\n' + "\n".join(unknown)
    assert ids == list(wanted), f"put the rows of {heading!r} in the order of rules.toml"
    others = [(row.id, row.says, wanted[row.id].says) for row in table if row.says != wanted[row.id].says]
    assert others == [], f"the same words must stand in {heading!r} and in rules.toml: {others}"
    others = [(row.id, row.broken, wanted[row.id].broken) for row in table if row.broken != wanted[row.id].broken]
    assert others == [], f"what is broken must be said alike in {heading!r} and in rules.toml: {others}"


@pytest.mark.parametrize("heading", TABLES)
def test_every_rule_is_held_by_tests_that_run(heading: str, collected: dict[str, str]) -> None:
    """By the names that pytest itself collects, with the cases in brackets; none of them may be skipped."""
    _, directory = TABLES[heading]
    table = rows(heading)
    bare = [row.id for row in table if not row.tests and not row.broken]
    assert bare == [], f"no test holds them; write one and name it in {heading!r}, or say what is **broken:** {bare}"
    named = [(row.id, directory + name) for row in table for name in row.tests]
    unknown = [f"{id_}: {name}{_instead(name, collected)}" for id_, name in named if name not in collected]
    assert unknown == [], f"pytest collects no such tests; name others in {heading!r}:\n" + "\n".join(unknown)
    skipped = [f"{id_}: {name}: {collected[name]}" for id_, name in named if collected[name]]
    assert skipped == [], "a test that may be skipped holds nothing; let it always run:\n" + "\n".join(skipped)


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
