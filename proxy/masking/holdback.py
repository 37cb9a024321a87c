"""Where an unfinished candidate begins at the end of a piece of a stream, for a list of detectors.

It errs on the side of holding more: what it lets go can never become part of a candidate. Patterns are RE2 over bytes
and anchored at the end, so only the tail is ever read.
"""

from collections.abc import Collection

import re2

from proxy.masking.byte_patterns import IN_WORD, LINK, RUN, UNFINISHED_ESCAPE, VALUE
from proxy.masking.detector import Detector
from proxy.masking.edits import re2_options

#: The greatest byte that begins a character (RFC 3629, 3).
_LAST_LEAD = 0xF4


class Holdback:
    """What `detectors` say of unfinished values, compiled into one search for each question."""

    def __init__(self, detectors: Collection[Detector]) -> None:
        kinds = "|".join(_unfinished(detectors))
        end = rf"{IN_WORD}(?:{RUN}{IN_WORD})?(?:{kinds})?{UNFINISHED_ESCAPE}\z"
        self._open = re2.compile(end.encode("latin-1"), re2_options(over_bytes=True))
        waits = "|".join(detector.waits for detector in detectors if detector.waits)
        self._waits = re2.compile(waits.encode("latin-1"), re2_options(over_bytes=True)) if waits else None
        self._waits_from = [detector.waits_from for detector in detectors if detector.waits_from is not None]

    def open_from(self, data: bytes, floor: int) -> int:
        """The least index, not below `floor`, from which data[index:] may belong to an unfinished candidate."""
        held = len(data)
        # Again from there, as a run of digits that is complete must not be cut in two: what is left of it would look
        # whole.
        while (match := self._open.search(data[floor:held])) is not None and floor + match.start() < held:
            held = floor + match.start()
        return held

    def waiting_from(self, data: bytes, floor: int) -> int:
        """The least index from which data[index:] must not be released by the mere passing of time.

        That is the seventh and later digits of what may be a card number, a verification code's digits, a key or a
        password that is being typed. Whatever ends the token releases them; so does the end of the stream. A character
        that is not all here waits with them, and never by itself: in a binary protocol its rest may never come.
        """
        whole = len(data) - unfinished_character(data[floor:])
        text = data[floor:whole]
        waits = [len(text), *(waits_from(text) for waits_from in self._waits_from)]
        if self._waits is not None and (match := self._waits.search(text)) is not None:
            waits.append(match.start())
        first = floor + min(waits)
        return first if first < whole else len(data)


def _unfinished(detectors: Collection[Detector]) -> list[str]:
    """The alternatives, with all labels in one: the automaton grows with what it must read at the same time."""
    labels = dict.fromkeys(label for detector in detectors for label in detector.labels)
    labelled = [rf"(?i:{'|'.join(labels)}){LINK}{VALUE}"] if labels else []
    return [detector.unfinished for detector in detectors if detector.unfinished] + labelled


def unfinished_character(text: bytes) -> int:
    """Bytes at the end of `text` that are the beginning of a UTF-8 character."""
    for count in range(1, min(3, len(text)) + 1):
        lead = text[-count]
        if lead >= 0xC0:
            if lead > _LAST_LEAD:
                return 0
            return count if count < (2 if lead < 0xE0 else 3 if lead < 0xF0 else 4) else 0
        if lead < 0x80:
            return 0
    return 0
