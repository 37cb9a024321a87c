"""A unit test stands where the code stands: tests/unit/<room>/test_<module>.py for <room>/<module>.py.

`test_<module>_<aspect>.py` is a twin too, and so is `test_<room>.py` of a whole room. Every module of a pure room has a
test of its name; which rooms are pure is taken from the import-linter contract that holds them so.
"""

import tomllib
from pathlib import Path
from typing import Any

from scripts.house.tree import PRODUCT, UNIT_TESTS, Finding, folders, modules

_PURE_CONTRACT = "pure rooms"
#: The folder of tests that hold what pages say; pages are no modules.
_PAGES = "docs"


def without_module(root: Path) -> list[Finding]:
    """Unit tests that stand where no module stands."""
    known = modules(root) | folders(root, PRODUCT).keys()
    return [
        Finding(str(test), f"{test} is the test of no module: there is none at {_wanted(test)}.py.")
        for test in _unit_tests(root)
        if test.parent.name != _PAGES and not any(twin in known for twin in _twins(test))
    ]


def without_test(root: Path) -> list[Finding]:
    """Modules of pure rooms that no unit test of their name stands for."""
    tested = {twin for test in _unit_tests(root) for twin in _twins(test)}
    return [
        Finding(f"{module}.py", f"{module}.py is pure and has no unit test: write {_test_of(module)}.")
        for module in sorted(modules(root))
        if _is_within(module, pure_rooms(root)) and module not in tested
    ]


def pure_rooms(root: Path) -> list[Path]:
    """Rooms and modules that the contract holds pure, as paths relative to `root`. Raises ValueError without it."""
    project: dict[str, Any] = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    for contract in project["tool"]["importlinter"]["contracts"]:
        if contract["name"].startswith(_PURE_CONTRACT):
            return [_path(name) for name in contract["source_modules"]]
    raise ValueError(f"pyproject.toml has no import-linter contract whose name begins with {_PURE_CONTRACT!r}.")


def _path(module: str) -> Path:
    package, _, rest = module.partition(".")
    top = next((top for top in UNIT_TESTS.values() if top.name == package), Path(package))
    return top.joinpath(*rest.split(".")) if rest else top


def _unit_tests(root: Path) -> list[Path]:
    found = {file for files in folders(root, tuple(UNIT_TESTS)).values() for file in files}
    return sorted(file for file in found if file.name.startswith("test_"))


def _twins(test: Path) -> list[Path]:
    """The modules that this may be the test of: test_a_b.py is that of a_b.py, or of a.py and its aspect b."""
    place = _wanted(test).parent
    words = _wanted(test).name.split("_")
    return [place / "_".join(words[:length]) for length in range(len(words), 0, -1)]


def _wanted(test: Path) -> Path:
    top = next(top for top in UNIT_TESTS if test.is_relative_to(top))
    return UNIT_TESTS[top] / test.relative_to(top).parent / test.stem.removeprefix("test_")


def _test_of(module: Path) -> Path:
    top = next(top for top, code in reversed(UNIT_TESTS.items()) if module.is_relative_to(code))
    return top / module.relative_to(UNIT_TESTS[top]).parent / f"test_{module.name}.py"


def _is_within(module: Path, rooms: list[Path]) -> bool:
    return any(module == room or module.is_relative_to(room) for room in rooms)
