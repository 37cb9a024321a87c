"""asyncssh as a client of the gateway, for what no real client sends."""

import contextlib
import socket
from collections.abc import AsyncIterator

import asyncssh
import pytest

from proxy.ssh import pacing
from support.ssh import Client

SMALL_BUFFER = 64 * 1024


@contextlib.asynccontextmanager
async def connected(client: Client) -> AsyncIterator[asyncssh.SSHClientConnection]:
    """A client whose socket takes little that is not read."""
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)
        sock.connect(("127.0.0.1", client.port))
        async with asyncssh.connect(
            sock=sock,
            host="127.0.0.1",
            port=client.port,
            username=client.door,
            password=client.token,
            known_hosts=str(client.folder / "known_hosts"),
            config=None,
            client_keys=None,
        ) as connection:
            yield connection
            connection.abort()


def small_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the gateway take a socket for full, and for flooded, with little in it."""
    for name, size in (("DRAINED_BYTES", 32), ("FULL_BYTES", 64), ("MAX_UNSENT_BYTES", 128)):
        monkeypatch.setattr(pacing, name, size * 1024)


def send_little(paced: pacing.Paced) -> None:
    """Have the system take little of what the gateway sends on this connection."""
    sock: socket.socket = paced._transport.get_extra_info("socket")  # pyright: ignore[reportPrivateUsage]
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SMALL_BUFFER)
