"""Payment card numbers: `cards` finds them, here stands what of one may be at a cut.

Of a number that is being typed the first six digits may be shown, and nothing else until it is known what it is.
"""

import re2

from access.policy.entities import Entity
from proxy.masking.byte_patterns import GAP, RUN, UNFINISHED_ESCAPE, UNFINISHED_SEPARATOR
from proxy.masking.cards.brands import LENGTHS, MAX_DIGITS
from proxy.masking.cards.candidates import CANDIDATE
from proxy.masking.cards.pans import find_pans
from proxy.masking.detector import Detector
from proxy.masking.edits import re2_options
from proxy.masking.normalise import parse_run

#: The first six digits of a card number may be shown (PCI DSS 4.0.1, 3.4.1).
_OPEN_DIGITS = 6

_run_at_end = re2.compile(
    rf"{RUN}{GAP}(?:{UNFINISHED_ESCAPE}|{UNFINISHED_SEPARATOR})\z".encode("latin-1"), re2_options(over_bytes=True)
)


def _seventh_digit(text: bytes) -> int:
    """Where the digits begin that wait: behind the sixth of what may be a card number, or nowhere (the end)."""
    match = _run_at_end.search(text)
    if match is None:
        return len(text)
    run = parse_run(text, match.start(), len(text))
    for padded in run.split().groups:
        low = len(run.digits) - len(run.digits[padded:].lstrip(b"0"))
        count = len(run.digits) - low
        if _OPEN_DIGITS < count <= MAX_DIGITS and LENGTHS[int(run.digits[low : low + 4])]:
            return run.places[low + _OPEN_DIGITS - 1][1]
    return len(text)


DETECTOR = Detector(
    Entity.PAN,
    find_pans,
    hint=CANDIDATE,
    reads_escapes=True,
    unfinished=rf"{RUN}{GAP}",
    waits_from=_seventh_digit,
)
