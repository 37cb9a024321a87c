"""The client of an exec or attach that is being opened: asked what it speaks, and told in its protocol.

It has asked by HTTP and may be answered by HTTP, until something is to be said while it waits: then it is switched, and
hears the rest on its stderr.
"""

from typing import Final

from wsproto.utilities import generate_accept_token

from proxy.kubernetes.http import status
from proxy.kubernetes.http.heads import Answer, BadRequest
from proxy.kubernetes.http.server import Exchange
from proxy.kubernetes.streaming.ends import End, WebSocketEnd
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
_OTHER: Final = (
    "Gatepass speaks WebSocket with {}, and this client asks for {}. kubectl 1.29 and later do: "
    "unset KUBECTL_REMOTE_COMMAND_WEBSOCKETS."
)


class StreamingClient:
    """Made by `of`, which refuses what is not spoken."""

    def __init__(self, exchange: Exchange, version: Version, key: str) -> None:
        self._exchange = exchange
        self.version = version
        self._key = key
        self._end: End | None = None

    @classmethod
    def of(cls, exchange: Exchange) -> "StreamingClient":
        """Raises BadRequest."""
        head = exchange.head
        if not head.upgrade:
            raise BadRequest(_NO_UPGRADE)
        offered = [each.strip() for value in head.all("sec-websocket-protocol") for each in value.split(",")]
        version, key = chosen(offered), head.get("sec-websocket-key")
        if head.upgrade != _WEB_SOCKET or version is None:
            raise BadRequest(_OTHER.format(" or ".join(Version), ", ".join(offered) or head.upgrade))
        if key is None or head.get("sec-websocket-version") != "13" or head.method != "GET":
            raise BadRequest("This is no WebSocket's opening handshake (RFC 6455, 4.1).")
        return cls(exchange, version, key)

    @property
    def end(self) -> End:
        """Its end of the stream; it is switched, if it is not yet."""
        if self._end is None:
            accept = generate_accept_token(self._key.encode()).decode("ascii")
            fields = (
                ("upgrade", "websocket"),
                ("connection", "Upgrade"),
                ("sec-websocket-accept", accept),
                ("sec-websocket-protocol", self.version.value),
            )
            transport, early = self._exchange.switch(Answer(101, fields))
            self._end = WebSocketEnd(WebSocket(transport, is_ours=False, early=early), self.version, is_server=False)
        return self._end

    async def notify(self, sentence: str) -> None:
        """Say something while it waits."""
        self.end.send(Written(Channel.STDERR, f"gatepass: {sentence}\r\n".encode()))

    async def refuse(self, code: int, sentence: str) -> None:
        """Nothing was run: by HTTP, or on its stderr with the status 126."""
        if self._end is None:
            await self._exchange.reply(code, {"content-type": status.JSON}, status.failure(code, sentence))
            return
        await self.notify(sentence)
        self._finish(outcomes.exited(REFUSED))

    async def refused_by_server(self, answer: Answer, body: bytes, message: str) -> None:
        """The server refused it, with this body, whose message is `message`."""
        if self._end is None:
            await self._exchange.reply(answer.status, {"content-type": status.JSON}, body)
            return
        self._finish(Outcome(None, message, "InternalError"))

    def _finish(self, outcome: Outcome) -> None:
        self.end.send(Written(Channel.ERROR, outcomes.encode(outcome)))
        self.end.close()
