"""A connection is handed a turn's bytes at a time, in their order, and all of them before its end."""

import asyncio
from typing import Any

from asyncssh.connection import SSHConnection

from proxy.ssh.pacing import TURN_BYTES, Paced, pace


class Transport:
    """As much of a transport as pacing touches."""

    def __init__(self) -> None:
        self.reading = True
        self.closing = False
        self.protocol: Any = None

    def set_protocol(self, protocol: Any) -> None:
        self.protocol = protocol

    def pause_reading(self) -> None:
        assert self.reading
        self.reading = False

    def resume_reading(self) -> None:
        assert not self.reading
        self.reading = True

    def is_closing(self) -> bool:
        return self.closing


class Connection:
    """As much of asyncssh's connection; hangs up behind `most` bytes."""

    def __init__(self, transport: Transport, most: int = 1 << 30) -> None:
        self._transport: Transport | None = transport
        self._most = most
        self.got: list[bytes] = []
        self.ends: list[object] = []

    def data_received(self, data: bytes) -> None:
        self.got.append(data)
        if sum(map(len, self.got)) >= self._most:
            self._transport = None

    def eof_received(self) -> None:
        self.ends.append("eof")

    def connection_lost(self, exc: Exception | None) -> None:
        self.ends.append(exc)


def paced(most: int = 1 << 30) -> tuple[Paced, Connection, Transport]:
    transport = Transport()
    connection: Any = Connection(transport, most)
    pace(connection)
    return transport.protocol, connection, transport


LONG = bytes(range(256)) * 1024


def test_what_is_no_more_than_a_turn_is_handed_over_at_once() -> None:
    protocol, connection, transport = paced()
    protocol.data_received(b"x" * TURN_BYTES)
    assert (connection.got, transport.reading) == ([b"x" * TURN_BYTES], True)


async def test_what_is_more_is_handed_over_in_turns_and_nothing_is_read_meanwhile() -> None:
    protocol, connection, transport = paced()
    protocol.data_received(LONG)
    protocol.data_received(b"behind it")
    assert (connection.got, transport.reading) == ([], False)
    turns = 0
    while not transport.reading:
        before = len(connection.got)
        await asyncio.sleep(0)
        assert len(connection.got) <= before + 1
        turns += 1
    assert turns == len(LONG) // TURN_BYTES + 1
    assert max(map(len, connection.got)) == TURN_BYTES
    assert b"".join(connection.got) == LONG + b"behind it"
    protocol.eof_received()
    assert connection.ends == ["eof"]


async def test_what_was_read_is_handed_over_before_the_end() -> None:
    protocol, connection, transport = paced()
    protocol.data_received(LONG)
    transport.closing = True
    protocol.connection_lost(why := OSError("reset"))
    assert b"".join(connection.got) == LONG
    assert connection.ends == [why]
    await asyncio.sleep(0)
    assert not transport.reading
    assert b"".join(connection.got) == LONG


async def test_a_connection_that_hung_up_is_handed_nothing_more() -> None:
    protocol, connection, transport = paced(most=TURN_BYTES)
    protocol.data_received(LONG)
    await asyncio.sleep(0)
    transport.closing = True
    await asyncio.sleep(0)
    protocol.connection_lost(None)
    assert b"".join(connection.got) == LONG[:TURN_BYTES]
    assert connection.ends == [None]


def test_a_connection_forgets_its_transport_when_it_hangs_up() -> None:
    names = SSHConnection._force_close.__code__.co_names
    assert {"_transport", "abort"} <= set(names), "asyncssh hangs up otherwise: see proxy/ssh/pacing.py"


def test_a_connection_does_nothing_about_what_is_not_passed_on() -> None:
    for method in (SSHConnection.pause_writing, SSHConnection.resume_writing):
        assert not method.__code__.co_names, "asyncssh waits when it may not write: see proxy/ssh/pacing.py"
