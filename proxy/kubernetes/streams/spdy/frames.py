"""Frames of SPDY/3.1 as values, by the names of the protocol. Pure.

SPDY Protocol, Draft 3.1, 2.6 (https://www.chromium.org/spdy/spdy-protocol/spdy-protocol-draft3-1/). Kubernetes uses it
for exec, attach and portforward with clients that speak no WebSocket, and for portforward inside of one. CREDENTIAL is
spoken by nobody there.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

VERSION: Final = 3
#: The first bit of a control frame.
CONTROL: Final = 0x8000
MAX_STREAM: Final = 0x7FFF_FFFF
#: What 24 bits can say.
MAX_LENGTH: Final = 0xFF_FFFF

FIN: Final = 1
UNIDIRECTIONAL: Final = 2
CLEAR_SETTINGS: Final = 1

#: Names in lower case and values, in order; a name with several values stands there several times.
Block = tuple[tuple[str, str], ...]


class Kind(IntEnum):
    """Types of control frames."""

    SYN_STREAM = 1
    SYN_REPLY = 2
    RST_STREAM = 3
    SETTINGS = 4
    PING = 6
    GOAWAY = 7
    HEADERS = 8
    WINDOW_UPDATE = 9


@dataclass(frozen=True)
class SynStream:
    """A stream begins: clients' have odd numbers."""

    stream: int
    headers: Block = ()
    associated: int = 0
    #: From 0, the highest, to 7.
    priority: int = 0
    fin: bool = False
    unidirectional: bool = False


@dataclass(frozen=True)
class SynReply:
    """The other side takes a stream."""

    stream: int
    headers: Block = ()
    fin: bool = False


@dataclass(frozen=True)
class RstStream:
    """A stream ends at once; `status` says why (2.6.3), and is never 0."""

    stream: int
    status: int


@dataclass(frozen=True)
class Setting:
    """One setting of the connection (2.6.4)."""

    number: int
    value: int
    flags: int = 0


@dataclass(frozen=True)
class Settings:
    """Settings; `clear`: those that were kept before are forgotten."""

    settings: tuple[Setting, ...] = ()
    clear: bool = False


@dataclass(frozen=True)
class Ping:
    """Comes back as it is to who sent it: clients' numbers are odd."""

    number: int


@dataclass(frozen=True)
class GoAway:
    """No stream behind `last` is taken any more."""

    last: int
    #: 0: all is well.
    status: int = 0


@dataclass(frozen=True)
class Headers:
    """More headers of a stream that there is."""

    stream: int
    headers: Block = ()
    fin: bool = False


@dataclass(frozen=True)
class WindowUpdate:
    """The other side may send so many bytes more; stream 0 is the connection (2.6.8)."""

    stream: int
    delta: int


@dataclass(frozen=True)
class Data:
    """Bytes of a stream. A long frame is read in pieces as it arrives; `fin` stands on its last one."""

    stream: int
    data: bytes
    fin: bool = False


Frame = SynStream | SynReply | RstStream | Settings | Ping | GoAway | Headers | WindowUpdate | Data
