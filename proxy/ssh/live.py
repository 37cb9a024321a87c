"""What the channels and forwarded connections of one SSH connection share once it has a session."""

import asyncio
from dataclasses import dataclass, field

import asyncssh

from proxy.recording.asciicast import Cast
from proxy.sessions.session import LiveSession


@dataclass(frozen=True)
class Live:
    """The session, the way to its host, and its recording."""

    session: LiveSession
    upstream: asyncssh.SSHClientConnection
    cast: Cast
    #: Held while a long command of one of its channels is read.
    reading: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def host(self) -> str:
        """The resource's name, for sentences."""
        return self.session.resource.name

    @property
    def door(self) -> str:
        """`role@resource`."""
        return f"{self.session.role.name}@{self.host}"
