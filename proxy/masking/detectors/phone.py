"""International telephone numbers (ITU-T E.164). Not among the built-in rules: a policy asks for them.

At most 15 digits, written with a plus sign; without one nothing tells them from any other number.
"""

import re
from collections.abc import Iterator

from access.policy.entities import Entity
from proxy.masking.detector import Detector
from proxy.masking.edits import Edit

_phone = re.compile(rb"(?<![A-Za-z0-9+])\+[1-9](?:[ ().-]{0,2}[0-9]){7,14}(?![0-9])")


def find_phones(data: bytes, start: int, shown: int, replacement: bytes | None) -> Iterator[Edit]:
    """International numbers; all but the last two digits become stars."""
    for match in _phone.finditer(data, start):
        form = replacement
        if form is None:
            hidden = len(re.sub(rb"[^0-9]", b"", match.group())) - min(shown, 2)
            form = re.sub(rb"[0-9]", b"*", match.group(), count=hidden)
        yield Edit(*match.span(), form, Entity.PHONE.value)


DETECTOR = Detector(
    Entity.PHONE,
    find_phones,
    hint=r"\+[1-9]",
    unfinished=r"\+[1-9](?:[ ().-]{0,2}[0-9])*[ ().-]{0,2}",
)
