"""The packets before a PostgreSQL connection has tags: SSLRequest, GSSENCRequest, CancelRequest, StartupMessage. Pure.

PostgreSQL docs, "Message Flow", Start-up. Both sides: what clients send us, and what we send upstreams.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass

from proxy.postgres.protocol.frames import ProtocolViolation
from proxy.postgres.protocol.messages import MAX_STARTUP_BYTES, c_string, message, take_string

PROTOCOL_3_0 = 3 << 16
PROTOCOL_3_2 = (3 << 16) | 2
_SSL_REQUEST = (1234 << 16) | 5679
_GSSENC_REQUEST = (1234 << 16) | 5680
_CANCEL_REQUEST = (1234 << 16) | 5678

#: Protocol 3.2 allows secrets of up to 256 bytes; 3.0 knows four.
MAX_CANCEL_SECRET_BYTES = 256

SSL_REQUEST = struct.pack(">II", 8, _SSL_REQUEST)


@dataclass(frozen=True)
class SslRequest:
    """The client asks for TLS."""


@dataclass(frozen=True)
class GssEncRequest:
    """The client asks for GSSAPI encryption, which we do not speak."""


@dataclass(frozen=True)
class CancelRequest:
    process: int
    secret: bytes


@dataclass(frozen=True)
class Startup:
    version: int
    parameters: Mapping[str, str]

    @property
    def user(self) -> str:
        return self.parameters.get("user", "")

    @property
    def extensions(self) -> list[str]:
        """Protocol options (`_pq_.*`); we know none."""
        return [name for name in self.parameters if name.startswith("_pq_.")]


Packet = SslRequest | GssEncRequest | CancelRequest | Startup


def packet_length(header: bytes) -> int:
    """The length that the first four bytes claim, themselves included.

    Raises ProtocolViolation if it cannot be a startup packet's: a port scanner, HTTP, TLS where none was asked for.
    """
    length = int.from_bytes(header, "big")
    if not 8 <= length <= MAX_STARTUP_BYTES:
        raise ProtocolViolation("not a PostgreSQL startup packet")
    return length


def read_packet(packet: bytes) -> Packet:
    """Read a whole startup packet, length included. Raises ProtocolViolation."""
    if len(packet) < 8 or packet_length(packet[:4]) != len(packet):
        raise ProtocolViolation("a startup packet of the wrong length")
    code = int.from_bytes(packet[4:8], "big")
    if code in {_SSL_REQUEST, _GSSENC_REQUEST}:
        if len(packet) != 8:
            raise ProtocolViolation("an encryption request with something behind it")
        return SslRequest() if code == _SSL_REQUEST else GssEncRequest()
    if code == _CANCEL_REQUEST:
        if not 12 < len(packet) <= 12 + MAX_CANCEL_SECRET_BYTES:
            raise ProtocolViolation("a CancelRequest of the wrong length")
        return CancelRequest(int.from_bytes(packet[8:12], "big", signed=True), packet[12:])
    if code >> 16 != 3:
        raise ProtocolViolation("a protocol version other than 3")
    return Startup(code, _parameters(packet))


def _parameters(packet: bytes) -> dict[str, str]:
    parameters: dict[str, str] = {}
    position = 8
    while True:
        if position >= len(packet):
            raise ProtocolViolation("a StartupMessage without its end")
        if packet[position] == 0:
            break
        name, position = take_string(packet, position)
        parameters[name], position = take_string(packet, position)
    if position != len(packet) - 1:
        raise ProtocolViolation("a StartupMessage with something behind its end")
    return parameters


# --- writing ------------------------------------------------------------------------------------------------------


def startup(parameters: Mapping[str, str], version: int = PROTOCOL_3_0) -> bytes:
    """A StartupMessage for an upstream."""
    body = b"".join(c_string(name) + c_string(value) for name, value in parameters.items()) + b"\0"
    return struct.pack(">II", len(body) + 8, version) + body


def cancel_request(process: int, secret: bytes) -> bytes:
    """A CancelRequest for an upstream."""
    return struct.pack(">IIi", 12 + len(secret), _CANCEL_REQUEST, process) + secret


def negotiate_version(newest: int, unknown_options: list[str]) -> bytes:
    """NegotiateProtocolVersion: the newest version we speak, and the options we do not know.

    The newest minor version is sent as the whole version number, as PostgreSQL's servers do.
    """
    options = b"".join(c_string(name) for name in unknown_options)
    return message(b"v", struct.pack(">ii", newest, len(unknown_options)) + options)


def backend_key_data(process: int, secret: bytes) -> bytes:
    return message(b"K", struct.pack(">i", process) + secret)


AUTHENTICATION_OK = message(b"R", struct.pack(">i", 0))
AUTHENTICATION_CLEARTEXT = message(b"R", struct.pack(">i", 3))
