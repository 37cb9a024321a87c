"""Fifteen files are a room, sixteen a list; what is not read as code is not counted."""

from collections.abc import Callable
from pathlib import Path

import pytest

from scripts.house.sizes import MOST_FILES, find

Plant = Callable[[dict[str, str]], Path]


def files(folder: str, count: int, suffix: str = ".py") -> dict[str, str]:
    return {f"{folder}/file{number}{suffix}": "" for number in range(count)}


def test_a_room_may_be_full(plant: Plant) -> None:
    root = plant(files("access/policy", MOST_FILES) | {"access/policy/__init__.py": "", "access/py.typed": ""})
    assert find(root) == []


@pytest.mark.parametrize("folder", ["access", "proxy/ssh", "tests/unit/bot", "simulator/slack_simulator/static"])
def test_one_file_more_is_too_many(plant: Plant, folder: str) -> None:
    (finding,) = find(plant(files(folder, 10) | files(folder, MOST_FILES - 9, ".js")))
    assert finding.path == folder
    assert f"{folder} holds 16 files" in finding.sentence


def test_files_of_folders_below_are_not_counted(plant: Plant) -> None:
    assert find(plant(files("web", 10) | files("web/pages", 10) | files("web/__pycache__", 20))) == []


def test_migrations_may_grow_as_they_must(plant: Plant) -> None:
    assert find(plant(files("storage/migrations/versions", 20))) == []
