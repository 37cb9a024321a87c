"""What keys are bound to: the pages' origin, and the host in it, by which keys know the site (RP ID). Pure."""

import ipaddress
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from access.identity.webauthn.problems import NoKeysHere

NAME = "Gatepass"


@dataclass(frozen=True)
class RelyingParty:
    """One site: another origin, another host or another port of the same host is another."""

    #: As browsers write it: https://gate.example.com, with the port where it is not the scheme's.
    origin: str
    #: The RP ID: the origin's host and no domain above it, so that no other host of the domain can use its keys.
    id: str

    @classmethod
    def of(cls, origin: str) -> Self:
        """Raises NoKeysHere for an origin that browsers use no keys with."""
        parts = urlsplit(origin)
        host = parts.hostname or ""
        if not host or _is_address(host):
            raise NoKeysHere.by_address(origin)
        if parts.scheme != "https" and host != "localhost":
            raise NoKeysHere.unencrypted(origin)
        return cls(origin, host)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
