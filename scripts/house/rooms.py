"""The table of rooms in docs/architecture.md is the tree: no room is missing, none is gone, the counts are right.

`write` brings the rooms and their counts up to date and keeps what the table says each is for; a new room gets an empty
cell, which is a finding until somebody fills it.
"""

import re
from pathlib import Path
from typing import NamedTuple

from scripts.house.tree import PACKAGES, Finding, folders

PAGE = Path("docs/architecture.md")
BEGIN = "<!-- rooms: counted by `make rooms` -->"
END = "<!-- end of rooms -->"
_HEAD = ("| room | files | what for |", "|---|---|---|")
_ROW = re.compile(r"\| `([^`]+)/` \| (\d+) \| (.*?) ?\|")


class Room(NamedTuple):
    """A row of the table."""

    folder: str
    files: int
    purpose: str


def find(root: Path) -> list[Finding]:
    """Where the table and the tree disagree."""
    shown = {room.folder: room for room in table((root / PAGE).read_text(encoding="utf-8"))}
    there = count(root)
    missing = [f"{folder}/ is a room, but not in the table." for folder in there.keys() - shown.keys()]
    gone = [f"{folder}/ is in the table, but there is no such room." for folder in shown.keys() - there.keys()]
    counts = [
        f"{folder}/ has {files} files, and the table says {shown[folder].files}."
        for folder, files in there.items()
        if folder in shown and shown[folder].files != files
    ]
    silent = [
        f"{folder}/ is in the table without what it is for." for folder, room in shown.items() if not room.purpose
    ]
    return [Finding(str(PAGE), f"{PAGE}: {wrong}") for wrong in sorted(missing + gone + counts + silent)]


def count(root: Path) -> dict[str, int]:
    """Each folder of the product that holds modules -> how many files it holds, `__init__.py` not counted."""
    tops = tuple(map(Path, PACKAGES))
    return {str(folder): len(files) for folder, files in folders(root, tops).items()}


def table(page: str) -> list[Room]:
    """The rows between the markers. Raises ValueError if the page has no markers."""
    _, rows, _ = _parts(page)
    return [Room(folder, int(files), purpose) for folder, files, purpose in _ROW.findall(rows)]


def write(root: Path) -> None:
    """Make the table the tree. Raises ValueError if the page has no markers."""
    page = (root / PAGE).read_text(encoding="utf-8")
    before, _, after = _parts(page)
    purposes = {room.folder: room.purpose for room in table(page)}
    rows = [f"| `{folder}/` | {files} | {purposes.get(folder, '')} |" for folder, files in count(root).items()]
    (root / PAGE).write_text(before + "\n".join(("", *_HEAD, *rows, "")) + after, encoding="utf-8")


def _parts(page: str) -> tuple[str, str, str]:
    """The page up to and with the first marker, what stands between, the page from the second marker on."""
    begin, end = page.find(BEGIN), page.find(END)
    if begin < 0 or end < begin:
        raise ValueError(f"{PAGE} must have the lines {BEGIN} and {END} around the table of rooms.")
    begin += len(BEGIN)
    return page[:begin], page[begin:end], page[end:]
