"""A connection is handed a turn's bytes at a time, in their order, and all of them before its end."""

import asyncio
import inspect
from collections.abc import Callable
from typing import Any

import pytest
from asyncssh.connection import SSHConnection

from proxy.ssh.pacing import MAX_QUEUED, MAX_UNSENT_BYTES, PIECE_BYTES, TURN_BYTES, TURN_S, Paced, is_full, pace


class Transport:
    """As much of a transport as pacing touches."""

    def __init__(self) -> None:
        self.reading = True
        self.closing = False
        self.protocol: Any = None
        self.unsent = 0

    def set_protocol(self, protocol: Any) -> None:
        self.protocol = protocol

    def get_protocol(self) -> Any:
        return self.protocol

    def set_write_buffer_limits(self, high: int, low: int) -> None:
        assert low < high

    def get_write_buffer_size(self) -> int:
        return self.unsent

    def pause_reading(self) -> None:
        assert self.reading
        self.reading = False

    def resume_reading(self) -> None:
        assert not self.reading
        self.reading = True

    def is_closing(self) -> bool:
        return self.closing


class Channel:
    """As much of a channel: notes when it may send what it kept, and whether it was full by then."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self.flushed: list[bool] = []

    def _flush_send_buf(self) -> None:
        self.flushed.append(self._transport.protocol.is_full)


class Connection:
    """As much of asyncssh's connection; hangs up behind `most` bytes, and is busy from `busy_at` of them on."""

    def __init__(self, transport: Transport, most: int = 1 << 30, busy_at: int = 1 << 30) -> None:
        self._transport: Transport | None = transport
        self._most = most
        self._busy_at = busy_at
        self._recv_handler: Callable[[], bool] = self._read
        self._deferred_packets: list[Any] = []
        self._global_request_queue: list[Any] = []
        self._kex_complete = True
        self._pktlen, self._recv_macsize, self._recv_blocksize, self._inpbuf = 0, 16, 16, b""
        self.channel = Channel(transport)
        self._channels = {0: self.channel}
        self.got: list[bytes] = []
        self.ends: list[object] = []

    def _read(self) -> bool:
        return True

    def _recv_packet(self) -> bool:
        return False

    def data_received(self, data: bytes) -> None:
        self.got.append(data)
        had = sum(map(len, self.got))
        if had >= self._most:
            self._transport = None
        if had >= self._busy_at:
            self._busy_at, self._recv_handler = 1 << 30, lambda: False

    def _finish_recv_packet(self, kind: int, number: int, _task: Any = None, is_async: bool = False) -> None:
        self._recv_handler = self._read

    def _send_deferred_packets(self) -> None:
        self._deferred_packets.clear()

    def _force_close(self, exc: Exception) -> None:
        self._transport = None
        self.ends.append(str(exc))

    def eof_received(self) -> None:
        self.ends.append("eof")

    def connection_lost(self, exc: Exception | None) -> None:
        self.ends.append(exc)


class Clock:
    """So many seconds go by between two looks at it."""

    def __init__(self, step: float = 0) -> None:
        self.step = step
        self.now = 0.0

    def __call__(self) -> float:
        self.now += self.step
        return self.now


def paced(most: int = 1 << 30, *, busy_at: int = 1 << 30, step: float = 0) -> tuple[Paced, Connection, Transport]:
    transport: Any = Transport()
    connection: Any = Connection(transport, most, busy_at)
    transport.set_protocol(Paced(connection, transport, Clock(step)))
    return transport.protocol, connection, transport


LONG = bytes(range(256)) * 1024


def test_what_is_no_more_than_a_turn_is_handed_over_at_once() -> None:
    protocol, connection, transport = paced()
    protocol.data_received(LONG[:TURN_BYTES])
    assert (b"".join(connection.got), transport.reading) == (LONG[:TURN_BYTES], True)


async def _turn(connection: Connection) -> int:
    """How many bytes the next turn hands over."""
    before = sum(map(len, connection.got))
    await asyncio.sleep(0)
    return sum(map(len, connection.got)) - before


async def test_what_is_more_is_handed_over_in_turns_and_nothing_is_read_meanwhile() -> None:
    protocol, connection, transport = paced()
    protocol.data_received(LONG)
    protocol.data_received(b"behind it")
    assert (len(b"".join(connection.got)), transport.reading) == (TURN_BYTES, False)
    turns = [TURN_BYTES]
    while not transport.reading:
        turns.append(await _turn(connection))
    assert turns == [TURN_BYTES] * (len(LONG) // TURN_BYTES) + [len(b"behind it")]
    assert b"".join(connection.got) == LONG + b"behind it"
    protocol.eof_received()
    assert connection.ends == ["eof"]


@pytest.mark.finding("pg-F5")
async def test_a_turn_ends_with_its_time_however_few_bytes_it_had() -> None:
    protocol, connection, transport = paced(step=TURN_S / 2)
    protocol.data_received(LONG)
    assert len(b"".join(connection.got)) == 2 * PIECE_BYTES
    assert await _turn(connection) == 2 * PIECE_BYTES
    while not transport.reading:
        await asyncio.sleep(0)
    assert b"".join(connection.got) == LONG


def test_what_is_missing_of_a_packet_is_handed_over_in_one_piece() -> None:
    """asyncssh joins what it has of a packet with each piece of it: many small ones are copied again and again."""
    protocol, connection, _ = paced()
    connection._recv_handler, connection._pktlen, connection._inpbuf = connection._recv_packet, 32 * 1024, b"begun"
    missing = 4 + 32 * 1024 - len(b"begun")
    protocol.data_received(LONG[: missing + 1])
    assert list(map(len, connection.got)) == [missing, 1]


async def test_a_connection_that_is_busy_with_a_message_is_handed_nothing_more() -> None:
    protocol, connection, transport = paced(busy_at=PIECE_BYTES)
    protocol.data_received(LONG)
    protocol.data_received(LONG)
    for _ in range(3):
        assert await _turn(connection) == 0
    assert (connection.got, transport.reading) == ([LONG[:PIECE_BYTES]], False)
    connection._finish_recv_packet(50, 1, is_async=True)
    while not transport.reading:
        await asyncio.sleep(0)
    assert b"".join(connection.got) == LONG + LONG


async def test_what_waits_behind_an_unfinished_message_goes_with_its_connection() -> None:
    protocol, connection, _ = paced(busy_at=PIECE_BYTES)
    protocol.data_received(LONG)
    protocol.connection_lost(None)
    connection._finish_recv_packet(50, 1, is_async=True)
    await asyncio.sleep(0)
    assert (connection.got, connection.ends) == ([LONG[:PIECE_BYTES]], [None])


async def test_what_was_read_is_handed_over_before_the_end_in_its_turns() -> None:
    protocol, connection, transport = paced()
    protocol.data_received(LONG)
    transport.closing = True
    protocol.connection_lost(why := OSError("reset"))
    assert connection.ends == []
    while not connection.ends:
        assert await _turn(connection) <= TURN_BYTES
    assert (b"".join(connection.got), connection.ends) == (LONG, [why])
    await asyncio.sleep(0)
    assert (connection.ends, transport.reading) == ([why], False)


async def test_a_connection_that_hung_up_is_handed_nothing_more() -> None:
    protocol, connection, transport = paced(most=TURN_BYTES)
    protocol.data_received(LONG)
    await asyncio.sleep(0)
    transport.closing = True
    await asyncio.sleep(0)
    protocol.connection_lost(None)
    assert b"".join(connection.got) == LONG[:TURN_BYTES]
    assert connection.ends == [None]


async def test_nothing_is_sent_into_a_full_socket() -> None:
    protocol, connection, transport = paced()
    subject: Any = connection
    assert not is_full(subject)
    protocol.pause_writing()
    assert is_full(subject)
    protocol.data_received(b"answers are sent still")
    assert connection.got == [b"answers are sent still"]
    transport.unsent = MAX_UNSENT_BYTES + 1
    protocol.data_received(b"until there are too many")
    await asyncio.sleep(0)
    assert (len(connection.got), transport.reading, connection.channel.flushed) == (1, False, [])
    transport.unsent = 0
    protocol.resume_writing()
    await asyncio.sleep(0)
    assert (connection.got[1:], transport.reading) == ([b"until there are too many"], True)
    assert connection.channel.flushed == [False]


def test_nothing_is_sent_while_keys_are_exchanged() -> None:
    _, connection, _ = paced()
    subject: Any = connection
    connection._kex_complete = False
    assert is_full(subject)
    connection._kex_complete = True
    connection._send_deferred_packets()
    assert connection.channel.flushed == [False]
    connection._transport = None
    assert not is_full(subject)


@pytest.mark.parametrize("queue", ["_deferred_packets", "_global_request_queue"])
async def test_who_piles_up_messages_is_hung_up_on(queue: str) -> None:
    protocol, connection, _ = paced()
    getattr(connection, queue).extend([b"reply"] * MAX_QUEUED)
    protocol.data_received(b"one")
    assert connection.ends == []
    getattr(connection, queue).append(b"reply")
    protocol.data_received(b"two")
    protocol.data_received(b"three")
    assert connection.ends == ["Too many messages wait for an answer"]
    assert connection.got == [b"one", b"two"]


def test_pacing_begins_with_the_connection() -> None:
    transport: Any = Transport()
    connection: Any = Connection(transport)
    pace(connection)
    assert isinstance(transport.protocol, Paced)


def _names(method: Callable[..., Any]) -> set[str]:
    return set(method.__code__.co_names)


def test_asyncssh_is_as_it_was_read() -> None:
    said = "asyncssh has changed: see proxy/ssh/pacing.py. "
    assert {"_transport", "abort"} <= _names(SSHConnection._force_close), said + "It hangs up otherwise."
    for method in (SSHConnection.pause_writing, SSHConnection.resume_writing):
        assert not _names(method), said + "It waits when it may not write."
    assert {"_recv_handler", "_finish_recv_packet"} <= _names(SSHConnection._recv_packet), (
        said + "It is busy otherwise."
    )
    lengths = {"_pktlen", "_recv_macsize", "_recv_blocksize", "_inpbuf"}
    assert lengths <= _names(SSHConnection._recv_packet), said + "What is missing of a packet is counted otherwise."
    assert "_deferred_packets" in _names(SSHConnection.send_packet), said + "Answers wait elsewhere."
    assert "_send_deferred_packets" in _names(SSHConnection.send_newkeys), said + "Nobody hears of new keys."
    assert "_global_request_queue" in inspect.getsource(SSHConnection), said + "Global requests wait elsewhere."


def test_channels_share_a_full_socket_in_turn() -> None:
    """One that keeps more than goes at once would leave nothing to the others, for as long as it goes on."""
    transport = Transport()
    connection, paced = paced_on(transport)
    sent: list[int] = []

    class Fills:
        def __init__(self, number: int) -> None:
            self._number = number

        def _flush_send_buf(self) -> None:
            sent.append(self._number)
            paced.pause_writing()

    channels: Any = {number: Fills(number) for number in (0, 1, 4)}
    connection._channels = channels
    for _ in range(6):
        paced.resume_writing()
    assert sent == [0, 1, 4, 0, 1, 4]


async def test_what_floods_a_connection_is_read_no_more_until_it_is_sent() -> None:
    ours, theirs = Transport(), Transport()
    connection, client = paced_on(ours)
    _, host = paced_on(theirs)
    client.feeds(host)
    host.pause_writing()
    theirs.unsent = MAX_UNSENT_BYTES + 1
    client.data_received(b"signals")
    assert connection.got == []
    assert not ours.reading
    theirs.unsent = 0
    host.resume_writing()
    await asyncio.sleep(0)
    assert connection.got == [b"signals"]
    assert ours.reading


async def test_who_is_gone_is_not_waited_for() -> None:
    transport = Transport()
    connection, paced = paced_on(transport)
    paced.pause_writing()
    transport.unsent = MAX_UNSENT_BYTES + 1
    paced.data_received(b"last")
    assert connection.got == []
    paced.connection_lost(None)
    await asyncio.sleep(0)
    assert connection.got == [b"last"]
    assert connection.ends == [None]


def paced_on(transport: Transport) -> tuple[Connection, Paced]:
    connection: Any = Connection(transport)
    transport.protocol = Paced(connection, transport)  # pyright: ignore[reportArgumentType] - as much as it touches
    return connection, transport.protocol
