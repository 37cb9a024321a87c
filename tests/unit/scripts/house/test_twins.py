"""A unit test stands where its module stands, and what is pure has one."""

from collections.abc import Callable
from pathlib import Path

import pytest

from scripts.house import twins

Plant = Callable[[dict[str, str]], Path]

PROJECT = """
[[tool.importlinter.contracts]]
name = "another one"
source_modules = ["bot"]
[[tool.importlinter.contracts]]
name = "pure rooms: no sockets"
source_modules = ["access.policy", "storage.merkle", "slack_simulator.blocks"]
"""


def paths(findings: list[twins.Finding]) -> list[str]:
    return [finding.path for finding in findings]


@pytest.mark.parametrize(
    ("test", "module"),
    [
        ("tests/unit/access/policy/test_file.py", "access/policy/file.py"),
        ("tests/unit/access/policy/test_file_errors.py", "access/policy/file.py"),
        ("tests/unit/access/test_in_force.py", "access/in_force.py"),
        ("tests/unit/scripts/test_changelog.py", "scripts/changelog.py"),
        ("tests/unit/support/test_playbook.py", "tests/support/playbook.py"),
        ("tests/unit/access/test_policy.py", "access/policy/file.py"),
        ("simulator/tests/unit/docs/test_conformance.py", "simulator/docs/conformance.md"),
        ("simulator/tests/unit/blocks/test_views.py", "simulator/slack_simulator/blocks/views.py"),
    ],
)
def test_a_test_stands_where_its_module_stands(plant: Plant, test: str, module: str) -> None:
    assert twins.without_module(plant({test: "", module: ""})) == []


@pytest.mark.parametrize(
    "test",
    ["tests/unit/access/test_file.py", "tests/unit/access/policy/test_errors_file.py", "tests/unit/test_policy.py"],
)
def test_a_test_that_stands_elsewhere_is_a_finding(plant: Plant, test: str) -> None:
    assert paths(twins.without_module(plant({test: "", "access/policy/file.py": ""}))) == [test]


def test_live_tests_may_stand_where_they_like(plant: Plant) -> None:
    assert twins.without_module(plant({"tests/live/access/test_double_delivery.py": ""})) == []


def test_a_pure_module_has_a_test_of_its_name(plant: Plant) -> None:
    tree = {"pyproject.toml": PROJECT, "access/policy/file.py": "", "storage/merkle.py": "", "bot/app.py": ""}
    tree |= {"access/policy/errors.py": "", "simulator/slack_simulator/blocks/views.py": ""}
    root = plant({**tree, "tests/unit/access/policy/test_errors_lines.py": ""})
    findings = twins.without_test(root)
    assert paths(findings) == [
        "access/policy/file.py",
        "simulator/slack_simulator/blocks/views.py",
        "storage/merkle.py",
    ]
    assert [finding.sentence.rpartition(" ")[2] for finding in findings] == [
        "tests/unit/access/policy/test_file.py.",
        "simulator/tests/unit/blocks/test_views.py.",
        "tests/unit/storage/test_merkle.py.",
    ]


def test_a_project_without_the_contract_is_an_error(plant: Plant) -> None:
    root = plant({"pyproject.toml": PROJECT.replace("pure rooms", "clean rooms"), "access/one.py": ""})
    with pytest.raises(ValueError, match="pure rooms"):
        twins.pure_rooms(root)
