"""What recognising one sensitive value yields, and what every detector searches with.

Words only: the detectors find, `rules` decides which of them run, and neither is known here.
"""

from typing import NamedTuple

import re2

#: What a value is replaced with when none of it may be shown.
REDACTED = "***"

#: Stands between cells that are scanned together (ASCII's unit separator). Nothing is ever found across it.
CELL_BORDER = b"\x1f"

#: Room for RE2's automaton. It is built as the data asks for, and falls back to a slower search when full.
_MEMORY_BYTES = 64 << 20


class Edit(NamedTuple):
    """One replacement: bytes `start` to `end` (exclusive) of the scanned data become `replacement`."""

    start: int
    end: int
    replacement: bytes
    #: What is counted: an entity's value.
    kind: str
    #: The replacement has as many characters as the original, and each stands for the one at its place.
    aligned: bool = False


def re2_options(*, over_bytes: bool = False) -> re2.Options:
    """Options for searching UTF-8, or bytes of any kind; no groups, which would take RE2's slow way."""
    options = re2.Options()
    options.max_mem = _MEMORY_BYTES
    options.never_capture = True
    options.log_errors = False
    if over_bytes:
        options.encoding = re2.Options.Encoding.LATIN1
    return options
