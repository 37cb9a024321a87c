"""The conformance table of docs/simulator.md promises nothing that no test holds."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def table() -> list[tuple[str, list[str]]]:
    """Each rule with the tests that are named for it."""
    text = (ROOT / "docs" / "simulator.md").read_text(encoding="utf-8")
    section = re.split(r"^## ", text.partition("\n## Conformance\n")[2], flags=re.MULTILINE)[0]
    rows = re.findall(r"^\| (.+?) \| (.+?) \|$", section, re.MULTILINE)
    return [(rule, re.findall(r"`([^`]+)`", tests)) for rule, tests in rows if tests != "held by"]


def test_every_rule_is_held_by_tests_that_exist() -> None:
    """By the names that pytest itself collects, with the cases in brackets."""
    options = [
        "-o",
        "addopts=--import-mode=importlib",
        "--collect-only",
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:xdist",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "tests/simulator"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    collected = {line.removeprefix("tests/simulator/") for line in done.stdout.splitlines() if "::" in line}
    known = collected | {name.partition("[")[0] for name in collected}
    rules = table()
    assert len(rules) > 50
    assert [rule for rule, tests in rules if not tests] == []
    assert [name for _, tests in rules for name in tests if name not in known] == []
