"""Finders for values that one pattern describes. They are replaced whole."""

import re
from collections.abc import Iterator

from access.policy.entities import Entity
from proxy.masking.detector import Finder
from proxy.masking.edits import REDACTED, Edit

#: Bytes from the start of a label to its value, at most.
_LABEL_REACH = 64

_REDACTED = REDACTED.encode()


def shaped(entity: Entity, pattern: bytes) -> Finder:
    """A finder for `pattern`; its group, or all of it if it has none, is replaced."""
    compiled = re.compile(pattern)
    kind = entity.value
    reach = _LABEL_REACH if compiled.groups else 0

    def find(data: bytes, start: int, _shown: int, replacement: bytes | None) -> Iterator[Edit]:
        form = _REDACTED if replacement is None else replacement
        for match in compiled.finditer(data, max(0, start - reach)):
            first, past = match.span(match.lastindex or 0)
            if first >= start:
                yield Edit(first, past, form, kind)

    return find
