"""Transport: one TCP or TLS connection as bytes, with back-pressure in both directions. Knows no protocol.

What arrives waits in a bounded buffer until somebody reads it, or goes straight to a `sink` once one is set: the busy
direction of a relay needs no task to be woken for every packet.
"""

import asyncio
import contextlib
import ssl
from collections.abc import Callable
from typing import cast

#: Reading stops while this much waits to be read.
HIGH_WATER_BYTES = 256 * 1024
#: And while this much waits to be sent.
WRITE_HIGH_WATER_BYTES = 512 * 1024

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
        #: Done when the connection is gone.
        self.lost: asyncio.Future[None] = loop.create_future()
        #: Takes what arrives from now on; it must not raise.
        self._sink: Callable[[bytes], None] | None = None
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
        if self._sink is not None:
            self._sink(data)
            return
        self._buffer += data
        if len(self._buffer) >= HIGH_WATER_BYTES:
            self.hold_reading("buffer")
        self._wake()

    def eof_received(self) -> bool:
        self.ended = True
        self._wake()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended = True
        self._writable.set()
        self._wake()
        if not self.lost.done():
            self.lost.set_result(None)

    def pause_writing(self) -> None:
        self._writable.clear()
        if self.on_congestion is not None:
            self.on_congestion(True)

    def resume_writing(self) -> None:
        self._writable.set()
        if self.on_congestion is not None:
            self.on_congestion(False)

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
        self.release_reading("buffer")
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
        """From now on hand what arrives to `sink`, beginning with what is unread."""
        self._sink = sink
        if self._buffer:
            data = bytes(self._buffer)
            self._buffer.clear()
            self.release_reading("buffer")
            sink(data)

    def hold_reading(self, why: str) -> None:
        """Stop reading until nobody holds any more."""
        self._held.add(why)
        if self._reading and self._connection is not None:
            self._reading = False
            self._connection.pause_reading()

    def release_reading(self, why: str) -> None:
        self._held.discard(why)
        if not self._held and not self._reading and self._connection is not None and not self.ended:
            self._reading = True
            self._connection.resume_reading()

    # --- writing ------------------------------------------------------------------------------------------------------

    def write(self, data: bytes) -> None:
        """Send; nothing happens if the connection is gone."""
        if data and self._connection is not None and not self._connection.is_closing():
            self._connection.write(data)

    async def drain(self) -> None:
        """Wait until sending makes sense again."""
        if not self._writable.is_set():
            await self._writable.wait()

    async def close(self, timeout_s: float = 5.0) -> None:
        """Send what is left, then close; cut after the timeout if the peer does not take it."""
        if self._connection is None:
            self.abort()
            return
        self._connection.close()
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(timeout_s):
                    await asyncio.shield(self.lost)
        finally:
            self.abort()

    def abort(self) -> None:
        """Cut at once, or as soon as there is something to cut."""
        self._unwanted = True
        if self._connection is not None and not self.lost.done():
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
