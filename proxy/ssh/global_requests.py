"""Global requests of a client (RFC 4254, 4), answered one after the other as sshd answers them.

One that asks to listen may wait for its review, and behind it the questions by which a client learns that somebody is
there: ssh counts those that nothing follows. Answers have no number, so none may go ahead; a message without
consequence does as well.

asyncssh ends the connection of a client that gives up what it never had, keeps whatever waits behind a request that
takes its time, and answers each of those inside the one before it, so that a few hundred are too deep.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

import asyncssh
from asyncssh.constants import MSG_DEBUG, MSG_GLOBAL_REQUEST
from asyncssh.packet import Boolean, SSHPacket, String

#: The longest that is read. An address and a port, or a path, are much shorter.
MAX_REQUEST_BYTES: Final = 8 * 1024
#: Answered in one turn of the loop.
TURN_REQUESTS: Final = 64

#: What is said to whoever asks behind a request that takes its time (RFC 4253, 11.3); ssh shows it with -v.
_BEHIND: Final = "gatepass: the answer follows that to an earlier request, which waits."

#: Who answers it, if anybody does; what it holds; whether an answer is wanted.
_Waiting = tuple[Callable[[SSHPacket], None] | None, SSHPacket, bool]


def answer_requests(connection: asyncssh.SSHServerConnection) -> None:
    """Have this connection's client answered so. Replaces private parts of asyncssh."""
    hidden: Any = connection
    queue: list[_Waiting] = hidden._global_request_queue
    process: Callable[[int, int, SSHPacket], bool | Awaitable[None]] = hidden.process_packet
    loop = asyncio.get_running_loop()
    answering = False

    def processed(kind: int, number: int, packet: SSHPacket) -> bool | Awaitable[None]:
        nonlocal answering
        if kind != MSG_GLOBAL_REQUEST:
            return process(kind, number, packet)
        held, answering = answering, True
        result = process(kind, number, packet)
        queue[-1] = _short(*queue[-1])
        answering = held
        if len(queue) == 1:
            answer_next()
        elif not answering and queue[-1][2]:
            hidden.send_packet(MSG_DEBUG, Boolean(False), String(_BEHIND), String(""))
        return result

    def answer_next() -> None:
        nonlocal answering
        if not answering:
            answering = True
            answering = _answer_some(hidden, queue)
            if answering:
                loop.call_soon(go_on)

    def go_on() -> None:
        nonlocal answering
        answering = False
        answer_next()

    hidden._service_next_global_request = answer_next
    hidden.process_packet = processed
    for name in ("cancel_tcpip_forward", "cancel_streamlocal_forward_at_openssh_dot_com"):
        _fail_by_itself(hidden, f"_process_{name}_global_request")


def _answer_some(connection: Any, queue: list[_Waiting]) -> bool:
    """Answer what waits, until one takes its time; whether more than a turn's waits."""
    for _ in range(TURN_REQUESTS):
        if not queue:
            return False
        first = handler, packet, _ = queue[0]
        if handler is None:
            connection._report_global_response(False)
        else:
            handler(packet)
        if queue and queue[0] is first:
            return False
    return bool(queue)


def _short(handler: Callable[[SSHPacket], None] | None, packet: SSHPacket, wants_reply: bool) -> _Waiting:
    """The same, without what nobody reads: an unknown request's fields, and what is too long to be one."""
    if handler is None or len(packet.get_remaining_payload()) > MAX_REQUEST_BYTES:
        return None, SSHPacket(b""), wants_reply
    return handler, packet, wants_reply


def _fail_by_itself(connection: Any, name: str) -> None:
    """What asyncssh ends the connection for, before it has answered, is answered by failure."""
    process: Callable[[SSHPacket], None] = getattr(connection, name)

    def guarded(packet: SSHPacket) -> None:
        try:
            process(packet)
        except asyncssh.ProtocolError:
            connection._report_global_response(False)

    setattr(connection, name, guarded)
