"""Whether a part of something longer holds a piece of what is masked, by what stands before and behind it.

For parts that are given out as they are or not at all, in any order: a value that is cut in two by the border of a part
is a piece of a value in both. It changes nothing and counts nothing.
"""

from proxy.masking.edits import Edit
from proxy.masking.rules import Masker
from proxy.masking.stream import HOLDBACK, MAX_HELD

#: Bytes on either side that are looked at: the longest candidate that a stream recognises.
AROUND_BYTES = MAX_HELD


def is_open(data: bytes) -> bool:
    """Whether a value may be under way at its end, so that what follows decides what the end is."""
    return HOLDBACK.open_from(data, max(0, len(data) - AROUND_BYTES)) < len(data)


def pieces(masker: Masker, before: bytes, part: bytes, behind: bytes) -> list[Edit]:
    """The values of which `part` holds at least one byte; their places count from the beginning of `before`."""
    start, end = len(before), len(before) + len(part)
    return [edit for edit in masker.edits(before + part + behind) if edit.start < end and edit.end > start]
