"""The client of an exec or attach that is being opened: asked what it speaks, and told in its protocol.

It has asked by HTTP and may be answered by HTTP, until something is to be said while it waits: then it is switched, and
hears the rest on its stderr.
"""

import contextlib
from collections.abc import Callable
from typing import Final

from wsproto.utilities import generate_accept_token

from proxy.kubernetes.http import status
from proxy.kubernetes.http.heads import Answer, BadRequest
from proxy.kubernetes.http.server import Exchange
from proxy.kubernetes.streaming import spdy_end
from proxy.kubernetes.streaming.ends import End, WebSocketEnd
from proxy.kubernetes.streaming.spdy_end import SpdyEnd
from proxy.kubernetes.streaming.web_socket import WebSocket
from proxy.kubernetes.streams import outcomes
from proxy.kubernetes.streams.channels import Channel, Version, Written, chosen
from proxy.kubernetes.streams.outcomes import Outcome

REFUSED: Final = 126
_WEB_SOCKET: Final = "websocket"
_NO_UPGRADE: Final = (
    "exec, attach and port-forward go on with another protocol than HTTP, and this request asks for none. A proxy "
    "between your client and Gatepass may have taken the Upgrade header away."
)
_OTHER: Final = "Gatepass speaks {}, and this client asks for {}. Take a newer client."


class StreamingClient:
    """`version` is what the API server is asked to speak, too."""

    def __init__(self, exchange: Exchange, version: Version, switch: Callable[[], End]) -> None:
        self._exchange = exchange
        self.version = version
        self._switch = switch
        self._end: End | None = None

    @classmethod
    def of(cls, exchange: Exchange) -> "StreamingClient":
        """Raises BadRequest for what is not spoken."""
        match exchange.head.upgrade:
            case "":
                raise BadRequest(_NO_UPGRADE)
            case spdy_end.PROTOCOL:
                return cls(exchange, *_spdy(exchange))
            case _:
                return cls(exchange, *_web_socket(exchange))

    @property
    def end(self) -> End:
        """Its end of the stream; it is switched, if it is not yet."""
        if self._end is None:
            self._end = self._switch()
        return self._end

    async def notify(self, sentence: str) -> None:
        """Say something while it waits."""
        self.end.send(Written(Channel.STDERR, f"gatepass: {sentence}\r\n".encode()))

    async def refuse(self, sentence: str) -> None:
        """Nothing was run: a shell says "cannot execute" by the same status."""
        await self.notify(sentence)
        await self._finish(outcomes.exited(REFUSED))

    async def refused_by_server(self, answer: Answer, body: bytes, message: str) -> None:
        """The server refused it, with this body, whose message is `message`."""
        if self._end is None:
            await self._exchange.reply(answer.status, {"content-type": status.JSON}, body)
        else:
            await self._finish(Outcome(None, message, "InternalError"))

    async def _finish(self, outcome: Outcome) -> None:
        with contextlib.suppress(TimeoutError):
            await self.end.ready({Channel.ERROR, Channel.STDERR})
        self.end.send(Written(Channel.ERROR, outcomes.encode(outcome)))
        self.end.close()


def _web_socket(exchange: Exchange) -> tuple[Version, Callable[[], End]]:
    head = exchange.head
    offered = [each.strip() for value in head.all("sec-websocket-protocol") for each in value.split(",")]
    version, key = chosen(offered), head.get("sec-websocket-key")
    if head.upgrade != _WEB_SOCKET or version is None:
        raise BadRequest(_OTHER.format(f"WebSocket with {' or '.join(Version)}", ", ".join(offered) or head.upgrade))
    if key is None or head.get("sec-websocket-version") != "13" or head.method != "GET":
        raise BadRequest("This is no WebSocket's opening handshake (RFC 6455, 4.1).")
    accept = generate_accept_token(key.encode()).decode("ascii")

    def switch() -> End:
        fields = (
            ("upgrade", "websocket"),
            ("connection", "Upgrade"),
            ("sec-websocket-accept", accept),
            ("sec-websocket-protocol", version.value),
        )
        transport, early = exchange.switch(Answer(101, fields))
        return WebSocketEnd(WebSocket(transport, is_ours=False, early=early), version, is_server=False)

    return version, switch


def _spdy(exchange: Exchange) -> tuple[Version, Callable[[], End]]:
    """By SPDY a client half-closes stdin, which the API server hears of by version 5 alone."""
    head = exchange.head
    offered = [each.strip() for value in head.all("x-stream-protocol-version") for each in value.split(",")]
    version = chosen(offered)
    if version is None:
        raise BadRequest(_OTHER.format(f"SPDY with {' or '.join(Version)}", ", ".join(offered) or "no version"))

    def switch() -> End:
        fields = (
            ("upgrade", "SPDY/3.1"),
            ("connection", "Upgrade"),
            ("x-stream-protocol-version", version.value),
        )
        return SpdyEnd(*exchange.switch(Answer(101, fields)))

    return Version.V5, switch
