"""Changes to a text: spans of it replaced, without overlaps. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

#: Stands for a literal that is not shown.
HIDDEN = "***"


@dataclass(frozen=True, order=True)
class Change:
    """Characters `start` to `end` of a text, and what is shown instead."""

    start: int
    end: int
    new: str = HIDDEN


def moved(changes: Iterable[Change], by: int) -> list[Change]:
    """The same changes in a text that begins `by` characters earlier."""
    return [Change(each.start + by, each.end + by, each.new) for each in changes]


def disjoint(changes: Iterable[Change]) -> list[Change]:
    """In order; where two overlap, what either hides is hidden."""
    kept: list[Change] = []
    for change in sorted(changes, key=lambda each: (each.start, -each.end)):
        if not kept or change.start >= kept[-1].end:
            kept.append(change)
        elif change.end > kept[-1].end:
            kept[-1] = Change(kept[-1].start, change.end)
    return kept


def applied(text: str, changes: Iterable[Change]) -> str:
    """The text with the changes made."""
    pieces: list[str] = []
    at = 0
    for change in disjoint(changes):
        pieces += (text[at : change.start], change.new)
        at = change.end
    return "".join([*pieces, text[at:]])
