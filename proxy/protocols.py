"""What the proxy has for each protocol: its listener. Its recording format is in storage.recordings.formats."""

import ssl
from pathlib import Path
from types import TracebackType
from typing import Protocol as Shape
from typing import Self, assert_never

from proxy.kubernetes.listener import KubernetesListener, KubernetesSettings
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


def application_of(protocol: Protocol) -> str | None:
    """What its clients call it when they begin TLS (ALPN, RFC 7301); None: it has no TLS."""
    match protocol:
        case Protocol.SSH:
            return None
        case Protocol.POSTGRES:
            return "postgresql"
        case Protocol.KUBERNETES:
            return "http/1.1"
        case _:
            assert_never(protocol)


def listener(
    protocol: Protocol,
    gateway: Gateway,
    listen: tuple[str, int],
    *,
    home: Path,
    tls: ssl.SSLContext | None,
    place: Place = ALONE,
) -> Listener:
    """The protocol's listener, not entered yet; its keys lie below `home`. One that has TLS needs `tls`."""
    match protocol:
        case Protocol.SSH:
            return SshListener(gateway, SshSettings(listen, keys_folder(home), place=place))
        case Protocol.POSTGRES:
            assert tls is not None
            return PostgresListener(gateway, PostgresSettings(listen, tls, place=place))
        case Protocol.KUBERNETES:
            assert tls is not None
            return KubernetesListener(gateway, KubernetesSettings(listen, tls, place=place))
        case _:
            assert_never(protocol)
