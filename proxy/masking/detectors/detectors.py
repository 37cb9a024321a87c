"""The detectors: per entity a finder, bytes in and edits out. `DETECTORS` is the whole list.

A finder works on UTF-8 bytes and looks only at what is near a match, so that a stream can be scanned piece by piece. It
never reads across CELL_BORDER. Invalid UTF-8 is never an error and never a match.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import re2

from access.policy.entities import Entity
from proxy.masking.cards.candidates import CANDIDATE
from proxy.masking.cards.pans import find_pans
from proxy.masking.detectors import codes, emails, keys, labels, numbers
from proxy.masking.edits import Edit, re2_options
from proxy.masking.normalise import COMMON_ESCAPE

#: finder(data, start, shown, replacement): edits in data[start:], in order; what is before `start` is context. `shown`
#: is how many digits stay visible where the entity's form shows any; `replacement` takes the place of that form.
Finder = Callable[[bytes, int, int, bytes | None], Iterator[Edit]]


class Detector(NamedTuple):
    """How one entity is found."""

    find: Finder
    #: RE2: without a match of this there is nothing to find. All hints are looked for in one pass.
    hint: str
    #: The finder itself reads over escape sequences; the others are given text without them.
    reads_escapes: bool = False


DETECTORS: dict[Entity, Detector] = {
    Entity.PAN: Detector(find_pans, CANDIDATE, reads_escapes=True),
    Entity.CVV: Detector(codes.find_cvvs, codes.CVV_HINT, reads_escapes=True),
    Entity.EMAIL: Detector(emails.find_emails, "@"),
    Entity.AWS_KEY: Detector(keys.find_aws_keys, r"AKIA|ASIA|(?i:secret_?(?:access_?)?key)"),
    Entity.GITHUB_TOKEN: Detector(keys.find_github_tokens, r"gh[pousr]_|github_pat_"),
    Entity.JWT: Detector(keys.find_jwts, r"eyJ"),
    Entity.PRIVATE_KEY: Detector(keys.find_private_keys, r"-----BEGIN ", reads_escapes=True),
    Entity.PASSWORD: Detector(keys.find_url_passwords, r"://"),
    Entity.SECRET: Detector(labels.find_secrets, labels.LABELS),
    Entity.PHONE: Detector(numbers.find_phones, r"\+[1-9]"),
    Entity.IBAN: Detector(numbers.find_ibans, r"[A-Z]{2}[0-9]{2} ?[A-Z0-9]"),
    Entity.SSN: Detector(numbers.find_ssns, r"[0-9]-[0-9]{2}-[0-9]"),
}


#: An escape sequence before or within a word, whose last letter is not that word's.
_ESCAPED_WORD = rf"{COMMON_ESCAPE}[A-Za-z0-9._%+/@:=-]"


def hint_set(detectors: Sequence[Detector]) -> Callable[[bytes], tuple[list[int], bool]]:
    """A function that tells, in one pass over its argument, what to do with it.

    That is: which of `detectors`, by index in order, are worth running, and whether escape sequences touch words.
    """
    hints = re2.Set.SearchSet(re2_options())
    for detector in detectors:
        hints.Add(detector.hint)
    escaped = hints.Add(_ESCAPED_WORD)
    hints.Compile()

    def look(data: bytes) -> tuple[list[int], bool]:
        matched: list[int] = hints.Match(data) or []
        matched.sort()
        if matched and matched[-1] == escaped:
            return matched[:-1], True
        return matched, False

    return look
