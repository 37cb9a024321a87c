"""The answer to one request: the API server's, with what must not be shown masked, recorded before it leaves.

Objects are read as JSON (proxy.kubernetes.objects); logs are text, masked as the output of a command is. Documents of
the API itself hold no objects and pass as they are. What cannot be read does not leave.
"""

import asyncio
from collections.abc import Callable
from typing import Final

import aiohttp

from proxy.errors import PolicyFault, UpstreamFault
from proxy.kubernetes.http.heads import Answer
from proxy.kubernetes.http.server import Exchange
from proxy.kubernetes.live import Live
from proxy.kubernetes.objects.body import Body
from proxy.kubernetes.objects.object_masker import ObjectMasker
from proxy.kubernetes.objects.unreadable import Unreadable
from proxy.kubernetes.objects.watch import Watch
from proxy.kubernetes.relay.asked import Asked
from proxy.kubernetes.relay.text import Text
from proxy.kubernetes.requests import headers
from proxy.kubernetes.requests.accepting import YAML
from proxy.kubernetes.upstream.api_server import answer_of
from proxy.recording.asciicast import STDOUT

_JSON: Final = "application/json"
#: Statuses that have no body (RFC 9110, 6.4.1).
_WITHOUT_BODY: Final = frozenset({204, 304})


class Answering:
    """One answer. `warning` is told beside it, in a header that kubectl prints."""

    def __init__(self, live: Live, exchange: Exchange, asked: Asked, warning: str = "") -> None:
        self._live = live
        self._exchange = exchange
        self._asked = asked
        self._warning = warning

    async def run(self) -> None:
        """Ask the API server, and answer as it does. Raises Fault and ClientGone."""
        asked = self._asked
        fields = [(name, value) for name, value in asked.fields if name != "accept"]
        fields += [("accept", asked.accepted.asked), ("accept-encoding", "identity")]
        method, body = self._exchange.head.method, asked.body or None
        async with self._live.server.request(method, asked.target.sent, fields, body) as response:
            try:
                await self._pass(response)
            except (aiohttp.ClientError, TimeoutError) as error:
                raise UpstreamFault(f"The API server of {self._live.cluster} broke off its answer.") from error
            except Unreadable as unreadable:
                raise PolicyFault(f"Masking failed: {unreadable}. Nothing more of it is shown.") from unreadable

    async def _pass(self, response: aiohttp.ClientResponse) -> None:
        answer = answer_of(response)
        if self._exchange.head.method == "HEAD" or answer.status in _WITHOUT_BODY:
            await self._exchange.respond(self._head(answer))
        elif self._asked.is_of_the_api:
            await self._unaltered(answer, response)
        elif response.content_type == _JSON and self._asked.is_watch:
            await self._events(answer, response)
        elif response.content_type == _JSON:
            await self._objects(answer, response)
        else:
            await self._text(answer, response)
        await self._exchange.finish()

    def _head(self, answer: Answer) -> Answer:
        """Without what the API server says of its connection, and in the type that the client asked for."""
        fields = headers.to_client(answer.fields)
        if self._asked.accepted.as_yaml:
            # JSON is YAML (YAML 1.2.2, 1.3).
            fields = [(name, YAML if name == "content-type" else value) for name, value in fields]
        if self._warning:
            fields.append(("warning", f'299 - "gatepass: {self._warning}"'))
        return Answer(answer.status, tuple(fields))

    async def _unaltered(self, answer: Answer, response: aiohttp.ClientResponse) -> None:
        await self._exchange.respond(self._head(answer))
        async for piece in response.content.iter_any():
            await self._send(piece)

    async def _objects(self, answer: Answer, response: aiohttp.ClientResponse) -> None:
        body, record = Body(ObjectMasker(self._live.session.masker)), self._record()
        await self._exchange.respond(self._head(answer))
        async for piece in response.content.iter_any():
            body.feed(piece)
            await self._steps(body, record)
        body.finish()
        await self._steps(body, record)

    async def _steps(self, body: Body, record: Callable[[bytes], None]) -> None:
        """What can be looked at by now, a turn of the loop for each step."""
        while body.waits:
            if ready := body.step():
                record(ready)
                await self._send(ready)
            await asyncio.sleep(0)

    async def _events(self, answer: Answer, response: aiohttp.ClientResponse) -> None:
        watch, record = Watch(ObjectMasker(self._live.session.masker)), self._record()
        await self._exchange.respond(self._head(answer))
        async for piece in response.content.iter_any():
            if ready := watch.feed(piece):
                record(ready)
                await self._send(ready)
        if ready := watch.finish():
            record(ready)
            await self._send(ready)

    async def _text(self, answer: Answer, response: aiohttp.ClientResponse) -> None:
        await self._exchange.respond(self._head(answer))
        text = Text(self._live, self._exchange, self._record())
        await text.run(response.content)

    def _record(self) -> Callable[[bytes], None]:
        """Where what is shown is put on record: a channel of its own, for the request that it answers."""
        return self._live.cast.stream(next(self._live.numbers), STDOUT)

    async def _send(self, data: bytes) -> None:
        self._live.session.counters.bytes_out += len(data)
        await self._exchange.send(data)
