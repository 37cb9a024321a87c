"""Who a request comes from, where a proxy stands in front (RFC 7239, and X-Forwarded-For as most write it). Pure.

The last proxy's word counts, if it is one of those that are listed; what stands further left was written by whoever
came to that proxy, and is anybody's invention. So is a whole header that the proxy does not set and passes on: which of
the two that is nobody can tell from here, so unless the settings name the proxy's, two that differ say nothing.
"""

import ipaddress
from collections.abc import Sequence

from web.door.forwarded_header import Malformed, hops
from web.settings import ForwardedBy, Network


def is_listed(address: str, proxies: Sequence[Network]) -> bool:
    """Whether `address`, as a socket gives it, is one of `proxies`."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    found = getattr(found, "ipv4_mapped", None) or found
    return any(found in network for network in proxies)


def client(
    forwarded: Sequence[str],
    forwarded_for: Sequence[str],
    proxies: Sequence[Network],
    by: ForwardedBy | None = None,
) -> str | None:
    """The address that the listed proxies say, in one spelling; None: they say none that can be read.

    The values of the two headers, in the order in which they came; `by` is the one that counts. The nearest address
    that is no listed proxy is it.
    """
    if by is None and disagree(forwarded, forwarded_for, proxies):
        return None
    said = _said(forwarded, forwarded_for, by)
    return _nearest(said[0], proxies) if said else None


def disagree(forwarded: Sequence[str], forwarded_for: Sequence[str], proxies: Sequence[Network]) -> bool:
    """Whether both headers are there and name different clients: one of them is what the client made up."""
    said = _said(forwarded, forwarded_for, None)
    return len({_nearest(hops, proxies) for hops in said}) > 1


def is_malformed(forwarded: Sequence[str]) -> bool:
    """Whether Forwarded is there and is none: whoever wrote that part of it did not want the others read."""
    try:
        hops(forwarded)
    except Malformed:
        return True
    return False


def _said(forwarded: Sequence[str], forwarded_for: Sequence[str], by: ForwardedBy | None) -> list[list[str | None]]:
    """What each header that is there says, hop by hop, from the client on."""
    said = {
        ForwardedBy.FORWARDED: _nodes(forwarded),
        ForwardedBy.X_FORWARDED_FOR: [_address(each) for value in forwarded_for for each in value.split(",")],
    }
    return [hops for header, hops in said.items() if hops and by in {None, header}]


def _nearest(hops: Sequence[str | None], proxies: Sequence[Network]) -> str | None:
    for hop in reversed(hops):
        if hop is None or not is_listed(hop, proxies):
            return hop
    return None


def _nodes(values: Sequence[str]) -> list[str | None]:
    """The addresses of Forwarded; None for one that hides it (`_hidden`, `unknown`), and for all that is malformed."""
    try:
        return [_address(node) if node is not None else None for node in hops(values)] or [None] * bool(values)
    except Malformed:
        return [None]


def _address(value: str) -> str | None:
    """An address, from how the headers write one: with a port or without, IPv6 in brackets."""
    value = value.strip()
    if value.startswith("["):
        value = value[1:].partition("]")[0]
    elif value.count(":") == 1:
        value = value.partition(":")[0]
    try:
        found = ipaddress.ip_address(value)
    except ValueError:
        return None
    return str(getattr(found, "ipv4_mapped", None) or found)
