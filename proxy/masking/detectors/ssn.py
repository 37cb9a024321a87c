"""US social security numbers, written with dashes. Not among the built-in rules: a policy asks for them."""

import re
from collections.abc import Iterator

import re2

from access.policy.entities import Entity
from proxy.masking.detector import Detector
from proxy.masking.edits import REDACTED, Edit, re2_options

_REDACTED = REDACTED.encode()
_ssn = re2.compile(r"[0-8][0-9]{2}-[0-9]{2}-[0-9]{4}", re2_options())
#: Areas 000, 666 and 900-999, group 00 and serial 0000 are never issued.
_issued_ssn = re.compile(rb"(?!000|666)[0-8][0-9]{2}-(?!00)[0-9]{2}-(?!0000)[0-9]{4}(?![0-9-])")


def find_ssns(data: bytes, start: int, _shown: int, replacement: bytes | None) -> Iterator[Edit]:
    """Numbers that may have been issued; replaced whole."""
    for match in _ssn.finditer(data, start):
        first, past = match.span()
        beside = first > 0 and data[first - 1] in b"0123456789-"
        if not beside and _issued_ssn.match(data, first):
            yield Edit(first, past, _REDACTED if replacement is None else replacement, Entity.SSN.value)


DETECTOR = Detector(Entity.SSN, find_ssns, hint=r"[0-9]-[0-9]{2}-[0-9]")
