"""The Kubernetes port: TLS, and a Connection for every client."""

import asyncio
import contextlib
import socket
import ssl
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Self

import structlog

from proxy.doors.lobby import FIRST_WORDS_S, LobbyLimits
from proxy.doorstep import Doorstep, Entrance
from proxy.kubernetes.connection import Connection
from proxy.kubernetes.visits import Limits, Visits
from proxy.place import ALONE, Place
from proxy.sessions.gateway import Gateway
from proxy.transport import TLS_HANDSHAKE_TIMEOUT_S, Transport

log: structlog.stdlib.BoundLogger = structlog.get_logger()

LOBBY: Final = LobbyLimits(per_source=64, in_all=512)

_BACKLOG: Final = 1024
_ACCEPT_RETRY_S: Final = 0.1
HANG_UP_S: Final = 0.5


@dataclass(frozen=True)
class KubernetesSettings:
    """Where to listen (port 0 picks a free one), with which certificate, and what clients may take."""

    listen: tuple[str, int]
    tls: ssl.SSLContext
    place: Place = ALONE
    limits: Limits = field(default_factory=Limits)
    lobby: LobbyLimits = field(default=LOBBY)
    first_words_s: float = FIRST_WORDS_S


class KubernetesListener:
    """Listens while its block is entered; leaving it ends every connection."""

    def __init__(self, gateway: Gateway, settings: KubernetesSettings) -> None:
        self._settings = settings
        self._visits = Visits(gateway, settings.limits)
        self._entrance = Entrance(settings.lobby, first_words_s=settings.first_words_s)
        self._sockets: list[socket.socket] = []
        self._accepting: list[asyncio.Task[None]] = []
        self._connections: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        host, port = self._settings.listen
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, _, _, _, address in found[:1]:
            listening = socket.create_server(
                address[:2], family=family, backlog=_BACKLOG, reuse_port=self._settings.place.shares_ports
            )
            listening.setblocking(False)
            self._sockets.append(listening)
            self._accepting.append(loop.create_task(self._accept(listening)))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        tasks = [*self._accepting, *self._connections]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        await self._visits.close()
        for listening in self._sockets:
            listening.close()

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens; the port is a real one even if 0 was asked for."""
        host, port, *_ = self._sockets[0].getsockname()
        return host, port

    async def _accept(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, address = await loop.sock_accept(listening)
            except OSError as error:
                log.warning("kubernetes_accept_failed", error=error.strerror)
                await asyncio.sleep(_ACCEPT_RETRY_S)
                continue
            self._own(connection, address[0], address[1])

    def _own(self, connection: socket.socket, host: str, port: int) -> None:
        doorstep = Doorstep(self._entrance, host, lambda: _shut(connection))
        task = asyncio.ensure_future(self._serve(connection, f"{host}:{port}", doorstep))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def _serve(self, connection: socket.socket, client: str, doorstep: Doorstep) -> None:
        structlog.contextvars.bind_contextvars(client=client)
        transport = Transport()
        try:
            await self._encrypted(connection, transport)
            await Connection(transport, self._visits, client, doorstep).run()
        except OSError as error:
            doorstep.note("kubernetes_client_rejected", str(error)[:200], client=client)
        finally:
            doorstep.left()
            if doorstep.dropped:
                doorstep.note("kubernetes_client_dropped", doorstep.dropped, client=client)
            try:
                await transport.close(HANG_UP_S)
            finally:
                connection.close()

    async def _encrypted(self, connection: socket.socket, transport: Transport) -> None:
        """Raises OSError where there is no agreement on TLS."""
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        # What this returns is of no use: for a TLS connection uvloop gives a protocol of its own.
        await asyncio.get_running_loop().connect_accepted_socket(
            lambda: transport,
            connection,
            ssl=self._settings.tls,
            ssl_handshake_timeout=TLS_HANDSHAKE_TIMEOUT_S,
        )


def _shut(connection: socket.socket) -> None:
    """End a connection whoever reads from it: they find that the client has gone."""
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
