"""Both ends of an exec or attach: what its client and its server are told, whatever protocol carries it."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Protocol

from proxy.kubernetes.streaming.web_socket import NORMAL, PROTOCOL_ERROR, WebSocket
from proxy.kubernetes.streams.channels import (
    OF_CLIENT,
    OF_SERVER,
    Channel,
    Closed,
    Message,
    Version,
    decode,
    encode,
)
from proxy.kubernetes.streams.violation import StreamViolation
from proxy.transport import Transport


@dataclass(frozen=True)
class Told:
    """What an end tells: a message, that it is gone, or that it broke the protocol, in words."""

    message: Callable[[Message], None]
    gone: Callable[[], None]
    broken: Callable[[str], None]


class End(Protocol):
    """One of them."""

    @property
    def transport(self) -> Transport: ...

    def listen(self, told: Told) -> None:
        """From now on tell what comes."""
        ...

    async def ready(self, channels: Collection[Channel]) -> None:
        """Until what is sent on these channels arrives. Raises TimeoutError."""
        ...

    def send(self, message: Message) -> None: ...

    def close(self, *, broken: bool = False) -> None:
        """Say goodbye; whoever has the transport closes it."""
        ...


class WebSocketEnd:
    """By one of the channel protocols. `is_server`: it is the API server's, and writes what servers write."""

    def __init__(self, socket: WebSocket, version: Version, *, is_server: bool) -> None:
        self._socket = socket
        self._version = version
        self._writes = OF_SERVER if is_server else OF_CLIENT

    @property
    def transport(self) -> Transport:
        return self._socket.transport

    def listen(self, told: Told) -> None:
        def take(message: bytes) -> None:
            try:
                told.message(decode(message, self._version, self._writes))
            except StreamViolation as violation:
                told.broken(str(violation))

        self._socket.listen(take, lambda _: told.gone())

    async def ready(self, channels: Collection[Channel]) -> None:
        """They are there from the beginning."""

    def send(self, message: Message) -> None:
        if isinstance(message, Closed) and self._version is not Version.V5:
            return
        self._socket.send(encode(message, self._version))

    def close(self, *, broken: bool = False) -> None:
        self._socket.close(PROTOCOL_ERROR if broken else NORMAL)
