"""Addresses and names of hosts, each in the one spelling that is judged, put on record and asked for. Pure.

Hosts resolve by getaddrinfo, which takes for an address whatever inet_aton does: `127.1`, `0x7f000001`, `2130706433`
and `0177.0.0.1` are all 127.0.0.1, and so is `::ffff:127.0.0.1`. What a rule says of an address holds for all of them.
"""

import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address
from typing import Final

MAX_HOST_CHARS: Final = 255

#: What is no name and no address is nothing that a client may ask for; other characters have other readings elsewhere.
_PLAIN = re.compile(r"[A-Za-z0-9._:%-]+")
#: The last label of an address in one of inet_aton's spellings. No name of the DNS ends so (RFC 3696, 2).
_NUMERIC = re.compile(r"[0-9]+|0[xX][0-9a-fA-F]*|0[bB][01]+")
_NUMBER = re.compile(r"0[xX][0-9a-fA-F]+|[0-9]+")
#: How many bytes the last of one to four parts fills (inet_aton).
_LAST_BYTES: Final = {1: 4, 2: 3, 3: 2, 4: 1}
_BYTE: Final = 256


def spelled(host: str) -> str:
    """A name in lower case without a dot at its end, IPv4 in four decimal numbers, IPv6 in its short form."""
    host = host.lower().removesuffix(".")
    return address_of(host) or host


def address_of(host: str) -> str | None:
    """The address that a host would read, in one spelling; None: it is a name. IPv4 in IPv6 is IPv4."""
    if ":" not in host:
        return _ipv4(host)
    try:
        address = IPv6Address(host)
    except ValueError:
        return None
    # Elsewhere a scope says nothing, and is no way to write the address otherwise.
    return str(address.ipv4_mapped or (address if address.is_link_local else IPv6Address(int(address))))


def is_host(host: str) -> bool:
    """Whether it is a name or an address, and every resolver would take it for the same of the two."""
    if len(host) > MAX_HOST_CHARS or not _PLAIN.fullmatch(host):
        return False
    host = host.removesuffix(".")
    if address_of(host) is not None:
        return True
    *_, last = labels = host.split(".")
    return all(labels) and not set(":%") & set(host) and not _NUMERIC.fullmatch(last)


def reached(host: str) -> str:
    """Where a connection to this address comes to: one to "any address" is to the host itself, on Linux."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - nothing listens here


def _ipv4(host: str) -> str | None:
    """As inet_aton reads it: one to four numbers, decimal, octal (`0…`) or hexadecimal (`0x…`)."""
    parts = host.split(".")
    numbers = [number for number in map(_number, parts) if number is not None]
    if len(numbers) != len(parts) or len(parts) not in _LAST_BYTES:
        return None
    *first, last = numbers
    if any(number >= _BYTE for number in first) or last >= _BYTE ** _LAST_BYTES[len(parts)]:
        return None
    return str(IPv4Address(_joined(first) | last))


def _joined(first: Iterable[int]) -> int:
    return sum(number << 8 * (3 - place) for place, number in enumerate(first))


def _number(part: str) -> int | None:
    """As strtoul reads it with base 0."""
    if not _NUMBER.fullmatch(part):
        return None
    base = 16 if part[:2] in {"0x", "0X"} else 8 if part.startswith("0") else 10
    try:
        return int(part, base)
    except ValueError:
        return None
