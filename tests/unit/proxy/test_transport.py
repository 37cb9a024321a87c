"""What one connection may take of a turn of the loop, and that nothing is lost or out of order for it."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import pytest

from proxy.transport import HIGH_WATER_BYTES, TURN_BYTES, WRITE_TURN_BYTES, Transport


class _Connection(asyncio.Transport):
    """Takes what is written, in the pieces in which it comes."""

    def __init__(self) -> None:
        super().__init__()
        self.aborted = self.closed = False
        self.reading = True
        self.written: list[bytes] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written.append(bytes(data))

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.aborted = True

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None: ...


@pytest.fixture
async def turns() -> AsyncIterator[list[int]]:
    """Its only item counts turns of the loop."""
    count = [0]
    loop = asyncio.get_running_loop()

    def turn() -> None:
        nonlocal handle
        count[0] += 1
        handle = loop.call_soon(turn)

    handle = loop.call_soon(turn)
    yield count
    handle.cancel()


def connected() -> tuple[Transport, _Connection]:
    transport, connection = Transport(), _Connection()
    transport.connection_made(connection)
    return transport, connection


@pytest.mark.finding("pg-F3")
async def test_cut_before_its_connection() -> None:
    transport, connection = Transport(), _Connection()
    await transport.close()
    transport.connection_made(connection)
    assert connection.aborted


async def test_not_cut() -> None:
    transport, connection = connected()
    assert not connection.aborted
    transport.abort()
    assert connection.aborted


@pytest.mark.finding("pg-F5")
@pytest.mark.parametrize("read", [1_000, TURN_BYTES - 1, TURN_BYTES, TURN_BYTES + 1, 262_144])
async def test_a_turn_of_the_loop_hands_over_so_much(turns: list[int], read: int) -> None:
    """However much is read at once. uvloop reads up to 32 times in a turn, as long as its 256 KiB are filled."""
    reads = 32 if read == 262_144 else 1
    transport, connection = connected()
    by_turn: dict[int, int] = {}
    got = bytearray()

    def sink(data: bytes) -> None:
        by_turn[turns[0]] = by_turn.get(turns[0], 0) + len(data)
        got.extend(data)

    transport.feed(sink)
    sent = bytearray()
    while len(sent) < 1_000_000:
        for _ in range(reads):
            if not connection.reading:
                break
            data = len(sent).to_bytes(8, "big") * (read // 8)
            sent += data
            transport.data_received(data)
        await asyncio.sleep(0)
    while len(got) < len(sent):
        await asyncio.sleep(0)
    assert got == sent
    assert max(by_turn.values()) <= TURN_BYTES
    assert connection.reading


@pytest.mark.finding("pg-F5")
@pytest.mark.parametrize("piece", [100, 5_000, 4_000_000])
async def test_the_same_of_a_real_socket(turns: list[int], piece: int) -> None:
    ours, theirs = socket.socketpair()
    transport = Transport()
    loop = asyncio.get_running_loop()
    await loop.create_connection(lambda: transport, sock=ours)
    by_turn: dict[int, int] = {}

    def sink(data: bytes) -> None:
        by_turn[turns[0]] = by_turn.get(turns[0], 0) + len(data)

    transport.feed(sink)

    def send() -> None:
        for _ in range(4_000_000 // piece):
            theirs.sendall(bytes(piece))

    await asyncio.to_thread(send)
    theirs.close()
    await transport.lost
    assert sum(by_turn.values()) == 4_000_000
    assert max(by_turn.values()) <= TURN_BYTES


async def test_it_is_lost_when_all_that_came_is_handed_over() -> None:
    transport, _ = connected()
    got = bytearray()
    transport.feed(got.extend)
    transport.data_received(b"x" * (3 * TURN_BYTES))
    transport.connection_lost(None)
    assert not transport.lost.done()
    await transport.lost
    assert len(got) == 3 * TURN_BYTES


async def test_what_came_before_anybody_took_it_is_handed_over_before_it_is_lost() -> None:
    """A peer that sends all it has and hangs up, while whoever is to take it gets ready."""
    transport, _ = connected()
    got = bytearray()
    transport.data_received(b"x" * (3 * TURN_BYTES))
    transport.connection_lost(None)
    transport.feed(got.extend)
    await transport.lost
    assert len(got) == 3 * TURN_BYTES


async def test_nothing_is_handed_over_while_somebody_holds() -> None:
    transport, connection = connected()
    got = bytearray()
    transport.feed(got.extend)
    transport.hold("client")
    transport.data_received(b"x" * HIGH_WATER_BYTES)
    await asyncio.sleep(0)
    assert not got
    transport.connection_lost(None)
    transport.release("client")
    await transport.lost
    assert len(got) == HIGH_WATER_BYTES
    assert not connection.reading


async def test_little_is_read_on_while_somebody_holds_so_that_an_end_is_seen() -> None:
    transport, connection = connected()
    got = bytearray()
    transport.feed(got.extend)
    transport.hold("requests")
    transport.data_received(b"x" * (HIGH_WATER_BYTES - 1))
    assert connection.reading
    transport.data_received(b"x")
    assert not connection.reading
    transport.release("requests")
    while len(got) < HIGH_WATER_BYTES:
        assert not connection.reading
        await asyncio.sleep(0)
    assert connection.reading


async def test_a_cut_does_not_wait_for_whoever_holds() -> None:
    transport, _ = connected()
    transport.feed(lambda data: None)
    transport.hold("client")
    transport.data_received(b"x")
    transport.connection_lost(None)
    transport.abort()
    assert transport.lost.done()


@pytest.mark.finding("pg-F5")
async def test_what_is_long_is_written_in_slices(turns: list[int]) -> None:
    transport, connection = connected()
    told: list[bool] = []
    transport.on_congestion = told.append
    data = bytes(range(256)) * (3 * WRITE_TURN_BYTES // 256)
    transport.write(data)
    transport.write(b"behind it")
    assert (len(connection.written), told) == (1, [True])
    await transport.drain()
    assert b"".join(connection.written) == data + b"behind it"
    assert max(map(len, connection.written)) <= WRITE_TURN_BYTES
    assert told == [True, False]


async def test_writing_waits_for_the_peer() -> None:
    transport, connection = connected()
    transport.write(bytes(2 * WRITE_TURN_BYTES))
    transport.pause_writing()
    await asyncio.sleep(0)
    assert len(connection.written) == 1
    transport.resume_writing()
    await transport.drain()
    assert sum(map(len, connection.written)) == 2 * WRITE_TURN_BYTES


async def test_closing_sends_what_is_left() -> None:
    transport, connection = connected()
    transport.write(bytes(3 * WRITE_TURN_BYTES))
    closing = asyncio.ensure_future(transport.close())
    while not connection.closed:
        await asyncio.sleep(0)
    assert sum(map(len, connection.written)) == 3 * WRITE_TURN_BYTES
    transport.connection_lost(None)
    with contextlib.suppress(TimeoutError):
        await closing


@pytest.mark.finding("pg-F18")
async def test_what_waits_for_a_later_turn_is_counted() -> None:
    transport, connection = connected()
    pinned = [0]

    def pin(count: int) -> None:
        if pinned[0] + count > 3 * WRITE_TURN_BYTES:
            raise MemoryError
        pinned[0] += count

    transport.pin = pin
    transport.write(b"x" * WRITE_TURN_BYTES)
    assert pinned == [0]
    transport.pause_writing()
    transport.write(b"y" * (2 * WRITE_TURN_BYTES))
    transport.write(b"z" * 10)
    assert pinned == [2 * WRITE_TURN_BYTES + 10]
    with pytest.raises(MemoryError):
        transport.write(b"w" * WRITE_TURN_BYTES)
    transport.resume_writing()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert pinned == [0]
    assert b"".join(connection.written)[WRITE_TURN_BYTES:] == b"y" * (2 * WRITE_TURN_BYTES) + b"z" * 10
    transport.pause_writing()
    transport.write(b"v" * (2 * WRITE_TURN_BYTES))
    transport.connection_lost(None)
    assert pinned == [0]
