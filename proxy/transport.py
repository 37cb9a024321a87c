"""Transport: one TCP or TLS connection as bytes, with back-pressure in both directions. Knows no protocol.

What arrives waits in a bounded buffer until somebody reads it, or goes straight to a `sink` once one is set: the busy
direction of a relay needs no task to be woken for every packet.

Whoever holds what arrives does not stop the reading while little of it waits, for only who reads learns that the peer
has closed: TLS says so in the stream (close_notify, RFC 8446 section 6.1).

Nobody holds the loop: uvloop reads a socket up to 32 times before it looks at another, 256 KiB each time, so a sink
gets a slice in each turn of the loop and nothing is read meanwhile. What is written is handed on in slices too, for
TLS encrypts at once whatever it is given.
"""

import asyncio
import contextlib
import ssl
from collections import deque
from collections.abc import Callable
from typing import cast

#: Reading stops while this much waits to be read.
HIGH_WATER_BYTES = 256 * 1024
#: And while this much waits to be sent.
WRITE_HIGH_WATER_BYTES = 512 * 1024

#: What a sink is handed in one turn of the loop: while it works on that, every other session waits.
TURN_BYTES = 8 * 1024
#: And what is written in one, of what is longer: it is encrypted, not searched.
WRITE_TURN_BYTES = 256 * 1024

TLS_HANDSHAKE_TIMEOUT_S = 10.0


class TransportClosed(Exception):
    """The peer closed the connection before it sent what was expected."""


class Transport(asyncio.Protocol):
    """Over one of asyncio's own; made by create_connection or connect_accepted_socket. One task at a time may read."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self._buffer = bytearray()
        self._arrived: asyncio.Future[None] | None = None
        self._connection: asyncio.Transport | None = None
        self._reading = True
        self._held: set[str] = set()
        self._writable = asyncio.Event()
        self._writable.set()
        self.ended = False
        #: Cut before there was a connection: if one comes yet, it is cut at once.
        self._unwanted = False
        #: Done when the connection is gone, and what came before is handed over.
        self.lost: asyncio.Future[None] = loop.create_future()
        #: Done when the connection is gone, whatever waits here yet.
        self.gone: asyncio.Future[None] = loop.create_future()
        self._gone = False
        #: What may be handed over yet in this turn of the loop.
        self._left = TURN_BYTES
        self._turn_due = False
        #: What is to be written in later turns.
        self._outbox: deque[memoryview] = deque()
        self._congested = False
        #: Takes what arrives from now on; it must not raise.
        self._sink: Callable[[bytes], None] | None = None
        #: Told how many bytes more wait for a later turn, or less (negative). What it raises, `write` raises.
        self.pin: Callable[[int], None] = lambda _: None
        #: Told when sending must wait (True) and may go on (False).
        self.on_congestion: Callable[[bool], None] | None = None

    # --- asyncio's side -----------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._connection = cast("asyncio.Transport", transport)
        if self._unwanted:
            self._connection.abort()
            return
        self._connection.set_write_buffer_limits(high=WRITE_HIGH_WATER_BYTES)

    def data_received(self, data: bytes) -> None:
        idle = not (self._buffer or self._held or self._turn_due)
        if idle and self._sink is not None and len(data) <= TURN_BYTES:
            # It did not fill what the loop reads into, so the loop comes to the others before it reads here again.
            self._sink(data)
            return
        self._buffer += data
        self._take_turn()
        self._wake()

    def eof_received(self) -> bool:
        self.ended = True
        self._wake()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended = self._gone = True
        if not self.gone.done():
            self.gone.set_result(None)
        if self._outbox:
            self.pin(-sum(map(len, self._outbox)))
            self._outbox.clear()
        self._writable.set()
        self._wake()
        if self._sink is None or not self._buffer:
            self._lose()

    def _lose(self) -> None:
        if not self.lost.done():
            self.lost.set_result(None)

    def pause_writing(self) -> None:
        self._congested = True
        self._say_congested()

    def resume_writing(self) -> None:
        self._congested = False
        self._write_turn()
        self._say_congested()

    def _say_congested(self) -> None:
        """Tell whoever writes when that changes: the connection takes no more, or a turn's writing is not done."""
        congested = self._congested or bool(self._outbox)
        if congested is not self._writable.is_set():
            return
        if congested:
            self._writable.clear()
        else:
            self._writable.set()
        if self.on_congestion is not None:
            self.on_congestion(congested)

    def _wake(self) -> None:
        if self._arrived is not None and not self._arrived.done():
            self._arrived.set_result(None)

    # --- reading ------------------------------------------------------------------------------------------------------

    async def read_some(self) -> bytes:
        """Whatever has arrived; empty when the peer has closed."""
        while not self._buffer:
            if self.ended:
                return b""
            self._arrived = asyncio.get_running_loop().create_future()
            try:
                await self._arrived
            finally:
                self._arrived = None
        data = bytes(self._buffer)
        self._buffer.clear()
        self._read_or_not()
        return data

    async def read_exactly(self, size: int) -> bytes:
        """Raises TransportClosed if the peer closes before."""
        parts = bytearray()
        while len(parts) < size:
            data = await self.read_some()
            if not data:
                raise TransportClosed
            parts += data
        self._buffer[:0] = parts[size:]
        return bytes(parts[:size])

    @property
    def has_unread(self) -> bool:
        return bool(self._buffer)

    def feed(self, sink: Callable[[bytes], None]) -> None:
        """From now on hand what arrives to `sink`, beginning with what is unread: at most TURN_BYTES a turn."""
        self._sink = sink
        if self._gone and self._buffer:
            # The peer has sent all it had and closed before anybody took it: it is lost once that is handed over.
            self.lost = asyncio.get_running_loop().create_future()
        self._take_turn()

    def _expect_turn(self) -> None:
        if not self._turn_due:
            self._turn_due = True
            asyncio.get_running_loop().call_soon(self._next_turn)

    def _next_turn(self) -> None:
        self._turn_due = False
        self._left = TURN_BYTES
        self._take_turn()

    def _take_turn(self) -> None:
        """Hand over what this turn still allows, unless somebody holds; the rest waits."""
        if self._sink is not None and self._buffer and self._left and not self._held:
            data = bytes(self._buffer[: self._left])
            del self._buffer[: self._left]
            self._expect_turn()
            self._left -= len(data)
            self._sink(data)
        self._read_or_not()
        if self._gone and not self._buffer:
            self._lose()

    def hold(self, why: str) -> None:
        """Hand over nothing until nobody holds any more."""
        self._held.add(why)
        self._read_or_not()

    def release(self, why: str) -> None:
        self._held.discard(why)
        if self._buffer and self._sink is not None:
            self._expect_turn()
        self._read_or_not()

    def _read_or_not(self) -> None:
        """Read unless enough waits: anything that only waits for its turn, or as much as may wait for somebody."""
        its_turn = self._sink is not None and not self._held
        reading = not self._buffer if its_turn else len(self._buffer) < HIGH_WATER_BYTES
        if reading is self._reading or self._connection is None:
            return
        if reading and not self.ended:
            self._reading = True
            self._connection.resume_reading()
        elif not reading and not self._gone:
            self._reading = False
            self._connection.pause_reading()

    # --- writing ------------------------------------------------------------------------------------------------------

    def write(self, data: bytes) -> None:
        """Send; nothing happens if the connection is gone. Raises what `pin` does where this has to wait."""
        if not data or self._connection is None or self._connection.is_closing():
            return
        if not self._outbox and len(data) <= WRITE_TURN_BYTES:
            self._connection.write(data)
            return
        self.pin(len(data))
        begun = bool(self._outbox)
        self._outbox.append(memoryview(data))
        if not begun:
            self._go_on_writing()

    def _write_turn(self) -> None:
        """Write a slice of what is long, and go on in the next turn unless the connection takes no more."""
        if not self._outbox or self._congested or self._connection is None or self._connection.is_closing():
            return
        first = self._outbox.popleft()
        if len(first) > WRITE_TURN_BYTES:
            self._outbox.appendleft(first[WRITE_TURN_BYTES:])
        piece = bytes(first[:WRITE_TURN_BYTES])
        self.pin(-len(piece))
        self._connection.write(piece)
        if self._outbox and not self._congested:
            asyncio.get_running_loop().call_soon(self._go_on_writing)

    def _go_on_writing(self) -> None:
        self._write_turn()
        self._say_congested()

    async def drain(self) -> None:
        """Wait until sending makes sense again."""
        if not self._writable.is_set():
            await self._writable.wait()

    async def close(self, timeout_s: float = 5.0) -> None:
        """Send what is left, then close; cut after the timeout if the peer does not take it."""
        if self._connection is None:
            self.abort()
            return
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(timeout_s):
                    if self._outbox:
                        await self.drain()
                    self._connection.close()
                    await asyncio.shield(self.lost)
        finally:
            self.abort()

    def abort(self) -> None:
        """Cut at once, or as soon as there is something to cut."""
        self._unwanted = True
        if self._gone:
            self._buffer.clear()
            self._lose()
        elif self._connection is not None:
            self._connection.abort()

    # --- TLS ----------------------------------------------------------------------------------------------------------

    async def start_tls(
        self, context: ssl.SSLContext, *, server_side: bool = False, server_hostname: str | None = None
    ) -> None:
        """Go on in TLS. Raises OSError (ssl.SSLError) without an agreement, TransportClosed if bytes came too early.

        Bytes that arrived before the handshake were not protected, so they must not be read as if they had been.
        """
        if self._buffer or self._connection is None:
            raise TransportClosed("bytes before TLS")
        transport = await asyncio.get_running_loop().start_tls(
            self._connection,
            self,
            context,
            server_side=server_side,
            server_hostname=server_hostname,
            ssl_handshake_timeout=TLS_HANDSHAKE_TIMEOUT_S,
        )
        if transport is None:
            raise TransportClosed
        self._connection = transport
        transport.set_write_buffer_limits(high=WRITE_HIGH_WATER_BYTES)

    @property
    def tls(self) -> ssl.SSLObject | None:
        """What is known of the TLS connection, if it is one."""
        return self._connection.get_extra_info("ssl_object") if self._connection is not None else None
