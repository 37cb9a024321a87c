"""Places of logins that wait for a browser: how many one source, one network and all hold, and who makes room. Pure.

Nobody shuts others out: a source and a network fill a share of their own, and where that or all is taken, whoever has
most gives its oldest place to whoever has less. What is left beside one network's share is the reserve for all others.
"""

import ipaddress
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

#: Connections that may wait at once: each holds a place at the door.
MAX_PER_SOURCE: Final = 4
MAX_PER_NETWORK: Final = 20
MAX_IN_ALL: Final = 60
#: What one holder usually has of each address family: RFC 6177 for IPv6.
_NETWORKS: Final = {4: 24, 6: 48}


@dataclass(frozen=True)
class Place:
    """One login that waits, and the source that it counts for."""

    login: UUID
    source: str

    @property
    def network(self) -> str:
        return network_of(self.source)


class Full(Exception):
    """There is none; the message says so to whoever waits for one."""


def network_of(source: str) -> str:
    """`203.0.113.0/24`, `2001:db8:1::/48`; what is no address is its own."""
    try:
        found = ipaddress.ip_network(source, strict=False)
    except ValueError:
        return source
    return str(found.supernet(new_prefix=min(found.prefixlen, _NETWORKS[found.version])))


def room_for(waiting: Sequence[Place], source: str) -> UUID | None:
    """Who of `waiting`, the oldest first, gives its place to a login from `source`; None: there is one. Raises Full."""
    network = network_of(source)
    near = [each for each in waiting if each.network == network]
    theirs = sum(each.source == source for each in near)
    if theirs >= MAX_PER_SOURCE:
        raise Full(f"{theirs} logins from your address wait for a browser. Finish those, or use a token.")
    if len(near) >= MAX_PER_NETWORK:
        return _oldest_of_most(near, lambda each: each.source, theirs)
    if len(waiting) >= MAX_IN_ALL:
        return _oldest_of_most(waiting, lambda each: each.network, len(near))
    return None


def _oldest_of_most(places: Sequence[Place], whose: Callable[[Place], str], own: int) -> UUID:
    """Raises Full where nobody has so many more than `own` that both are the better for it."""
    held = Counter(map(whose, places))
    most, count = held.most_common(1)[0]
    if count <= own + 1:
        raise Full("Many logins wait for a browser at the moment. Try again in a minute, or use a token.")
    return next(each.login for each in places if whose(each) == most)
