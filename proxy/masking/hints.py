"""One cheap look at some text that says which detectors are worth running on it."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import re2

from proxy.masking.detector import Detector
from proxy.masking.edits import re2_options
from proxy.masking.normalise import HIDES, may_hide


class Hints(NamedTuple):
    """What one look says."""

    #: Which detectors are worth running, by index in order.
    worth: list[int]
    #: Whether words may be hidden from those whose hints are common by escape sequences or by what is silent.
    common_hidden: bool
    #: The same for those whose hints are rare: there anything that may hide a word is enough.
    rare_hidden: bool


def hint_set(detectors: Sequence[Detector]) -> Callable[[bytes], Hints]:
    """A function that tells, in one pass over its argument, what `detectors` have to do with it.

    Each kind is told by itself: of a stream, what stands elsewhere may come later.
    """
    rare = {index for index, each in enumerate(detectors) if not each.reads_escapes and not each.hint_is_common}
    hints = re2.Set.SearchSet(re2_options())
    for detector in detectors:
        hints.Add(detector.hint)
    escaped = hints.Add(HIDES)
    hints.Compile()

    def look(data: bytes) -> Hints:
        matched: list[int] = hints.Match(data) or []
        matched.sort()
        hidden = bool(matched) and matched[-1] == escaped
        if hidden:
            del matched[-1]
        return Hints(matched, hidden, not rare.isdisjoint(matched) and (hidden or may_hide(data)))

    return look
