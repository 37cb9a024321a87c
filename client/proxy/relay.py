"""The local port: a client's startup answered here, the gateway's taken with what lets in, then bytes both ways.

The gateway's end is verified as psql verifies it. Nothing is read of what goes by: the gateway masks and judges it.
"""

import asyncio
import contextlib
import ssl
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final, Protocol

from client.api import Json
from client.proxy import peers, startup
from client.proxy.startup import NotSpoken

_CHUNK: Final = 64 * 1024
#: From the first byte to the login.
_LOGIN_S: Final = 30.0
_MAX_MESSAGE: Final = 64 * 1024


@dataclass(frozen=True)
class Way:
    """How to get in at the moment, and with what."""

    connect: Json
    #: Whom to trust, and who we are where that is shown by a certificate.
    tls: ssl.SSLContext
    #: Where it is a token that lets in.
    token: str | None = None


class Ways(Protocol):
    """Where the way in comes from, for each connection, or for one that only `cancels`; raises what is told to it."""

    def __call__(self, *, cancels: bool) -> Coroutine[Any, Any, Way]: ...


class Port:
    """Serves connections until it is cancelled."""

    def __init__(self, ways: Ways, told: Callable[[str], None]) -> None:
        self._ways = ways
        self._told = told
        self._serving: set[asyncio.Task[None]] = set()
        self._port = 0

    async def listen(self, port: int) -> int:
        """On 127.0.0.1 alone; returns the port. Raises OSError."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port)
        self._port = int(self._server.sockets[0].getsockname()[1])
        return self._port

    async def close(self) -> None:
        self._server.close()
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._serving.add(task)
            task.add_done_callback(self._serving.discard)
        try:
            peer = writer.get_extra_info("peername")
            if peers.is_another_account(peer[1], self._port):
                self._told("A connection of another account of this machine was refused.")
                return
            await self._taken(reader, writer)
        except NotSpoken as problem:
            await _said(writer, str(problem))
        except (OSError, asyncio.IncompleteReadError, TimeoutError) as problem:
            await _said(writer, f"the gateway cannot be reached ({problem or type(problem).__name__}).")
        except Exception as problem:
            await _said(writer, str(problem))
        finally:
            writer.close()

    async def _taken(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(_LOGIN_S):
            packet = await _packet(reader)
            while startup.is_encryption_request(packet):
                writer.write(b"N")
                packet = await _packet(reader)
        # A person may be waited for, who touches a key: bounded by what asks them.
        way = await self._ways(cancels=startup.is_cancel(packet))
        async with asyncio.timeout(_LOGIN_S):
            if startup.is_cancel(packet):
                _, upstream = await self._gateway(way)
                upstream.write(packet)
                await upstream.drain()
                upstream.close()
                return
            asked = startup.read(packet)
            upstream_reader, upstream = await self._gateway(way)
            try:
                upstream.write(startup.made(asked, str(way.connect["user"]), way.connect.get("database")))
                first = await _logged_in(upstream_reader, upstream, way.token)
            except BaseException:
                upstream.close()
                raise
        writer.write(first)
        await _both(reader, writer, upstream_reader, upstream)

    async def _gateway(self, way: Way) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        host = str(way.connect["host"])
        reader, writer = await asyncio.open_connection(host, int(way.connect["port"]))
        try:
            writer.write(startup.SSL_REQUEST)
            if await reader.readexactly(1) != b"S":
                raise NotSpoken("the gateway takes no TLS, so it is told nothing.")  # noqa: TRY301 - one way out
            await writer.start_tls(way.tls, server_hostname=host)
        except BaseException:
            writer.close()
            raise
        return reader, writer


async def _logged_in(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, token: str | None) -> bytes:
    """What the client is to see first: that it is in, or why not. Raises NotSpoken."""
    seen = b""
    while True:
        head = await reader.readexactly(5)
        size = int.from_bytes(head[1:], "big")
        if not 4 <= size <= _MAX_MESSAGE:
            raise NotSpoken("the gateway does not speak PostgreSQL.")
        body = await reader.readexactly(size - 4)
        if head[:1] == b"R" and body == startup.AUTHENTICATION_CLEARTEXT.to_bytes(4, "big"):
            if token is None:
                raise NotSpoken("the gateway did not take the certificate that it gave. Connect again.")
            writer.write(startup.password(token))
        elif head[:1] in {b"R", b"E"}:
            return seen + head + body
        elif head[:1] in {b"v", b"N"}:
            seen += head + body
        else:
            raise NotSpoken("the gateway does not speak PostgreSQL.")


async def _both(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    upstream_reader: asyncio.StreamReader,
    upstream: asyncio.StreamWriter,
) -> None:
    """Bytes both ways until either end is over."""
    pumps = [
        asyncio.ensure_future(_pump(reader, upstream)),
        asyncio.ensure_future(_pump(upstream_reader, writer)),
    ]
    try:
        await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in pumps:
            each.cancel()
        await asyncio.gather(*pumps, return_exceptions=True)
        upstream.close()
        with contextlib.suppress(OSError):
            await writer.drain()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()


async def _packet(reader: asyncio.StreamReader) -> bytes:
    header = await reader.readexactly(4)
    return header + await reader.readexactly(startup.length(header) - 4)


async def _said(writer: asyncio.StreamWriter, message: str) -> None:
    with contextlib.suppress(OSError):
        writer.write(startup.error(message))
        await writer.drain()
