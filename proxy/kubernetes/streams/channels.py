"""Messages of a WebSocket by which exec and attach are spoken: a byte that names the channel, and what is for it. Pure.

https://kubernetes.io/docs/concepts/architecture/nodes/#websockets; k8s.io/streaming, pkg/httpstream/wsstream/conn.go,
and k8s.io/apimachinery, pkg/util/remotecommand/constants.go. Version 5 adds a message that closes a channel. The older
versions say no exit code, and base64 is a second spelling of everything: neither is spoken.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Final

from proxy.kubernetes.streams.violation import StreamViolation

#: Clients send 32 KiB at once; none of them needs more.
MAX_MESSAGE_BYTES: Final = 4 * 1024 * 1024


class Version(StrEnum):
    """Subprotocols that are spoken, as `Sec-WebSocket-Protocol` names them."""

    V5 = "v5.channel.k8s.io"
    V4 = "v4.channel.k8s.io"


class Channel(IntEnum):
    """What a message is for; the first three as a program's file descriptors."""

    STDIN = 0
    STDOUT = 1
    STDERR = 2
    #: How it ended: proxy.kubernetes.streams.outcomes.
    ERROR = 3
    #: The terminal's size: proxy.kubernetes.streams.sizes.
    RESIZE = 4


#: Which channels each side writes.
OF_CLIENT: Final = frozenset({Channel.STDIN, Channel.RESIZE})
OF_SERVER: Final = frozenset({Channel.STDOUT, Channel.STDERR, Channel.ERROR})

_CLOSE: Final = 255


@dataclass(frozen=True)
class Written:
    """Bytes for a channel; none mean nothing (servers greet with an empty message for each)."""

    channel: Channel
    data: bytes


@dataclass(frozen=True)
class Closed:
    """Nothing more comes on this channel. Version 5."""

    channel: Channel


Message = Written | Closed


def chosen(offered: Iterable[str]) -> Version | None:
    """The version to speak with a client that offers these (any case is none of them); None: none of them is spoken."""
    names = frozenset(offered)
    return next((version for version in Version if version in names), None)


def decode(message: bytes, version: Version, channels: frozenset[Channel]) -> Message:
    """Reads a binary message of a side that writes `channels`; raises StreamViolation for any other."""
    if not message:
        raise StreamViolation("a message without a channel")
    if len(message) > MAX_MESSAGE_BYTES:
        raise StreamViolation(f"a message of {len(message)} bytes (up to {MAX_MESSAGE_BYTES} are possible)")
    if message[0] == _CLOSE and version is Version.V5:
        if len(message) != 2:
            raise StreamViolation("a message that closes more or less than one channel")
        return Closed(_channel(message[1], channels))
    return Written(_channel(message[0], channels), message[1:])


def _channel(number: int, channels: frozenset[Channel]) -> Channel:
    if number not in channels:
        raise StreamViolation(f"a message for channel {number}, which this side does not write")
    return Channel(number)


def encode(message: Message, version: Version) -> bytes:
    """The message's bytes. Raises ValueError for what the version cannot say."""
    if isinstance(message, Written):
        return bytes((message.channel,)) + message.data
    if version is not Version.V5:
        raise ValueError(f"{version} cannot close a channel")
    return bytes((_CLOSE, message.channel))
