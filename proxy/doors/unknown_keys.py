"""Keys that nobody has registered, as clients offer them: an agent has ten for elsewhere, a guesser never ends. Pure.

Each source may offer a burst of them, and more as time passes; what is beyond is not looked up.
"""

from collections import OrderedDict
from typing import Final

#: Several clients at once with as many keys as OpenSSH offers.
BURST: Final = 100
REFILL_S: Final = 1.0
MAX_SOURCES: Final = 10_000


class UnknownKeys:
    """Those of one proxy process; memory is bounded."""

    def __init__(self, *, burst: int = BURST, refill_s: float = REFILL_S) -> None:
        self._burst = burst
        self._refill_s = refill_s
        #: Source -> offers left, and when that was.
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def may_offer(self, source: str, now: float) -> bool:
        """Whether another one of `source` is looked up."""
        return self._now(source, now) >= 1

    def was_unknown(self, source: str, now: float) -> None:
        """Nobody has that one."""
        self._left[source] = (max(0.0, self._now(source, now) - 1), now)
        self._left.move_to_end(source)
        if len(self._left) > MAX_SOURCES:
            self._left.popitem(last=False)

    def forget(self, source: str) -> None:
        """Somebody was let in from there."""
        self._left.pop(source, None)

    def _now(self, source: str, now: float) -> float:
        left, at = self._left.get(source, (float(self._burst), now))
        return min(self._burst, left + (now - at) / self._refill_s)
