"""The first packets of PostgreSQL's protocol, as far as the local port speaks for its client. Pure.

https://www.postgresql.org/docs/current/protocol-message-formats.html
"""

import struct
from dataclasses import dataclass
from typing import Final

SSL_REQUEST: Final = struct.pack("!II", 8, 80_877_103)
_SSL, _GSS, _CANCEL, _DIRECT_TLS = 80_877_103, 80_877_104, 80_877_102, 0x16
_VERSION_3: Final = 3
#: PostgreSQL's own limit for what comes before a login.
MAX_PACKET: Final = 10_000
AUTHENTICATION_OK, AUTHENTICATION_CLEARTEXT = 0, 3


class NotSpoken(Exception):
    """It is not PostgreSQL, or nothing that this port takes; the message is for the client."""


@dataclass(frozen=True)
class Startup:
    """A client's startup packet: its version, and its parameters in order."""

    version: int
    parameters: dict[str, str]


def length(header: bytes) -> int:
    """Of the whole packet, from its first four bytes. Raises NotSpoken."""
    size = struct.unpack("!I", header)[0]
    if header[0] == _DIRECT_TLS or not 8 <= size <= MAX_PACKET:
        raise NotSpoken("This port speaks PostgreSQL without TLS: it is on your own machine. Use sslmode=disable.")
    return int(size)


def is_encryption_request(packet: bytes) -> bool:
    """Whether it is answered with `N`: there is nobody to encrypt against on one's own machine."""
    return struct.unpack("!I", packet[4:8])[0] in {_SSL, _GSS}


def is_cancel(packet: bytes) -> bool:
    return struct.unpack("!I", packet[4:8])[0] == _CANCEL


def read(packet: bytes) -> Startup:
    """Raises NotSpoken."""
    version = struct.unpack("!I", packet[4:8])[0]
    parts = packet[8:].split(b"\0")
    if version >> 16 != _VERSION_3 or len(parts) < 2 or parts[-2:] != [b"", b""] or len(parts) % 2:
        raise NotSpoken("This is no startup packet of PostgreSQL's protocol 3.")
    names = [each.decode("utf-8", "replace") for each in parts[:-2]]
    return Startup(version, dict(zip(names[::2], names[1::2], strict=True)))


def made(asked: Startup, user: str, database: str | None) -> bytes:
    """The packet for the gateway: the client's parameters, as the user that the access is for.

    The database is the access's, where it has one; else the client's, unless that is merely the name of its user.
    """
    chosen = asked.parameters.get("database")
    if database is not None or chosen == asked.parameters.get("user"):
        chosen = database
    parameters = {**asked.parameters, "user": user}
    parameters.pop("database", None)
    if chosen:
        parameters["database"] = chosen
    body = b"".join(f"{name}\0{value}\0".encode() for name, value in parameters.items()) + b"\0"
    return struct.pack("!II", len(body) + 8, asked.version) + body


def password(token: str) -> bytes:
    body = token.encode() + b"\0"
    return b"p" + struct.pack("!I", len(body) + 4) + body


def error(message: str, code: str = "08006") -> bytes:
    """An ErrorResponse that ends the connection."""
    fields = f"SFATAL\0VFATAL\0C{code}\0Mgatepass: {message}\0\0".encode()
    return b"E" + struct.pack("!I", len(fields) + 4) + fields
