"""One cheap look at some text that says which detectors are worth running on it."""

from collections.abc import Callable, Sequence

import re2

from proxy.masking.detector import Detector
from proxy.masking.edits import re2_options
from proxy.masking.normalise import COMMON_ESCAPE


def hint_set(detectors: Sequence[Detector]) -> Callable[[bytes], tuple[list[int], bool]]:
    """A function that tells, in one pass over its argument, what to do with it.

    That is: which of `detectors`, by index in order, are worth running, and whether it has escape sequences.
    """
    hints = re2.Set.SearchSet(re2_options())
    for detector in detectors:
        hints.Add(detector.hint)
    escaped = hints.Add(COMMON_ESCAPE)
    hints.Compile()

    def look(data: bytes) -> tuple[list[int], bool]:
        matched: list[int] = hints.Match(data) or []
        matched.sort()
        if matched and matched[-1] == escaped:
            return matched[:-1], True
        return matched, False

    return look
