"""One end of a WebSocket (RFC 6455) on a Transport, after its handshake: whole messages out and in.

Whoever breaks the protocol, or sends a message longer than any that Kubernetes' clients send, is told with the code for
it, and gone.
"""

from collections.abc import Callable
from typing import Final

from wsproto.connection import Connection, ConnectionState, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Ping, TextMessage
from wsproto.utilities import LocalProtocolError, RemoteProtocolError

from proxy.kubernetes.streams.channels import MAX_MESSAGE_BYTES
from proxy.transport import Transport

NORMAL: Final = 1000
PROTOCOL_ERROR: Final = 1002
#: The connection is gone without a word (RFC 6455, 7.1.5); never sent.
ABNORMAL: Final = 1006
TOO_BIG: Final = 1009


class WebSocket:
    """`is_ours`: we asked for it, so what we send is masked (RFC 6455, 5.3). `early` has come of it already."""

    def __init__(self, transport: Transport, *, is_ours: bool, early: bytes = b"") -> None:
        self.transport = transport
        self._connection = Connection(ConnectionType.CLIENT if is_ours else ConnectionType.SERVER)
        self._early = early
        self._message: list[bytes] = []
        self._length = 0
        self._over = False

    def listen(self, on_message: Callable[[bytes], None], on_close: Callable[[int], None]) -> None:
        """From now on hand over each message, and once the code with which it all ended."""
        self._on_message, self._on_close = on_message, on_close
        if self._early:
            self._arrived(self._early)
        self.transport.feed(self._arrived)
        self.transport.lost.add_done_callback(lambda _: self._close(ABNORMAL))

    def send(self, message: bytes) -> None:
        """Send one message; nothing happens where the other end wants none any more."""
        if self._connection.state is ConnectionState.OPEN:
            self.transport.write(self._connection.send(BytesMessage(data=message)))

    def close(self, code: int = NORMAL) -> None:
        """Say goodbye; whoever has the transport closes it."""
        if self._connection.state in {ConnectionState.OPEN, ConnectionState.REMOTE_CLOSING}:
            self.transport.write(self._connection.send(CloseConnection(code=code)))

    def _arrived(self, data: bytes) -> None:
        if self._over:
            return
        try:
            self._connection.receive_data(data)
            for event in self._connection.events():
                self._take(event)
                if self._over:
                    return
        except (RemoteProtocolError, LocalProtocolError):
            self._refuse(PROTOCOL_ERROR)

    def _take(self, event: object) -> None:
        match event:
            case BytesMessage() | TextMessage():
                data = event.data.encode() if isinstance(event.data, str) else bytes(event.data)
                self._gather(data, is_last=event.message_finished)
            case Ping():
                self.transport.write(self._connection.send(event.response()))
            case CloseConnection():
                self.close(NORMAL)
                self._close(int(event.code))
            case _:
                pass

    def _gather(self, data: bytes, *, is_last: bool) -> None:
        self._message.append(data)
        self._length += len(data)
        if self._length > MAX_MESSAGE_BYTES:
            self._refuse(TOO_BIG)
        elif is_last:
            message = data if len(self._message) == 1 else b"".join(self._message)
            self._message, self._length = [], 0
            self._on_message(message)

    def _refuse(self, code: int) -> None:
        self.close(code)
        self._close(code)

    def _close(self, code: int) -> None:
        if not self._over:
            self._over = True
            self._on_close(code)
