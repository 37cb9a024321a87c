"""Payment card numbers: `cards` finds them, here stands what of one may be at a cut.

Of a number that is being typed the first six digits may be shown, and nothing else until it is known what it is.
"""

import re
from bisect import bisect_left

import re2

from access.policy.entities import Entity
from proxy.masking.byte_patterns import GAP, RUN, UNFINISHED_ESCAPE, UNFINISHED_SEPARATOR
from proxy.masking.cards.brands import LENGTHS, MAX_DIGITS
from proxy.masking.cards.candidates import ESCAPED, HINT
from proxy.masking.cards.pans import find_pans
from proxy.masking.cards.readings import readings
from proxy.masking.detector import Detector
from proxy.masking.edits import re2_options
from proxy.masking.normalise import Run, parse_run

#: The first six digits of a card number may be shown (PCI DSS 4.0.1, 3.4.1).
_OPEN_DIGITS = 6

_run_at_end = re2.compile(
    rf"{RUN}{GAP}(?:{UNFINISHED_ESCAPE}|{UNFINISHED_SEPARATOR})\z".encode("latin-1"), re2_options(over_bytes=True)
)


#: A digit that ends a sequence, or begins a number where no sequence is read.
_ends_sequence = re.compile(rb"\x1b[\x00-\x08\x0e-\x17\x19\x1c-\x1e\x7f -/]*([0-9])")


_escaped = re.compile(ESCAPED.encode())


def _seventh_digit(text: bytes) -> int:
    """Where the digits begin that wait: behind the sixth of what may be a card number, or nowhere (the end)."""
    return min(_waiting_in(seen) for seen in readings(text))


def _waiting_in(text: bytes) -> int:
    # The digits of a sequence that is not finished may be those of a number where none is read.
    behind = text.rfind(b"\x1b") + 1
    return min(_waiting(text), behind + _waiting(text[behind:])) if behind else _waiting(text)


def _waiting(text: bytes) -> int:
    match = _run_at_end.search(text)
    if match is None:
        return len(text)
    run = parse_run(text, match.start(), len(text))
    waits = [len(text)]
    for padded in sorted([*run.split().groups, *_behind_escaped(text, match.start(), run)]):
        low = len(run.digits) - len(run.digits[padded:].lstrip(b"0"))
        if _may_be_card(run.digits[low:]):
            waits.append(run.places[low + _OPEN_DIGITS - 1][1])
            break
    for ends in _ends_sequence.finditer(text, max(0, text.rfind(b"\x1b", 0, match.start()))):
        low = bisect_left(run.places, ends.span(1))
        if run.places[low : low + 1] == [ends.span(1)] and _may_be_card(run.digits[low + 1 :]):
            waits.append(run.places[low + _OPEN_DIGITS][1])
        if _may_be_card(ends[1] + run.digits[low:]):
            waits.append(run.places[low + _OPEN_DIGITS - 2][1])
            break
    return min(waits)


def _behind_escaped(text: bytes, start: int, run: Run) -> list[int]:
    """Which digit of the run that begins at `start` is behind what stands for a character in a URL, as `%20`."""
    ends = [found.end() for found in _escaped.finditer(text, max(0, start - 2), start + 2)]
    return [bisect_left(run.places, (end,)) for end in ends if end > start]


def _may_be_card(digits: bytes) -> bool:
    return _OPEN_DIGITS < len(digits) <= MAX_DIGITS and LENGTHS[int(digits[:4])] != 0


DETECTOR = Detector(
    Entity.PAN,
    find_pans,
    hint=HINT,
    reads_escapes=True,
    unfinished=rf"{RUN}{GAP}",
    waits_from=_seventh_digit,
)
