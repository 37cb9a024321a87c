"""The table of rooms and the tree cannot drift apart."""

from collections.abc import Callable
from pathlib import Path

import pytest

from scripts.house import rooms
from scripts.house.rooms import BEGIN, END, PAGE

Plant = Callable[[dict[str, str]], Path]

HEAD = "| room | files | what for |\n|---|---|---|\n"
TREE = {"access/__init__.py": "", "access/one.py": "", "access/policy/two.py": "", "access/policy/three.py": ""}
TABLE = "| `access/` | 1 | the rules |\n| `access/policy/` | 2 | shapes |\n"


def page(rows: str) -> str:
    return f"# Architecture\n\n{BEGIN}\n{HEAD}{rows}{END}\n\nMore.\n"


def sentences(root: Path) -> list[str]:
    return [finding.sentence.removeprefix(f"{PAGE}: ") for finding in rooms.find(root)]


def test_a_table_that_is_the_tree_is_left_alone(plant: Plant) -> None:
    root = plant({**TREE, str(PAGE): page(TABLE)})
    assert sentences(root) == []
    rooms.write(root)
    assert (root / PAGE).read_text(encoding="utf-8") == page(TABLE)


@pytest.mark.parametrize(
    ("rows", "wrong"),
    [
        ("| `access/` | 1 | the rules |\n", "access/policy/ is a room, but not in the table."),
        (TABLE + "| `bot/` | 3 | Slack |\n", "bot/ is in the table, but there is no such room."),
        (TABLE.replace("| 2 |", "| 3 |"), "access/policy/ has 2 files, and the table says 3."),
        (TABLE.replace("shapes", ""), "access/policy/ is in the table without what it is for."),
    ],
)
def test_what_the_table_does_not_say_is_a_finding(plant: Plant, rows: str, wrong: str) -> None:
    assert sentences(plant({**TREE, str(PAGE): page(rows)})) == [wrong]


def test_writing_counts_again_and_keeps_what_rooms_are_for(plant: Plant) -> None:
    root = plant({**TREE, str(PAGE): page("| `access/` | 9 | the rules |\n| `gone/` | 1 | nothing |\n")})
    rooms.write(root)
    written = (root / PAGE).read_text(encoding="utf-8")
    assert written == page("| `access/` | 1 | the rules |\n| `access/policy/` | 2 |  |\n")
    assert sentences(root) == ["access/policy/ is in the table without what it is for."]


def test_a_page_without_its_markers_is_an_error(plant: Plant) -> None:
    with pytest.raises(ValueError, match="must have the lines"):
        rooms.find(plant({**TREE, str(PAGE): "# Architecture\n"}))
