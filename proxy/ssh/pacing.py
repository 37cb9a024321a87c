"""Pacing: what an ssh connection is handed of its socket in one turn of the loop, so that nobody else waits for long.

uvloop reads a socket up to 32 times before it looks at another, 256 KiB each time, and all of that would be decrypted,
masked, recorded and encrypted at once: 60 ms in which every other session stands still.
"""

import asyncio
from typing import Any

import asyncssh

#: Two of OpenSSH's packets: half a millisecond's work.
TURN_BYTES = 64 * 1024


class Paced(asyncio.Protocol):
    """Stands between a connection of asyncssh and its transport. What is more waits, and nothing is read meanwhile."""

    def __init__(
        self, connection: asyncssh.SSHServerConnection | asyncssh.SSHClientConnection, transport: asyncio.Transport
    ) -> None:
        self._connection = connection
        self._transport = transport
        self._waiting = bytearray()

    def data_received(self, data: bytes) -> None:
        if not self._waiting and len(data) <= TURN_BYTES:
            self._connection.data_received(data)
            return
        if not self._waiting:
            self._transport.pause_reading()
            asyncio.get_running_loop().call_soon(self._take_turn)
        self._waiting += data

    def _take_turn(self) -> None:
        self._hand_over(TURN_BYTES)
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._take_turn)
        elif not self._transport.is_closing():
            self._transport.resume_reading()

    def _hand_over(self, size: int) -> None:
        data = bytes(self._waiting[:size])
        del self._waiting[:size]
        hidden: Any = self._connection
        if hidden._transport is None:
            # asyncssh itself has hung up, and takes nothing more.
            self._waiting.clear()
        elif data:
            self._connection.data_received(data)

    def eof_received(self) -> None:
        # Nothing waits: the end is read like all else.
        self._connection.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        # What was read before: one read of the loop's at most, and whatever answers it goes nowhere.
        self._hand_over(len(self._waiting))
        self._connection.connection_lost(exc)


def pace(connection: asyncssh.SSHServerConnection | asyncssh.SSHClientConnection) -> None:
    """From now on have what arrives handed over in turns; to be called in the connection's connection_made."""
    hidden: Any = connection
    transport: asyncio.Transport = hidden._transport
    transport.set_protocol(Paced(connection, transport))
