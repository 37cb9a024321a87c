"""A connection to an API server that goes on with another protocol: its request, and what is left of HTTP there.

Raw, for no HTTP client gives both the answer to a refused upgrade and the bytes behind a granted one.
"""

import asyncio
import ssl
from asyncio.sslproto import SSLProtocol
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import h11
from yarl import URL

from proxy.kubernetes.http.heads import Answer
from proxy.transport import TLS_HANDSHAKE_TIMEOUT_S, Transport

CONNECT_TIMEOUT_S: Final = 10.0
#: A server that is asked for an upgrade first reaches a node, which may take its time.
ANSWER_TIMEOUT_S: Final = 60.0
#: Of the body of a refusal, which is a Status.
MAX_REFUSAL_BYTES: Final = 1024 * 1024


@dataclass(frozen=True)
class Switched:
    """The server goes on with the other protocol; `early` has come of it already."""

    answer: Answer
    transport: Transport
    early: bytes


@dataclass(frozen=True)
class Refused:
    """The server does not, and says why."""

    answer: Answer
    body: bytes


async def switched(
    url: URL, fields: Sequence[tuple[str, str]], protocol: str, tls: ssl.SSLContext, server_name: str | None
) -> Switched | Refused:
    """Ask for `protocol`. Raises OSError, also where the server breaks HTTP, and TimeoutError."""
    transport = await _encrypted(url, tls, server_name)
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            return await _asked(transport, url, fields, protocol)
    except BaseException:
        transport.abort()
        raise


async def _encrypted(url: URL, tls: ssl.SSLContext, server_name: str | None) -> Transport:
    """A connection in TLS of the standard library's.

    Servers close such a connection as soon as they have sent what is last. uvloop's TLS forgets what it has not handed
    over when the other end closes while reading is paused, as a slow client has it; asyncio's waits.
    """
    loop = asyncio.get_running_loop()
    transport, agreed = Transport(), loop.create_future()
    name = server_name or url.host or ""
    encrypting = SSLProtocol(
        loop, transport, tls, agreed, server_hostname=name, ssl_handshake_timeout=int(TLS_HANDSHAKE_TIMEOUT_S)
    )
    async with asyncio.timeout(CONNECT_TIMEOUT_S):
        raw, _ = await loop.create_connection(lambda: encrypting, url.host or "", url.port or 443)
        try:
            await agreed
        except BaseException:
            raw.abort()
            raise
    return transport


async def _asked(
    transport: Transport, url: URL, fields: Sequence[tuple[str, str]], protocol: str
) -> Switched | Refused:
    connection = h11.Connection(h11.CLIENT)
    head = [("Host", url.authority), *fields, ("Connection", "Upgrade"), ("Upgrade", protocol)]
    encoded = [(name.encode("ascii"), value.encode("latin-1")) for name, value in head]
    method = b"GET" if protocol == "websocket" else b"POST"
    transport.write(
        connection.send(h11.Request(method=method, target=url.raw_path_qs.encode(), headers=encoded)) or b""
    )
    transport.write(connection.send(h11.EndOfMessage()) or b"")
    answer, pieces, size = Answer(0), list[bytes](), 0
    while True:
        try:
            event = connection.next_event()
        except h11.RemoteProtocolError as error:
            raise OSError(f"it answers with what is no HTTP: {error}") from error
        match event:
            case h11.InformationalResponse(status_code=101):
                return Switched(_answer(event), transport, bytes(connection.trailing_data[0]))
            case h11.Response():
                answer = _answer(event)
            case h11.Data():
                size += len(event.data)
                if size <= MAX_REFUSAL_BYTES:
                    pieces.append(bytes(event.data))
            case h11.EndOfMessage():
                transport.abort()
                return Refused(answer, b"".join(pieces))
            case h11.NEED_DATA:
                connection.receive_data(await transport.read_some())
            case h11.PAUSED | h11.ConnectionClosed():
                raise OSError("it closed the connection")
            case _:
                pass


def _answer(event: h11.Response | h11.InformationalResponse) -> Answer:
    fields = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in event.headers)
    return Answer(event.status_code, fields)
