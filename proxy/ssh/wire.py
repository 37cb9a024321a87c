"""What both legs agree on: algorithms, sizes, and the extensions of OpenSSH that asyncssh leaves out."""

from collections.abc import Callable
from typing import Any, Final

import asyncssh

#: AES-GCM first: measured here it moves three times as much as the others, because one call does all the work.
ENCRYPTION: Final = (
    "aes128-gcm@openssh.com",
    "aes256-gcm@openssh.com",
    "chacha20-poly1305@openssh.com",
    "aes128-ctr",
    "aes192-ctr",
    "aes256-ctr",
)
#: How much may be under way in a channel before the receiver says more; OpenSSH has 2 MiB.
WINDOW_BYTES: Final = 4 * 1024 * 1024
PACKET_BYTES: Final = 128 * 1024
#: How much may wait in a channel for its receiver before the sender is told to stop.
BUFFER_BYTES: Final = 1024 * 1024

#: A peer that answers none of so many questions in a row is gone.
KEEPALIVE_S: Final = 30
KEEPALIVE_TRIES: Final = 3

AnyChannel = asyncssh.SSHServerChannel[bytes] | asyncssh.SSHClientChannel[bytes]

EOW: Final = "eow@openssh.com"
X11: Final = "x11-req"
AGENT: Final = "auth-agent-req@openssh.com"


def on_request(channel: AnyChannel, request: str, handle: Callable[[], bool]) -> None:
    """Have `handle` answer a channel request of this name; True is success.

    asyncssh looks for a method that is named after the request; the channel gets one.
    """
    name = request.replace("-", "_").replace("@", "_at_").replace(".", "_dot_")

    def process(_packet: Any) -> bool:
        return handle()

    setattr(channel, f"_process_{name}_request", process)


def send_end_of_write(channel: AnyChannel) -> None:
    """Say that what the peer still writes is not read any more (OpenSSH PROTOCOL, 2.1: eow@openssh.com)."""
    channel._send_request(EOW.encode())  # pyright: ignore[reportPrivateUsage] - no public way
