"""What the proxy has for each protocol: its listener. Its recording format is in storage.recordings.formats."""

import ssl
from pathlib import Path
from types import TracebackType
from typing import Protocol as Shape
from typing import Self, assert_never

from access.policy.served import NotServed
from proxy.place import ALONE, Place
from proxy.postgres.listener import PostgresListener, PostgresSettings
from proxy.sessions.gateway import Gateway
from proxy.ssh.host_key import keys_folder
from proxy.ssh.listener import SshListener, SshSettings
from storage.model import Protocol


class Listener(Shape):
    """Made of the gateway and its own settings; listens while its block is entered, whose end ends its connections."""

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None: ...

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens; the port is a real one even if 0 was asked for."""
        ...


def listener(
    protocol: Protocol,
    gateway: Gateway,
    listen: tuple[str, int],
    *,
    home: Path,
    tls: ssl.SSLContext,
    place: Place = ALONE,
) -> Listener:
    """The protocol's listener, not entered yet; its keys lie below `home`. Raises NotServed."""
    match protocol:
        case Protocol.SSH:
            return SshListener(gateway, SshSettings(listen, keys_folder(home), place=place))
        case Protocol.POSTGRES:
            return PostgresListener(gateway, PostgresSettings(listen, tls, place=place))
        case Protocol.KUBERNETES:
            raise NotServed(protocol)
        case _:
            assert_never(protocol)
