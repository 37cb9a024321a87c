"""What the channels and forwarded connections of one SSH connection share once it has a session."""

import asyncio
from dataclasses import dataclass, field
from typing import Final

import asyncssh

from access.visible import visible_line
from proxy.recording.asciicast import Cast
from proxy.sessions.session import LiveSession

#: A host's reason is a sentence; what is longer is cut.
_MAX_SAID_CHARS: Final = 300


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

    def said(self, reason: str) -> str:
        """A host's own words as they may stand in a sentence: masked, of one line, and of a bounded length."""
        return visible_line(self.session.masker.redact(reason[:_MAX_SAID_CHARS]))

    @property
    def door(self) -> str:
        """`role@resource`."""
        return f"{self.session.role.name}@{self.host}"
