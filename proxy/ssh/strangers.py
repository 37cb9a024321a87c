"""What a client may send before its login: as much as logging in takes, and no more of anything.

Whoever reaches the port may send keys, proposals and messages to be ignored, each at the loop's cost. Sizes are far
beyond what clients send: a proposal is two or three thousand bytes, a login ten thousand in all.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final

import asyncssh
from asyncssh.constants import DISC_PROTOCOL_ERROR, MSG_KEXINIT, MSG_USERAUTH_REQUEST

#: All that is read before a login is complete.
MAX_STRANGER_BYTES: Final = 64 * 1024
#: Requests to be let in, those that only ask how among them; OpenSSH asks once, and three times for a password.
MAX_LOGIN_REQUESTS: Final = 20
#: One proposal of algorithms, after the login too: each name of it is compared with ours.
MAX_PROPOSAL_BYTES: Final = 16 * 1024


def bound_strangers(connection: asyncssh.SSHServerConnection) -> None:
    """Have a client that goes beyond these hung up on; it is told why. Replaces private parts of asyncssh."""
    hidden: Any = connection
    receive: Callable[[bytes], None] = hidden.data_received
    process: Callable[[int, int, Any], bool | Awaitable[None]] = hidden.process_packet
    read = requests = 0

    def received(data: bytes) -> None:
        nonlocal read
        if not hidden._auth_complete:
            read += len(data)
            if read > MAX_STRANGER_BYTES:
                connection.disconnect(DISC_PROTOCOL_ERROR, "gatepass: too much was sent before its login.")
                return
        receive(data)

    def processed(kind: int, number: int, packet: Any) -> bool | Awaitable[None]:
        nonlocal requests
        if kind == MSG_USERAUTH_REQUEST:
            requests += 1
            if requests > MAX_LOGIN_REQUESTS:
                raise asyncssh.ProtocolError("Too many requests to log in")
        if kind == MSG_KEXINIT and len(packet.get_remaining_payload()) > MAX_PROPOSAL_BYTES:
            raise asyncssh.ProtocolError("The proposal of algorithms is too long")
        return process(kind, number, packet)

    hidden.data_received = received
    hidden.process_packet = processed
