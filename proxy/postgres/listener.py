"""PostgresListener: accepts PostgreSQL clients, lets the gateway admit them, and relays until the session ends.

Nothing a client sends can disturb another: each connection is a task of its own, bounded in time until it is let in,
and whatever it does wrong is one log line and a closed connection.
"""

import asyncio
import contextlib
import socket
import ssl
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import structlog

from access.certificates.reading import claims_authority
from proxy import client_certificates
from proxy.doors.lobby import FIRST_WORDS_S, LobbyLimits
from proxy.doorstep import Doorstep, Entrance
from proxy.memory import MAX_PINNED_BYTES, Memory
from proxy.place import ALONE, Place
from proxy.postgres.cancel_post import CancelPost
from proxy.postgres.cancels import Cancels
from proxy.postgres.connection import HANG_UP_S, ClientConnection
from proxy.postgres.ephemeral.account import Turns
from proxy.postgres.ephemeral.sweeper import Sweeper
from proxy.postgres.handshake import StartupRefused, StartupResult, accept, greet
from proxy.postgres.protocol import messages
from proxy.postgres.protocol.frames import ProtocolViolation
from proxy.postgres.protocol.startup import CancelRequest
from proxy.postgres.relay.catalogue_changes import CatalogueChanges
from proxy.sessions.gateway import Gateway
from proxy.transport import Transport, TransportClosed

log: structlog.stdlib.BoundLogger = structlog.get_logger()

#: A client that has not given its password by then is dropped; PostgreSQL's authentication_timeout is a minute.
GREETING_TIMEOUT_S = 15.0
#: Connections that are not let in yet: pools open many at once.
LOBBY = LobbyLimits(per_source=100, in_all=500)
_BACKLOG = 512
_ACCEPT_RETRY_S = 0.1


@dataclass(frozen=True)
class PostgresSettings:
    """Where to listen (port 0 picks a free one), with which certificate, and how long a client may take to log in."""

    listen: tuple[str, int]
    tls: ssl.SSLContext
    greeting_timeout_s: float = GREETING_TIMEOUT_S
    first_words_s: float = FIRST_WORDS_S
    lobby: LobbyLimits = LOBBY
    place: Place = ALONE
    #: What unfinished messages may hold, in all sessions together.
    pinned_bytes: int = MAX_PINNED_BYTES


class PostgresListener:
    """An async context manager: listens while it is open, and waits for its connections when it closes."""

    def __init__(self, gateway: Gateway, settings: PostgresSettings) -> None:
        self._gateway = gateway
        self._wanted = settings.listen
        self._tls = settings.tls
        self._authority = gateway.access.client_authority
        if self._authority is not None:
            client_certificates.ask(self._tls, self._authority.certificate_file)
        self._greeting_timeout_s = settings.greeting_timeout_s
        self._place = settings.place
        self._cancels = Cancels(settings.place)
        self._post = CancelPost(settings.place, self._cancel)
        self._turns = Turns()
        self._memory = Memory(settings.pinned_bytes)
        self._changes = CatalogueChanges()
        self._entrance = Entrance(settings.lobby, first_words_s=settings.first_words_s)
        self._sockets: list[socket.socket] = []
        self._accepting: list[asyncio.Task[None]] = []
        #: Of the processes that share a port the first one sweeps.
        self._sweeping: list[asyncio.Task[None]] = []
        self._connections: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        host, port = self._wanted
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        await self._post.__aenter__()
        for family, _, _, _, address in found[:1]:
            listening = socket.create_server(
                address[:2], family=family, backlog=_BACKLOG, reuse_port=self._place.shares_ports
            )
            listening.setblocking(False)
            self._sockets.append(listening)
            self._accepting.append(loop.create_task(self._accept(listening)))
        if self._place.index == 0:
            self._sweeping.append(loop.create_task(Sweeper(self._gateway).run()))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        tasks = [*self._sweeping, *self._accepting, *self._connections]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        for listening in self._sockets:
            listening.close()
        await self._post.__aexit__(kind, error, traceback)

    @property
    def address(self) -> tuple[str, int]:
        """Host and port that are listened on."""
        host, port, *_ = self._sockets[0].getsockname()
        return host, port

    async def _accept(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, address = await loop.sock_accept(listening)
            except OSError as error:
                log.warning("postgres_accept_failed", error=error.strerror)
                await asyncio.sleep(_ACCEPT_RETRY_S)
                continue
            self._own(connection, address[0], address[1])

    def _own(self, connection: socket.socket, host: str, port: int) -> None:
        doorstep = Doorstep(self._entrance, host, lambda: _shut(connection))
        task = asyncio.ensure_future(self._serve(connection, f"{host}:{port}", doorstep))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    # --- one connection -----------------------------------------------------------------------------------------------

    async def _serve(self, connection: socket.socket, client: str, doorstep: Doorstep) -> None:
        structlog.contextvars.bind_contextvars(client=client)
        try:
            greeted = await self._greeted(connection, client, doorstep)
            if isinstance(greeted, CancelRequest):
                doorstep.left()
                await self._pass_on(greeted)
            elif greeted is not None:
                connection_of = ClientConnection(
                    self._gateway,
                    self._cancels,
                    self._changes,
                    greeted,
                    client,
                    turns=self._turns,
                    memory=self._memory,
                    admitted=doorstep.left,
                )
                await connection_of.run()
        finally:
            doorstep.left()
            if doorstep.dropped:
                doorstep.note("postgres_client_dropped", doorstep.dropped, client=client)

    async def _greeted(
        self, connection: socket.socket, client: str, doorstep: Doorstep
    ) -> StartupResult | CancelRequest | None:
        """A client up to its password; whatever goes wrong before that is one log line."""
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        transport = Transport()
        greeted: StartupResult | CancelRequest | None = None
        try:
            # One deadline over every way in: plain, asked for TLS or GSS, TLS at once, and a handshake without an end.
            async with asyncio.timeout(self._greeting_timeout_s):
                await accept(connection, transport, self._tls)
                greeted = await greet(transport, self._tls, doorstep.spoke, self._is_ours)
                return greeted
        except StartupRefused as refusal:
            doorstep.note("postgres_client_refused", str(refusal), client=client)
            transport.write(messages.error(refusal.code, str(refusal), severity="FATAL"))
        except TimeoutError:
            doorstep.note("postgres_client_slow", "no password in time", client=client)
        except TransportClosed:
            log.debug("postgres_client_left", client=client)
        except (ProtocolViolation, OSError) as error:
            doorstep.note("postgres_client_rejected", str(error)[:200], client=client)
        finally:
            if not isinstance(greeted, StartupResult):
                try:
                    await transport.close(HANG_UP_S)
                finally:
                    connection.close()
        return None

    def _is_ours(self, certificate: bytes) -> bool:
        return self._authority is not None and claims_authority(certificate, self._authority.certificate)

    async def _pass_on(self, request: CancelRequest) -> None:
        """A session of another process is that one's to cancel."""
        owner = self._cancels.owner(request)
        if owner == self._place.index:
            await self._cancel(request)
        else:
            await self._post.deliver(request, owner)

    async def _cancel(self, request: CancelRequest) -> None:
        relay = self._cancels.find(request)
        if relay is None:
            log.info("postgres_cancel_unknown")
            return
        await relay.cancel()


def _shut(connection: socket.socket) -> None:
    """End a connection whoever reads from it: they find that the client has gone."""
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
