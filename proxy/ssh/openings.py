"""Types of channels that a client may open (RFC 4254, 5.1 and 7.2; OpenSSH PROTOCOL, 2.3 and 2.4)."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

import asyncssh
from asyncssh.constants import MSG_CHANNEL_OPEN, OPEN_UNKNOWN_CHANNEL_TYPE
from asyncssh.packet import SSHPacket

TYPES: Final = frozenset({b"session", b"direct-tcpip", b"direct-streamlocal@openssh.com", b"tun@openssh.com"})


def refuse_unknown_types(connection: asyncssh.SSHServerConnection) -> None:
    """Have any other type refused, as sshd does: asyncssh looks for a method of that name, and may find one.

    Replaces private parts of asyncssh.
    """
    hidden: Any = connection
    process: Callable[[int, int, Any], bool | Awaitable[None]] = hidden.process_packet

    def processed(kind: int, number: int, packet: SSHPacket) -> bool | Awaitable[None]:
        if kind == MSG_CHANNEL_OPEN:
            fields = SSHPacket(packet.get_remaining_payload())
            if fields.get_string() not in TYPES:
                hidden.send_channel_open_failure(
                    fields.get_uint32(), OPEN_UNKNOWN_CHANNEL_TYPE, "Unknown channel type", "en"
                )
                return True
        return process(kind, number, packet)

    hidden.process_packet = processed
