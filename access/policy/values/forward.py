"""Where a connection may be forwarded to, and what may be listened on, as a role's `forward` names it. Pure.

    db.internal:5432      a port of an address that the host reaches; both may be globs: `*.internal:*`
    [fe80::1]:22          an IPv6 address
    /run/app.sock         a Unix socket of the host; may be a glob
    listen:8080           a port of the host's own loopback that the client serves (ssh -R)
    listen:0.0.0.0:8080   the same on another address of the host
    listen:/run/app.sock  a Unix socket that the client serves

Names are compared as the client writes them, and are resolved by the host alone: `localhost` is not `127.0.0.1`. An
address has one spelling, whatever the client's was. A glob of digits (`10.0.*`) names addresses alone, never
`10.0.evil.example`; one with letters names none.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from ipaddress import IPv6Address
from typing import Annotated, Self

from pydantic import AfterValidator

from access.policy.values.address import address_of, is_host, reached, spelled
from access.policy.values.complaint import complaint

_LISTEN = "listen:"
_PORT = re.compile(r"\*|[1-9][0-9]{0,4}")
_HOST = re.compile(r"[A-Za-z0-9._*?-]{1,255}")
_PATH = re.compile(r"/[^\x00-\x20\x7f]{1,254}")
_MAX_PORT = 65_535
_SOCKET = re.compile(r"/[^\x00-\x1f\x7f]{1,254}")
_GLOB = frozenset("*?[")
#: What ssh -R asks to listen on where no address was given, and what else means the same (RFC 4254, 7.1).
LOOPBACK = "localhost"
EVERY_ADDRESS = "*"
_ANY = ("0.0.0.0", "::")  # noqa: S104 - nothing listens here


@dataclass(frozen=True)
class Destination:
    """What a client asks for: the other end of a connection, or (`listens`) what connections should come from.

    A port and a socket are never each other's, whatever a client writes: they are asked for by different requests.
    """

    #: A name or an address in its one spelling, which is judged, put on record and asked for; a path for a socket.
    host: str
    #: 0 for a socket, and where the host shall choose one to listen on.
    port: int = 0
    listens: bool = False
    is_socket: bool = False

    @classmethod
    def to(cls, host: str, port: int) -> Self:
        """What a connection goes to."""
        return cls(reached(spelled(host)), port)

    @classmethod
    def at(cls, host: str, port: int) -> Self:
        """What the host listens on; every address of it is `*` (RFC 4254, 7.1 has it empty)."""
        return cls(spelled(host) or EVERY_ADDRESS, port, listens=True)

    @classmethod
    def socket(cls, path: str, *, listens: bool = False) -> Self:
        """A Unix socket of the host."""
        return cls(path, listens=listens, is_socket=True)

    @property
    def is_whole(self) -> bool:
        """Whether it says where: a client may send anything."""
        if self.is_socket:
            return bool(_SOCKET.fullmatch(self.host))
        if self.host != spelled(self.host):
            # `db.internal..` is no name, and the host would be asked for `db.internal.`, which no rule names.
            return False
        return self.port <= _MAX_PORT and (is_host(self.host) or (self.listens and self.host == EVERY_ADDRESS))

    @property
    def asked_host(self) -> str:
        """What the host is asked for."""
        return "" if self.listens and self.host == EVERY_ADDRESS else self.host

    @property
    def name(self) -> str:
        """As policies write it."""
        return self._named(self.host)

    @property
    def names(self) -> tuple[str, ...]:
        """Itself, and what it is made of, each of which must pass the rules."""
        every = self.listens and self.host == EVERY_ADDRESS
        return self.name, *(map(self._named, _ANY) if every else ())

    def _named(self, host: str) -> str:
        place = host if self.is_socket else f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"
        return f"{_LISTEN}{place}" if self.listens else place


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
    # Whoever listens on port 0 is given one by the host.
    right_port = (wanted.port > 0 or wanted.listens) if port == "*" else port == str(wanted.port)
    # An address with a scope (`fe80::1%eth0`) is only what is written out.
    return right_port and (
        spelled(host) == wanted.host if "%" in wanted.host else _is_host_of(host, wanted.host, listens=listens)
    )


def _is_host_of(pattern: str, host: str, *, listens: bool) -> bool:
    """Whether a host of a policy is or matches this one."""
    if not _GLOB & set(pattern):
        return host == (spelled(pattern) if listens else reached(spelled(pattern)))
    return _same_kind(pattern, host) and fnmatchcase(host, pattern.lower())


def _same_kind(glob: str, host: str) -> bool:
    """Whether a glob may match this host at all: digits and colons are an address's, letters a name's, stars both."""
    has_digits, has_letters = any(map(str.isdigit, glob)), any(map(str.isalpha, glob))
    is_address = address_of(host) is not None
    if ":" in glob or (has_digits and not has_letters):
        return is_address
    return not (has_letters and is_address)


# --- in rules -----------------------------------------------------------------------------------------------------

#: What the label of a destination begins with.
LABEL = "forward:"


def meets(label: str, pattern: str) -> bool:
    """Whether a rule's pattern (`forward:10.0.*:22`) matches the label of a destination.

    It does as any other glob does, but for what only looks alike: an address in another spelling is the same, a glob
    over addresses matches no name, one over names no address, and a port's pattern no socket's path.
    """
    if not pattern.startswith(LABEL):
        return fnmatchcase(label, pattern)
    place, wanted = label.removeprefix(LABEL), pattern.removeprefix(LABEL)
    listens = place.startswith(_LISTEN)
    if not wanted.strip("*"):
        return True
    if listens and wanted.startswith(_LISTEN):
        place, wanted = place.removeprefix(_LISTEN), wanted.removeprefix(_LISTEN)
    elif listens or wanted.startswith(_LISTEN):
        return ":/" not in place and fnmatchcase(place, wanted)
    if place.startswith("/"):
        return (wanted.startswith("/") or ":" not in wanted) and fnmatchcase(place, wanted)
    return _meets_port(place, wanted, listens=listens)


def _meets_port(place: str, pattern: str, *, listens: bool) -> bool:
    (host, port), (host_pattern, port_pattern) = _ends(place), _ends(pattern)
    host = host.partition("%")[0]
    if pattern.startswith("[[]"):
        # The bracket itself, as a glob has it.
        return fnmatchcase(place, pattern)
    if port_pattern is None:
        # A glob that goes on over the port: `db*`.
        behind = f"{host}]" if pattern.startswith("[") and ":" in host else host
        return _same_kind(host_pattern, host) and fnmatchcase(f"{behind}:{port}", host_pattern.lower())
    return fnmatchcase(port or "", port_pattern) and _is_host_of(host_pattern, host, listens=listens)


def _ends(place: str) -> tuple[str, str | None]:
    """Host and port of a label, or of a pattern for one; no port where it names none."""
    inside, bracket, behind = place.removeprefix("[").partition("]")
    if place.startswith("[") and ":" in inside:
        return inside, behind.removeprefix(":") if bracket and behind else None
    host, colon, port = place.rpartition(":")
    return (host, port) if colon else (place, None)


# --- in a role ----------------------------------------------------------------------------------------------------


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
