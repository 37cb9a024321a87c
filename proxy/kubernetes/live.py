"""What the requests of one session share: the session, the way to its API server, and its recording."""

from dataclasses import dataclass, field
from itertools import count
from typing import Final

from access.visible import visible_line
from proxy.kubernetes.held import HeldRequests
from proxy.kubernetes.upstream.api_server import ApiServer
from proxy.recording.asciicast import Cast
from proxy.sessions.session import LiveSession

#: A server's reason is a sentence; what is longer is cut.
_MAX_SAID_CHARS: Final = 300


@dataclass(frozen=True)
class Live:
    """Of one session, while it lives."""

    session: LiveSession
    server: ApiServer
    cast: Cast
    held: HeldRequests
    #: Numbers of channels in the recording: of whatever shows something.
    numbers: "count[int]" = field(default_factory=count)

    @property
    def cluster(self) -> str:
        """The resource's name, for sentences."""
        return self.session.resource.name

    @property
    def door(self) -> str:
        """`role@resource`."""
        return f"{self.session.role.name}@{self.cluster}"

    def said(self, reason: str) -> str:
        """A server's own words as they may stand in a sentence: masked, of one line, and of a bounded length."""
        return visible_line(self.session.masker.redact(reason[:_MAX_SAID_CHARS]))
