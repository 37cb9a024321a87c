"""What the web room is told: where it listens, by which address people reach it, and who stands in front of it."""

import ipaddress
import ssl
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final, Self
from urllib.parse import urlsplit

from access.addresses import Addresses
from access.policy.values.web_address import LOOPBACK

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_DEFAULT_PORTS: Final = {"https": 443, "http": 80}


class ForwardedBy(StrEnum):
    """The header in which proxies say who their client is."""

    FORWARDED = "forwarded"
    X_FORWARDED_FOR = "x-forwarded-for"


@dataclass(frozen=True)
class Origin:
    """The address of the pages as browsers write it (RFC 6454): scheme, host, and the port where it is another."""

    scheme: str
    host: str
    port: int

    @classmethod
    def read(cls, address: str) -> Self:
        """Raises ValueError, whose message is the end of a sentence about the address."""
        try:
            parts = urlsplit(address)
            host, scheme, port = parts.hostname, parts.scheme, parts.port
        except ValueError:
            host, scheme, port = None, "", None
            parts = urlsplit("")
        if scheme not in _DEFAULT_PORTS or not host or parts.username is not None or not address.isascii():
            raise ValueError("it is no address of pages: https://gate.example.com, with a port where it has one")
        if parts.path.strip("/") or parts.query or parts.fragment:
            raise ValueError("it has a path, and pages begin at /: https://gate.example.com")
        if scheme == "http" and host not in LOOPBACK:
            raise ValueError("cookies and sign-ins need https; http is for this machine alone: http://localhost:8444")
        return cls(scheme, host, port or _DEFAULT_PORTS[scheme])

    @property
    def authority(self) -> str:
        """What browsers send as Host."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}"

    @property
    def is_encrypted(self) -> bool:
        return self.scheme == "https"

    @property
    def is_named(self) -> bool:
        """Whether it is a name of the DNS, which browsers may remember things about: no address, and no localhost."""
        try:
            ipaddress.ip_address(self.host)
        except ValueError:
            return self.host not in LOOPBACK
        return False


@dataclass(frozen=True)
class WebSettings:
    """Where the two ports of this room listen, and what the pages need to know."""

    health_listen: tuple[str, int]
    pages_listen: tuple[str, int]
    origin: Origin
    #: How people connect, for the commands on the pages.
    addresses: Addresses
    #: Encrypts the port of the pages; None: a proxy in front of it does, or it is for this machine alone.
    tls: ssl.SSLContext | None = None
    #: Proxies whose word counts for who their client is; nobody else is served then.
    proxies: tuple[Network, ...] = ()
    #: The header that they set; None: either counts, and two that differ say nothing.
    forwarded_by: ForwardedBy | None = None
    ca_file: Path | None = None
    #: The folder of keys of our own; None: there is none, and nobody signs in by SAML.
    home: Path | None = None
    ssh_host_key_file: Path | None = None
    #: The gateway's PostgreSQL port takes clients' certificates.
    takes_certificates: bool = False
    #: Where the authority is that signs certificates for people's ssh; None: this process signs none.
    ssh_keys: Path | None = None
    #: Whether they are bound to the address that they were asked for from.
    binds_certificates: bool = True
