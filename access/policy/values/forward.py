"""Where a connection may be forwarded to, and what may be listened on, as a role's `forward` names it. Pure.

    db.internal:5432      a port of an address that the host reaches; both may be globs: `*.internal:*`
    [fe80::1]:22          an IPv6 address
    /run/app.sock         a Unix socket of the host; may be a glob
    listen:8080           a port of the host's own loopback that the client serves (ssh -R)
    listen:0.0.0.0:8080   the same on another address of the host
    listen:/run/app.sock  a Unix socket that the client serves

Names are compared as the client writes them, and are resolved by the host alone: `localhost` is not `127.0.0.1`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from ipaddress import IPv6Address
from typing import Annotated

from pydantic import AfterValidator

from access.policy.values.complaint import complaint

_LISTEN = "listen:"
_PORT = re.compile(r"\*|[1-9][0-9]{0,4}")
_HOST = re.compile(r"[A-Za-z0-9._*?-]{1,255}")
_PATH = re.compile(r"/[^\x00-\x20\x7f]{1,254}")
_MAX_PORT = 65_535
MAX_HOST_CHARS = 255
#: What ssh -R asks to listen on where no address was given, and what else means the same (RFC 4254, 7.1).
LOOPBACK = "localhost"


@dataclass(frozen=True)
class Destination:
    """What a client asks for: the other end of a connection, or (`listens`) what connections should come from."""

    #: A name or an address; a path for a Unix socket, whose port is 0.
    host: str
    port: int = 0
    listens: bool = False

    @property
    def is_socket(self) -> bool:
        return self.host.startswith("/")

    @property
    def is_whole(self) -> bool:
        """Whether it says where: a client may send anything."""
        return len(self.host) <= MAX_HOST_CHARS and self.port <= _MAX_PORT and "\0" not in self.host

    @property
    def name(self) -> str:
        """As policies write it."""
        host = plain(self.host)
        place = host if self.is_socket else f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"
        return f"{_LISTEN}{place}" if self.listens else place


def plain(host: str) -> str:
    """A name in one spelling: lower case, without a dot at its end; IPv6 in its short form. A path stays."""
    if host.startswith("/"):
        return host
    host = host.lower().removesuffix(".")
    try:
        return str(IPv6Address(host))
    except ValueError:
        return host


def allowed(forwards: Iterable[str], wanted: Destination) -> bool:
    """Whether one of a role's `forward` names this destination."""
    return any(_names(each, wanted) for each in forwards)


def _names(pattern: str, wanted: Destination) -> bool:
    listens, place = pattern.startswith(_LISTEN), pattern.removeprefix(_LISTEN)
    if listens is not wanted.listens or place.startswith("/") is not wanted.is_socket:
        return False
    if wanted.is_socket:
        # A glob stays within one folder, and no path climbs out of it.
        parts, asked = place.split("/"), wanted.host.split("/")
        climbs = ".." in asked or "." in asked or "" in asked[1:]
        return len(parts) == len(asked) and not climbs and all(map(fnmatchcase, asked, parts))
    host, port = _split(place)
    if wanted.port == 0:
        # Whoever listens on port 0 is given one by the host.
        return wanted.listens and port == "*" and fnmatchcase(plain(wanted.host), plain(host))
    return port in {"*", str(wanted.port)} and fnmatchcase(plain(wanted.host), plain(host))


def _split(place: str) -> tuple[str, str]:
    """Host and port; of what is listened on the host may be left out."""
    host, colon, port = place.rpartition(":")
    return (host.strip("[]") if colon else LOOPBACK), port


def _is_forward(value: str) -> str:
    place = value.removeprefix(_LISTEN)
    if place.startswith("/"):
        if _PATH.fullmatch(place) and ".." not in place.split("/"):
            return value
        raise complaint("is no path of a socket: write it whole, such as /run/app.sock, without blanks and ..")
    host, port = _split(place)
    right_host = _is_ipv6(host) if place.startswith("[") else _HOST.fullmatch(host)
    right_port = _PORT.fullmatch(port) and (port == "*" or int(port) <= _MAX_PORT)
    if not right_host or not right_port or (":" not in place and not value.startswith(_LISTEN)):
        raise complaint(
            "is nothing to forward to: write HOST:PORT such as db.internal:5432, a socket's path, or listen:PORT"
        )
    return value


def _is_ipv6(host: str) -> bool:
    try:
        IPv6Address(host)
    except ValueError:
        return False
    return True


#: An entry of a role's `forward`.
Forward = Annotated[str, AfterValidator(_is_forward)]
