"""Sources: whom connections before their login count for. One IPv4 address is one source, and so is one IPv6 /64,
for a site has that many addresses by itself (RFC 6177).
"""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

#: What is no address (a socket without a peer) counts as one source.
UNKNOWN = "unknown"

#: IPv4 addresses as a translator writes them (RFC 6052, 2.1): without this all of them were one source.
_TRANSLATED = IPv6Network("64:ff9b::/96")


def source_of(host: str) -> str:
    """`203.0.113.9`, `2001:db8:1:2::/64`; IPv4 in IPv6 is IPv4 (::ffff:203.0.113.9, RFC 4291 2.5.5.2)."""
    try:
        address = ip_address(host.partition("%")[0].strip("[]"))
    except ValueError:
        return UNKNOWN
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    if address in _TRANSLATED:
        return str(IPv4Address(address.packed[-4:]))
    return str(ip_network((address, 64), strict=False))
