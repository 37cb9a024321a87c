"""How often one address, person or command line may do something: a bucket for each, which fills again with time.

A person signs in once a day; whoever tries a hundred times a minute guesses, or wears out the provider. Of IPv6 the
network of 64 bits counts: whoever has one address there has all of them (RFC 6177).
"""

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

#: So many at once, and one more each few seconds.
BURST: Final = 20
REFILL_S: Final = 3.0
#: Addresses that are remembered; the one that was quiet longest is forgotten first.
MAX_ADDRESSES: Final = 10_000


class Rates:
    """Buckets by address; memory is bounded."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, *, burst: int = BURST, refill_s: float = REFILL_S
    ) -> None:
        self._clock = clock
        self._burst = float(burst)
        self._refill_s = refill_s
        #: Address -> tokens left, and when that was.
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, address: str) -> bool:
        """Whether `address` may, now; takes one of its turns."""
        now, source = self._clock(), source_of(address)
        left, at = self._left.pop(source, (self._burst, now))
        left = min(self._burst, left + (now - at) / self._refill_s)
        may = left >= 1
        self._left[source] = (left - 1 if may else left, now)
        if len(self._left) > MAX_ADDRESSES:
            self._left.popitem(last=False)
        return may

    def give_back(self, address: str) -> None:
        """The last turn of `address` was none after all."""
        left, at = self._left.get(source_of(address), (self._burst, self._clock()))
        self._left[source_of(address)] = (min(self._burst, left + 1), at)

    def is_empty(self, address: str) -> bool:
        """Whether `address` has no turn left; takes none."""
        left, at = self._left.get(source_of(address), (self._burst, 0.0))
        return left + (self._clock() - at) / self._refill_s < 1


def source_of(address: str) -> str:
    """Whose turns they are: an address, or of IPv6 its network."""
    try:
        found = ipaddress.IPv6Address(address.partition("%")[0])
    except ValueError:
        return address
    return str(found.ipv4_mapped or ipaddress.IPv6Network((found, 64), strict=False))
