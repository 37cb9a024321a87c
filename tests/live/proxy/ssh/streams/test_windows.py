"""How much a channel may hold whose receiver pauses: what its window says, and no more."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncssh
import pytest

from proxy.ssh.flow import keep_flow, widen

WINDOW = 256 * 1024
#: Far more than a window, in pieces that do not divide it.
SENT = bytes(range(256)) * 64 * 1024
PIECE = 10_007
#: Less than a window, but many packets of a byte each.
TINY = SENT[:10_000]


class Sender(asyncssh.SSHServerSession[bytes]):
    """Sends all it has as soon as it is asked for anything."""

    def connection_made(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        self._channel = chan

    def exec_requested(self, command: str) -> bool:
        self._tiny = command == "tiny"
        return True

    def session_started(self) -> None:
        sent, piece = (TINY, 1) if self._tiny else (SENT, PIECE)
        for at in range(0, len(sent), piece):
            self._channel.write(sent[at : at + piece])
        self._channel.exit(0)


class Server(asyncssh.SSHServer):
    def begin_auth(self, username: str) -> bool:
        return False

    def session_requested(self) -> Sender:
        return Sender()


class Waiting(asyncssh.SSHClientSession[bytes]):
    """Takes what there is at first, and no more until it is told to."""

    def __init__(self) -> None:
        self.got = bytearray()
        self.closed = asyncio.get_running_loop().create_future()

    def connection_made(self, chan: asyncssh.SSHClientChannel[bytes]) -> None:
        self.channel: Any = chan
        keep_flow(chan)

    def data_received(self, data: bytes, datatype: int | None) -> None:
        if not self.got:
            self.channel.pause_reading()
        self.got += data

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed.set_result(None)


class Pausing(asyncssh.SSHClientSession[bytes]):
    """Pauses after each piece that it takes, and notes how much waits behind it."""

    def __init__(self, window: int = WINDOW) -> None:
        self._window = window
        self.got = bytearray()
        self.most_waiting = 0
        self.closed = asyncio.get_running_loop().create_future()

    def connection_made(self, chan: asyncssh.SSHClientChannel[bytes]) -> None:
        self._channel = chan
        keep_flow(chan)
        if self._window > WINDOW:
            widen(chan, self._window)

    def data_received(self, data: bytes, datatype: int | None) -> None:
        self.got += data
        waiting = sum(len(piece) for piece, _ in self._channel._recv_buf)
        self.most_waiting = max(self.most_waiting, waiting)
        self._channel.pause_reading()
        asyncio.get_running_loop().call_soon(self._channel.resume_reading)

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed.set_result(None)


@pytest.fixture
async def connection() -> AsyncIterator[asyncssh.SSHClientConnection]:
    key = asyncssh.generate_private_key("ssh-ed25519")
    server = await asyncssh.listen("127.0.0.1", 0, server_factory=Server, server_host_keys=[key], encoding=None)
    async with asyncssh.connect(
        "127.0.0.1", server.get_port(), known_hosts=None, username="anybody", client_keys=None, config=None
    ) as connected:
        yield connected
    server.close()
    await server.wait_closed()


@pytest.mark.finding("pg-F18")
@pytest.mark.parametrize("window", [WINDOW, 4 * WINDOW])
async def test_a_receiver_that_pauses_holds_a_window_at_most(
    connection: asyncssh.SSHClientConnection, window: int
) -> None:
    session = Pausing(window)
    await connection.create_session(lambda: session, "send", encoding=None, window=WINDOW)
    async with asyncio.timeout(60):
        await session.closed
    assert bytes(session.got) == SENT
    assert 0 < session.most_waiting <= window


@pytest.mark.finding("pg-F18")
async def test_what_came_in_bytes_waits_in_large_pieces(connection: asyncssh.SSHClientConnection) -> None:
    session = Waiting()
    await connection.create_session(lambda: session, "tiny", encoding=None, window=WINDOW)
    async with asyncio.timeout(60):
        while session.channel._recv_state != "close_pending":
            await asyncio.sleep(0.01)
    assert len(session.got) < len(TINY)
    assert len(session.channel._recv_buf) == 1
    session.channel.resume_reading()
    await session.closed
    assert bytes(session.got) == TINY
