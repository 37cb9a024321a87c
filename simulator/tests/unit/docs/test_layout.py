"""Where things stand: no folder is over-full, and a unit test is named after the module that it tests."""

from pathlib import Path

import slack_simulator

PACKAGE = Path(slack_simulator.__file__).parent
TESTS = Path(__file__).parents[2]
#: More files than that in a folder, and nobody finds anything.
MOST_FILES = 15
#: Not written by hand.
LEFT_OUT = {"__pycache__", "node_modules", ".hypothesis"}
UNCOUNTED = {"__init__.py", "py.typed"}
#: Unit tests of documents, and of no module.
NO_TWINS = {"docs", "test_layout.py"}


def folders(root: Path) -> list[Path]:
    below = [one for one in root.rglob("*") if one.is_dir() and not LEFT_OUT & set(one.parts)]
    return [root, *below]


def test_every_folder_can_be_looked_through() -> None:
    """`__init__.py` and `py.typed` do not count; a folder that is full wants rooms."""
    counts = {
        str(folder): len([one for one in folder.iterdir() if one.is_file() and one.name not in UNCOUNTED])
        for folder in [*folders(PACKAGE), *folders(TESTS)]
    }
    assert {folder: count for folder, count in counts.items() if count > MOST_FILES} == {}


def test_every_unit_test_has_its_module() -> None:
    """tests/unit/blocks/test_validate.py is for slack_simulator/blocks/validate.py."""
    unit = TESTS / "unit"
    files = [one.relative_to(unit) for one in unit.rglob("test_*.py")]
    twins = {
        one: PACKAGE / one.parent / one.name.removeprefix("test_") for one in files if not NO_TWINS & set(one.parts)
    }
    assert [str(one) for one, twin in twins.items() if not (twin.is_file() or twin.with_suffix("").is_dir())] == []
