"""One end of a WebSocket (RFC 6455) on a Transport, after its handshake: messages out, and messages in piece by piece.

A message is never gathered, however long it is. Whoever breaks the protocol is told with the code for it, and gone.
"""

from collections.abc import Callable
from typing import Final

from wsproto.connection import Connection, ConnectionState, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Message, Ping, TextMessage
from wsproto.utilities import LocalProtocolError, RemoteProtocolError

from proxy.transport import Transport

NORMAL: Final = 1000
PROTOCOL_ERROR: Final = 1002
#: The connection is gone without a word (RFC 6455, 7.1.5); never sent.
ABNORMAL: Final = 1006


class WebSocket:
    """`is_ours`: we asked for it, so what we send is masked (RFC 6455, 5.3). `early` has come of it already."""

    def __init__(self, transport: Transport, *, is_ours: bool, early: bytes = b"") -> None:
        self._transport = transport
        self._connection = Connection(ConnectionType.CLIENT if is_ours else ConnectionType.SERVER)
        self._early = early
        self._over = False

    @property
    def transport(self) -> Transport:
        return self._transport

    def listen(self, on_piece: Callable[[bytes, bool], None], on_close: Callable[[int, str], None]) -> None:
        """From now on hand over each piece of a message, and whether it is the last one; and once how it all ended."""
        self._on_piece, self._on_close = on_piece, on_close
        self._transport.lost.add_done_callback(lambda _: self._close(ABNORMAL, ""))
        if self._early:
            self._arrived(self._early)
        self._transport.feed(self._arrived)

    def send(self, message: bytes) -> None:
        """Send one message; nothing happens where the other end wants none any more."""
        if self._connection.state is ConnectionState.OPEN:
            self._transport.write(self._connection.send(BytesMessage(data=message)))

    def close(self, code: int = NORMAL, reason: str = "") -> None:
        """Say goodbye; the other end does so too, and then the connection is closed by whoever has it."""
        if self._connection.state in {ConnectionState.OPEN, ConnectionState.REMOTE_CLOSING}:
            # A control frame holds 125 bytes, two of them the code.
            said = reason.encode()[:120].decode(errors="ignore") or None
            self._transport.write(self._connection.send(CloseConnection(code=code, reason=said)))

    def _arrived(self, data: bytes) -> None:
        if self._over:
            return
        try:
            self._connection.receive_data(data)
            for event in self._connection.events():
                match event:
                    case BytesMessage() | TextMessage():
                        self._on_piece(_payload(event), event.message_finished)
                    case Ping():
                        self._transport.write(self._connection.send(event.response()))
                    case CloseConnection():
                        self._close(int(event.code), event.reason or "")
                    case _:
                        pass
                if self._over:
                    return
        except (RemoteProtocolError, LocalProtocolError):
            self.close(PROTOCOL_ERROR, "broken frame")
            self._close(PROTOCOL_ERROR, "broken frame")

    def _close(self, code: int, reason: str) -> None:
        if not self._over:
            self._over = True
            self._on_close(code, reason)


def _payload(event: Message[bytes] | Message[str]) -> bytes:
    return event.data.encode() if isinstance(event.data, str) else bytes(event.data)
