"""No folder with more than fifteen files: more is a list to search, and usually more than one room."""

from pathlib import Path

from scripts.house.tree import PRODUCT, TESTS, Finding, folders

MOST_FILES = 15

#: Grows by one file with every change of a table, and is read from its end.
_HISTORY = Path("storage/migrations/versions")


def find(root: Path) -> list[Finding]:
    """Every folder of the product or of its tests with too many files in it, those of folders below not counted."""
    return [
        Finding(str(folder), f"{folder} holds {len(files)} files, more than {MOST_FILES}: give it rooms.")
        for folder, files in folders(root, (*PRODUCT, *TESTS)).items()
        if len(files) > MOST_FILES and folder != _HISTORY
    ]
