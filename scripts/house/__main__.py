"""`python -m scripts.house`: hold the tree to the rules of the house; `--write` counts the table of rooms again first.

Prints each finding as a sentence and exits 1 if there is one. Run it at the top of the checkout.
"""

import sys
from collections.abc import Iterable
from pathlib import Path

from scripts.house import circles, rooms, sizes, twins
from scripts.house.known import CROWDED, IN_A_CIRCLE, PURE_WITHOUT_TEST, TEST_WITHOUT_MODULE
from scripts.house.tree import Finding


def main(root: Path, arguments: list[str]) -> int:
    """Check the tree at `root`; returns the exit code."""
    if arguments not in ([], ["--write"]):
        print("usage: python -m scripts.house [--write]", file=sys.stderr)
        return 2
    if arguments:
        rooms.write(root)
    sentences = [
        *unexpected(circles.find(root), IN_A_CIRCLE),
        *unexpected(sizes.find(root), CROWDED),
        *unexpected(rooms.find(root), frozenset()),
        *unexpected(twins.without_module(root), TEST_WITHOUT_MODULE),
        *unexpected(twins.without_test(root), PURE_WITHOUT_TEST),
    ]
    for sentence in sentences:
        print(sentence, file=sys.stderr)
    return 1 if sentences else 0


def unexpected(findings: Iterable[Finding], known: frozenset[str]) -> list[str]:
    """What to print: findings that are not known, and known ones that are found no more."""
    found = list(findings)
    new = [finding.sentence for finding in found if finding.path not in known]
    gone = sorted(known - {finding.path for finding in found})
    over = [f"{path} is no exception any more: take it out of scripts/house/known.py." for path in gone]
    return new + over


if __name__ == "__main__":
    sys.exit(main(Path.cwd(), sys.argv[1:]))
