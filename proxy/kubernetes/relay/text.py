"""An answer that is text, such as a log: masked as the output of a command is, line by line as it comes.

What turns out to be no text (a proxied picture) is a transfer, by the role's word for files.
"""

import asyncio
from collections import deque
from collections.abc import Callable

import aiohttp

from proxy.errors import ClientFault, Fault
from proxy.kubernetes.http.server import Exchange
from proxy.kubernetes.live import Live
from proxy.recording.way_back import Stops, WayBack, Ways


class Text:
    """One answer's body."""

    def __init__(self, live: Live, exchange: Exchange, record: Callable[[bytes], None]) -> None:
        self._live = live
        self._exchange = exchange
        self._ready: deque[bytes] = deque()
        self._arrived = asyncio.Event()
        #: Nothing waits to be sent.
        self._taken = asyncio.Event()
        self._taken.set()
        self._fault: Fault | None = None
        session = live.session
        stops = Stops(self._found, self._not_allowed, self._damaged, self._fail)
        self._way = WayBack(session.masker, session.role.files, Ways(record, self._take, lambda _: None), stops)

    async def run(self, content: aiohttp.StreamReader) -> None:
        """Until the server has sent all of it. Raises Fault, ClientGone, and what the reading raises."""
        reading = asyncio.ensure_future(self._read(content))
        try:
            while not (reading.done() and not self._ready):
                waiting = asyncio.ensure_future(self._arrived.wait())
                await asyncio.wait({reading, waiting}, return_when=asyncio.FIRST_COMPLETED)
                waiting.cancel()
                self._arrived.clear()
                await self._send()
            reading.result()
        finally:
            self._way.stop()
            reading.cancel()

    async def _read(self, content: aiohttp.StreamReader) -> None:
        async for piece in content.iter_any():
            self._way.feed(piece)
            # What waits to be sent is sent before more is read.
            await self._taken.wait()
            if self._fault is not None:
                return
        self._way.finish()

    async def _send(self) -> None:
        while self._ready:
            data = self._ready.popleft()
            self._live.session.counters.bytes_out += len(data)
            await self._exchange.send(data)
        self._taken.set()
        if self._fault is not None:
            raise self._fault

    def _take(self, data: bytes) -> None:
        self._ready.append(data)
        self._taken.clear()
        self._arrived.set()

    def _fail(self, fault: Fault) -> None:
        self._fault = fault
        self._arrived.set()

    def _found(self, kind: str) -> None:
        self._fail(ClientFault(f"The answer holds something that must not leave ({kind}), so it was ended there."))

    def _not_allowed(self) -> None:
        self._fail(ClientFault(f"The answer is no text, and {self._live.door} moves no files (`files: deny`)."))

    def _damaged(self) -> None:
        self._fail(ClientFault("The answer turned out to be no text after something in it was masked."))
