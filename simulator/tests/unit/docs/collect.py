"""Which tests there are, by pytest's own names, and which of them may be skipped.

python collect.py ANSWER.json DIRECTORY: writes {name: why it may be skipped, or ""}, names counted from the directory.
A program of its own, because pytest collects once in a process.
"""

import inspect
import json
import re
import sys
from pathlib import Path

import pytest

MARKS = ("skip", "skipif", "xfail")
CALLS = re.compile(r"\bpytest\.(skip|xfail|importorskip)\(")


class Collector:
    """Keeps what pytest has collected."""

    def __init__(self) -> None:
        self.found: dict[str, str] = {}

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Called once, with every case."""
        self.found = {item.nodeid: why_skipped(item) for item in session.items}


def why_skipped(item: pytest.Item) -> str:
    """What in the test, its marks or its fixtures could keep it from running; "" if nothing does."""
    marked = [name for name in MARKS if item.get_closest_marker(name) is not None]
    if marked:
        return f"it is marked {marked[0]}"
    fixtures = item._fixtureinfo.name2fixturedefs.values()
    functions = [item.function, *(fixture.func for several in fixtures for fixture in several)]
    for function in functions:
        if "tests" in inspect.getmodule(function).__name__.split(".") and CALLS.search(source_of(function)):
            return f"{function.__name__} calls pytest.skip, xfail or importorskip"
    return ""


def source_of(function: object) -> str:
    return inspect.getsource(inspect.unwrap(function))


def main(answer: Path, directory: str) -> int:
    collector = Collector()
    options = [
        "--collect-only",
        "-q",
        "--rootdir",
        directory,
        "-o",
        "addopts=--import-mode=importlib",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:xdist",
    ]
    status = pytest.main([*options, directory], plugins=[collector])
    answer.write_text(json.dumps(collector.found))
    return int(status)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
