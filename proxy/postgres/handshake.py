"""Handshake: a new client up to its password. Everything before that is unauthenticated, so it is short and strict.

Refuses plain text (a token would be readable), replication, and whatever is not PostgreSQL. The caller bounds the time.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass

from proxy.client_certificates import brought
from proxy.errors import AccessRefused
from proxy.postgres.protocol import messages, startup
from proxy.postgres.protocol.encodings import is_readable
from proxy.postgres.protocol.frames import ProtocolViolation
from proxy.postgres.protocol.messages import MAX_PASSWORD_BYTES
from proxy.postgres.protocol.startup import CancelRequest, GssEncRequest, SslRequest, Startup
from proxy.transport import TLS_HANDSHAKE_TIMEOUT_S, Transport

_TLS_CLIENT_HELLO = b"\x16"
_ALPN = "postgresql"

#: Settings that a client may bring; any other could be a role past the rules for statements. `startup_settings` judges
#: those of them that decide what names mean.
ALLOWED_SETTINGS = frozenset(
    {
        "application_name",
        "bytea_output",
        "client_encoding",
        "client_min_messages",
        "datestyle",
        "default_transaction_deferrable",
        "default_transaction_isolation",
        "default_transaction_read_only",
        "extra_float_digits",
        "geqo",
        "idle_in_transaction_session_timeout",
        "idle_session_timeout",
        "intervalstyle",
        "jit",
        "lock_timeout",
        "search_path",
        "statement_timeout",
        "tcp_user_timeout",
        "timezone",
        "transaction_timeout",
    }
)
_OWN = frozenset({"user", "database", "replication", "options"})


class StartupRefused(Exception):
    """The client is told why, and the connection is closed; `code` is an SQLSTATE."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class StartupResult:
    """What a client gave until it is to be let in: who it wants to be, and a certificate, or else a token.

    Nothing of it is checked yet.
    """

    transport: Transport
    startup: Startup
    token: str = ""
    #: DER; its key was proven, and it says that it is ours.
    certificate: bytes | None = None

    def settings(self) -> dict[str, str]:
        """What to pass on of its startup parameters. Raises AccessRefused for what must not be."""
        settings: dict[str, str] = {}
        for name, value in self.startup.parameters.items():
            folded = name.lower()
            if folded in _OWN or name.startswith("_pq_."):
                continue
            if folded not in ALLOWED_SETTINGS:
                raise AccessRefused(f"Gatepass does not pass on the startup parameter {name[:60]!r}. Use SET instead.")
            settings[folded] = value
        if not is_readable(settings.get("client_encoding", "utf8")):
            raise AccessRefused("Gatepass cannot mask text in this client_encoding. Use UTF8.")
        return settings

    def database(self, resource: str, bound_to: str | None, role_username: str) -> str:
        """The upstream's database that is meant; `bound_to` is the only one that this resource opens, if there is one.

        libpq fills in the user's name where none was given, so that name and the resource's mean the default. Raises
        AccessRefused for any other.
        """
        requested = self.startup.parameters.get("database", "")
        if requested in {"", self.startup.user, resource}:
            return bound_to or role_username
        if bound_to is not None and requested != bound_to:
            raise AccessRefused(f"{resource} opens the database {bound_to} alone. Connect with dbname={bound_to}.")
        return requested


async def accept(connection: socket.socket, transport: Transport, tls: ssl.SSLContext) -> None:
    """Put `transport` on an accepted socket: in TLS already if the client starts with it (sslnegotiation=direct).

    The caller made it, so that it can be freed whatever becomes of this. Raises OSError, also where TLS fails, and
    ProtocolViolation if direct TLS is not meant for PostgreSQL.
    """
    direct = await _peek(connection) == _TLS_CLIENT_HELLO
    # What this returns is of no use: for a TLS connection uvloop gives a protocol of its own.
    await asyncio.get_running_loop().connect_accepted_socket(
        lambda: transport,
        connection,
        ssl=tls if direct else None,
        ssl_handshake_timeout=TLS_HANDSHAKE_TIMEOUT_S if direct else None,
    )
    if direct and (transport.tls is None or transport.tls.selected_alpn_protocol() != _ALPN):
        raise ProtocolViolation("direct TLS without ALPN postgresql")


async def greet(
    transport: Transport,
    tls: ssl.SSLContext,
    spoke: Callable[[], None] = lambda: None,
    is_ours: Callable[[bytes], bool] = lambda _: False,
) -> StartupResult | CancelRequest:
    """Negotiate up to the password, which nobody is asked for whose certificate says that it `is_ours`.

    `spoke` is called after the first packet. Certificates of others are as none: libpq sends whatever it finds.

    Raises StartupRefused, ProtocolViolation, TransportClosed or OSError.
    """
    packet = await _packet(transport)
    spoke()
    asked: set[type] = set()
    while isinstance(packet, SslRequest | GssEncRequest):
        if type(packet) in asked or transport.tls is not None:
            raise ProtocolViolation("an encryption request at the wrong time")
        asked.add(type(packet))
        if isinstance(packet, SslRequest):
            transport.write(b"S")
            await transport.start_tls(tls, server_side=True)
        else:
            transport.write(b"N")
        packet = await _packet(transport)
    if isinstance(packet, CancelRequest):
        return packet
    _check(packet, encrypted=transport.tls is not None)
    newest = min(packet.version, startup.PROTOCOL_3_2)
    if packet.extensions or newest != packet.version:
        transport.write(startup.negotiate_version(newest, packet.extensions))
    certificate = brought(transport.tls)
    if certificate is not None and is_ours(certificate):
        return StartupResult(transport, packet, certificate=certificate)
    transport.write(startup.AUTHENTICATION_CLEARTEXT)
    return StartupResult(transport, packet, await _password(transport))


def _check(packet: Startup, *, encrypted: bool) -> None:
    if not encrypted:
        raise StartupRefused("28000", "Gatepass takes tokens over TLS only. Connect with sslmode=require.")
    if not packet.user:
        raise StartupRefused("28000", "No user name was given. It is role@resource, for example read@payments-db.")
    if packet.parameters.get("replication", "false").lower() not in {"false", "off", "no", "0"}:
        raise StartupRefused("42501", "Gatepass does not relay replication connections.")
    if packet.parameters.get("options"):
        raise StartupRefused(
            "42501", "Gatepass does not pass on the startup parameter options (PGOPTIONS). Use SET instead."
        )


async def _packet(transport: Transport) -> startup.Packet:
    header = await transport.read_exactly(4)
    return startup.read_packet(header + await transport.read_exactly(startup.packet_length(header) - 4))


async def _password(transport: Transport) -> str:
    header = await transport.read_exactly(5)
    length = int.from_bytes(header[1:], "big")
    if header[:1] != b"p" or not 5 <= length <= MAX_PASSWORD_BYTES:
        raise ProtocolViolation("something else than a password")
    return messages.read_password(await transport.read_exactly(length - 4))


async def _peek(connection: socket.socket) -> bytes:
    """The first byte, left where it is; empty if the client has gone."""
    loop = asyncio.get_running_loop()
    first: asyncio.Future[bytes] = loop.create_future()

    def look() -> None:
        if first.done():
            return
        try:
            first.set_result(connection.recv(1, socket.MSG_PEEK))
        except BlockingIOError:
            return
        except OSError as error:
            first.set_exception(error)

    loop.add_reader(connection.fileno(), look)
    try:
        return await first
    finally:
        loop.remove_reader(connection.fileno())
