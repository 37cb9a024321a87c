"""HTTP/1.1 as our clients speak it, over h11: one request after the other, each answered before the next is read.

Bodies go in pieces both ways, and nobody is read faster than what was read is taken. It refuses heads beyond 64 KiB and
whatever h11 or `Head` refuses; after that the connection closes, for nobody knows where the next request begins.
"""

import asyncio
from collections.abc import Mapping
from typing import Final

import h11

from proxy.kubernetes.http.heads import Answer, BadRequest, Head
from proxy.transport import Transport

#: kubectl's longest heads carry a token and some selectors; an API server takes 1 MiB of them.
MAX_HEAD_BYTES: Final = 64 * 1024
#: What is read of a body that nobody wants, so that the connection can be used again.
MAX_UNWANTED_BYTES: Final = 256 * 1024


class ClientGone(Exception):
    """The client closed the connection before it had all that was meant for it."""


class Exchange:
    """One request and its answer. Whoever has it answers once: `respond`, then `send` and `finish`; or `switch`."""

    def __init__(self, connection: h11.Connection, transport: Transport, head: Head) -> None:
        self._connection = connection
        self._transport = transport
        self.head = head
        self.answered = False
        self._read = False

    @property
    def gone(self) -> asyncio.Future[None]:
        """Done when the client has closed the connection."""
        return self._transport.gone

    # --- the request ------------------------------------------------------------------------------------------------

    async def body(self) -> bytes:
        """The next piece of the request's body; empty at its end. Raises BadRequest, ClientGone."""
        if self._read:
            return b""
        event = await self._next()
        if isinstance(event, h11.Data):
            return bytes(event.data)
        self._read = True
        return b""

    async def whole_body(self, most: int) -> bytes:
        """All of it. Raises BadRequest where it is longer than `most` bytes, or breaks off."""
        pieces: list[bytes] = []
        size = 0
        while piece := await self.body():
            size += len(piece)
            if size > most:
                raise BadRequest(f"The request's body is longer than {most:,} bytes.", 413)
            pieces.append(piece)
        return b"".join(pieces)

    async def _next(self) -> object:
        if self._connection.they_are_waiting_for_100_continue:
            self._transport.write(self._connection.send(h11.InformationalResponse(status_code=100, headers=[])))
        while True:
            try:
                event = self._connection.next_event()
            except h11.RemoteProtocolError as error:
                raise BadRequest(f"The request's body is broken: {error}.", error.error_status_hint) from error
            if event is not h11.NEED_DATA:
                return event
            data = await self._transport.read_some()
            if not data:
                raise ClientGone
            self._connection.receive_data(data)

    # --- the answer -------------------------------------------------------------------------------------------------

    async def respond(self, answer: Answer) -> None:
        """Send the answer's head. Its body follows by `send`, as long as its fields say, or chunked."""
        self.answered = True
        fields = [(name.encode("ascii"), value.encode("latin-1")) for name, value in answer.fields]
        self._write(self._connection.send(h11.Response(status_code=answer.status, headers=fields)))
        await self._transport.drain()

    async def send(self, data: bytes) -> None:
        """Send the next piece of the answer's body. Raises ClientGone."""
        if data:
            self._write(self._connection.send(h11.Data(data=data)))
            await self._transport.drain()

    async def finish(self) -> None:
        """The answer is whole."""
        self._write(self._connection.send(h11.EndOfMessage()))
        await self._transport.drain()

    def abort(self) -> None:
        """Cut the connection: what was begun cannot be ended well."""
        self._transport.abort()

    async def reply(self, status: int, fields: Mapping[str, str], body: bytes) -> None:
        """Answer at once, with a body that is here."""
        length = {"content-length": str(len(body))}
        await self.respond(Answer(status, tuple({**fields, **length}.items())))
        if self.head.method != "HEAD":
            await self.send(body)
        await self.finish()

    def switch(self, answer: Answer) -> tuple[Transport, bytes]:
        """Answer 101: from here on the connection speaks another protocol, of which these bytes came already."""
        self.answered = True
        fields = [(name.encode("ascii"), value.encode("latin-1")) for name, value in answer.fields]
        self._write(self._connection.send(h11.InformationalResponse(status_code=101, headers=fields)))
        early, _ = self._connection.trailing_data
        return self._transport, bytes(early)

    def _write(self, data: bytes | None) -> None:
        if self._transport.gone.done():
            raise ClientGone
        self._transport.write(data or b"")

    async def spend(self) -> bool:
        """Read what is left of the body; whether the connection can be used again."""
        left = MAX_UNWANTED_BYTES
        while left > 0 and (piece := await self.body()):
            left -= len(piece)
        return left > 0


class Requests:
    """The requests of one connection."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._connection = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEAD_BYTES)
        self._last: Exchange | None = None

    async def next(self) -> Exchange | None:
        """The next one; None: there is none any more. Raises BadRequest, after which there is none either."""
        if self._last is not None and not await self._again(self._last):
            return None
        while True:
            try:
                event = self._connection.next_event()
            except h11.RemoteProtocolError as error:
                raise BadRequest(f"This is no request that can be answered: {error}.") from error
            if isinstance(event, h11.Request):
                self._last = Exchange(self._connection, self._transport, _head(event))
                return self._last
            if event is not h11.NEED_DATA:
                return None
            self._connection.receive_data(await self._transport.read_some())

    async def _again(self, last: Exchange) -> bool:
        """Whether another request may follow it on this connection."""
        try:
            if not last.answered or not await last.spend() or self._connection.our_state is not h11.DONE:
                return False
            self._connection.start_next_cycle()
        except (BadRequest, ClientGone, h11.LocalProtocolError):
            return False
        return True

    async def refuse(self, status: int, fields: Mapping[str, str], body: bytes) -> None:
        """Answer what is no request, as the last thing that is said here."""
        if self._connection.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            every = [*fields.items(), ("content-length", str(len(body))), ("connection", "close")]
            head = h11.Response(status_code=status, headers=[(name.encode(), value.encode()) for name, value in every])
            for event in (head, h11.Data(data=body), h11.EndOfMessage()):
                self._transport.write(self._connection.send(event) or b"")


def _head(event: h11.Request) -> Head:
    return Head.of(event.method, event.target, event.headers.raw_items())
