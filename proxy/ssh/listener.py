"""The SSH port: a listener with its own host key, which gives every client a Connection.

It lets people in by tokens, certificates and keys, and offers shells, commands and sftp as the role allows. Its own log
never holds what asyncssh would log of commands and environments.
"""

import asyncio
import logging
from collections.abc import Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import asyncssh
import structlog

from access.identity.ssh.authority import ClientAuthority
from access.identity.ssh.public_keys import SIGNATURES
from proxy.doorstep import Entrance
from proxy.place import ALONE, Place
from proxy.sessions.gateway import Gateway
from proxy.ssh.algorithms import ENCRYPTION, KEY_EXCHANGE, MACS
from proxy.ssh.connection import Connection, Limits
from proxy.ssh.host_key import host_key
from proxy.ssh.transport import KEEPALIVE_S, KEEPALIVE_TRIES, VERSION

log: structlog.stdlib.BoundLogger = structlog.get_logger()


@dataclass(frozen=True)
class SshSettings:
    """Where to listen (port 0 picks a free one), the folder of our keys, and what clients may take."""

    listen: tuple[str, int]
    keys: Path
    limits: Limits = field(default_factory=Limits)
    place: Place = ALONE


class SshListener:
    """Listens while its block is entered; leaving it ends every connection."""

    def __init__(self, gateway: Gateway, settings: SshSettings) -> None:
        self._gateway = gateway
        self._listen = settings.listen
        self._keys = settings.keys
        self._key = host_key(settings.keys)
        self._authority = ClientAuthority(settings.keys)
        self._limits = settings.limits
        self._place = settings.place
        self._entrance = Entrance(settings.limits.lobby, first_words_s=settings.limits.first_words_s)
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        asyncssh.set_log_level(logging.WARNING)
        host, port = self._listen
        self._acceptor = await asyncssh.listen(
            host,
            port,
            server_factory=self._connection,
            server_host_keys=[self._key],
            server_version=VERSION,
            config=None,
            encoding=None,
            line_editor=False,
            agent_forwarding=False,
            x11_forwarding=False,
            allow_scp=False,
            gss_host=None,
            public_key_auth=True,
            host_based_auth=False,
            compression_algs=None,
            kex_algs=list(KEY_EXCHANGE),
            encryption_algs=list(ENCRYPTION),
            mac_algs=list(MACS),
            signature_algs=list(SIGNATURES),
            login_timeout=self._limits.login_grace_s,
            keepalive_interval=KEEPALIVE_S,
            keepalive_count_max=KEEPALIVE_TRIES,
            reuse_port=self._place.shares_ports,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._acceptor.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens; the port is a real one even if 0 was asked for."""
        return self._listen[0], self._acceptor.get_port()

    @property
    def public_key(self) -> str:
        """The host key, as a line of known_hosts holds it."""
        return self._key.export_public_key().decode().strip()

    def _connection(self) -> Connection:
        return Connection(
            self._gateway,
            self._limits,
            keys=self._keys,
            authority=self._authority,
            entrance=self._entrance,
            own=self._own,
        )

    def _own(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("ssh_connection_failed", error=type(error).__name__, exc_info=error)
