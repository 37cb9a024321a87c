"""asyncssh as a client of the gateway, for what no real client sends."""

import contextlib
import socket
from collections.abc import AsyncIterator

import asyncssh

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
