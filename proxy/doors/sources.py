"""Sources: whom connections before their login count for. One IPv4 address is one source, and so is one IPv6 /64,
for a site has that many addresses by itself (RFC 6177).
"""

from ipaddress import IPv6Address, ip_address, ip_network

#: What is no address (a socket without a peer) counts as one source.
UNKNOWN = "unknown"


def source_of(host: str) -> str:
    """`203.0.113.9`, `2001:db8:1:2::/64`; IPv4 in IPv6 (::ffff:203.0.113.9, RFC 4291 2.5.5.2) is IPv4."""
    try:
        address = ip_address(host.partition("%")[0].strip("[]"))
    except ValueError:
        return UNKNOWN
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ip_network((address, 64), strict=False))
