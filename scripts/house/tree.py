"""The tree that the rules look at: which folders are the product's, which hold tests, and what counts as a file."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

#: The packages of the product, beside each other at the top, and the local Slack, which is a distribution of its own.
PACKAGES = ("access", "bot", "cli", "client", "proxy", "storage", "web")
SIMULATOR = Path("simulator/slack_simulator")
PRODUCT = (*map(Path, PACKAGES), SIMULATOR)
TESTS = (Path("tests"), Path("simulator/tests"))
#: What tests share is code too, and may have tests.
SUPPORT = Path("tests/support")
#: Where a unit test stands, and where what it tests begins: tests/unit/access/… is the twin of access/….
UNIT_TESTS = {
    Path("tests/unit/support"): SUPPORT,
    Path("tests/unit"): Path(),
    Path("simulator/tests/unit"): SIMULATOR,
}

_SUFFIXES = frozenset({".py", ".js", ".css", ".html"})
_NOT_COUNTED = frozenset({"__init__.py", "py.typed"})
_SKIPPED = frozenset({"__pycache__", "node_modules"})


class Finding(NamedTuple):
    """What is wrong, as a sentence, and the path that it is about."""

    path: str
    sentence: str


def folders(root: Path, tops: tuple[Path, ...]) -> dict[Path, list[Path]]:
    """Each folder below `tops` that holds counted files, with these files; all paths relative to `root`."""
    found: defaultdict[Path, list[Path]] = defaultdict(list)
    for top in tops:
        for file in _files(root / top):
            found[file.parent.relative_to(root)].append(file.relative_to(root))
    return dict(sorted(found.items()))


def _files(top: Path) -> Iterator[Path]:
    for file in sorted(top.rglob("*")):
        if file.suffix in _SUFFIXES and file.name not in _NOT_COUNTED and not _SKIPPED.intersection(file.parts):
            yield file


def modules(root: Path) -> frozenset[Path]:
    """Every module that a unit test may stand for, as a path relative to `root`, without its suffix."""
    tops = (*PRODUCT, SUPPORT, Path("scripts"))
    return frozenset(
        file.with_suffix("") for files in folders(root, tops).values() for file in files if file.suffix == ".py"
    )
