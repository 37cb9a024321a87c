"""A session channel to the upstream in two steps: opened, and only later started with what was asked for.

asyncssh does both in one. In two, a host that grants no more channels refuses the client's own, and the client does
what it does with any host: ssh opens another connection.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import asyncssh
from asyncssh.packet import SSHPacket

from proxy.ssh.flow import PACKET_BYTES, TERMINAL_WINDOW_BYTES, WINDOW_BYTES, widen

UpstreamChannel = asyncssh.SSHClientChannel[bytes]


async def opened(connection: asyncssh.SSHClientConnection) -> UpstreamChannel:
    """A channel in which nothing was started. Raises asyncssh.Error: the host refused it, or is gone."""
    channel: Any = asyncssh.SSHClientChannel(
        connection, asyncio.get_running_loop(), "strict", None, "strict", TERMINAL_WINDOW_BYTES, PACKET_BYTES
    )
    packet = await channel._open(b"session")
    packet.check_end()
    return channel


async def started(
    channel: UpstreamChannel, session: Callable[[], asyncssh.SSHClientSession[bytes]], **request: Any
) -> None:
    """Ask for what `request` says, as SSHClientConnection.create_session takes it. Raises asyncssh.Error.

    A channel without a terminal may have a whole window under way; on one, what is under way stands between people
    and the answer to their Ctrl-C.
    """
    hidden: Any = channel
    if not request.get("request_pty"):
        widen(channel, WINDOW_BYTES)

    async def is_open(_kind: bytes) -> SSHPacket:
        return SSHPacket(b"")

    hidden._open = is_open
    defaults = {
        "command": None,
        "subsystem": None,
        "env": {},
        "request_pty": False,
        "term_type": None,
        "term_size": (0, 0, 0, 0),
        "term_modes": {},
        "x11_forwarding": False,
        "x11_display": None,
        "x11_auth_path": None,
        "x11_single_connection": False,
        "agent_forwarding": False,
    }
    await hidden.create(session, **{**defaults, **request})
