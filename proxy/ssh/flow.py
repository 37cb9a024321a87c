"""How much of a channel may be under way, how much of it waits here, and in how large pieces (RFC 4254, 5.1 and 5.2).

What asyncssh has of this trusts the peer. Some of it replaces private parts, as in proxy/ssh/transport.py.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final

import asyncssh
from asyncssh.constants import (
    MSG_CHANNEL_OPEN,
    MSG_CHANNEL_OPEN_CONFIRMATION,
    MSG_CHANNEL_WINDOW_ADJUST,
    OPEN_RESOURCE_SHORTAGE,
)
from asyncssh.packet import SSHPacket, UInt32

from proxy.ssh.pacing import is_full

#: How much may be under way in a channel before the receiver says more; OpenSSH has 2 MiB.
WINDOW_BYTES: Final = 4 * 1024 * 1024
#: The same from a host that may have a terminal: OpenSSH halves its own there, and has no gateway between.
TERMINAL_WINDOW_BYTES: Final = 64 * 1024
PACKET_BYTES: Final = 128 * 1024
#: How much may wait in a channel for its receiver before the sender is told to stop.
BUFFER_BYTES: Final = 1024 * 1024
TERMINAL_BUFFER_BYTES: Final = 16 * 1024
#: Both of a forwarded connection; there may be many of them.
FORWARD_WINDOW_BYTES: Final = 1024 * 1024
FORWARD_BUFFER_BYTES: Final = 256 * 1024

#: What a client may send before its command runs.
EARLY_WINDOW_BYTES: Final = 128 * 1024
#: What a peer must take in one packet. Known clients take 16 KiB and more; a stream in packets of a byte would cost a
#: hundred times its bytes, and the loop's time.
SMALLEST_PACKET_BYTES: Final = 4096
#: Pieces that wait for a receiver are put together up to here.
PIECE_BYTES: Final = 64 * 1024

AnyChannel = (
    asyncssh.SSHServerChannel[bytes]
    | asyncssh.SSHClientChannel[bytes]
    | asyncssh.SSHTCPChannel[bytes]
    | asyncssh.SSHUNIXChannel[bytes]
)


def keep_flow(channel: AnyChannel) -> None:
    """Bound what a new channel keeps, whatever its peer sends and however little of it is taken.

    Its peer may send only as much more as was taken of what it sent: asyncssh opens the whole window again with the
    first bytes that are taken after a pause, whatever waits behind them. What waits, here or for its receiver, waits
    in large pieces: asyncssh keeps each packet by itself, a hundred bytes for one. And nothing is sent into a socket
    that is full: it waits in the channel, of which whoever fills it is told.
    """
    hidden: Any = channel
    connection: Any = channel.get_connection()
    accept: Callable[[bytes, int | None], None] = hidden._accept_data
    flush: Callable[[], None] = hidden._flush_send_buf
    write: Callable[[bytes, int | None], None] = hidden.write
    taken = 0

    def accepted(data: bytes, datatype: int | None = None) -> None:
        waiting = hidden._recv_buf
        before = len(waiting)
        accept(data, datatype)
        _join_last(waiting, before)

    def written(data: bytes, datatype: int | None = None) -> None:
        waiting = hidden._send_buf
        before = len(waiting)
        write(data, datatype)
        _join_last(waiting, before)

    def deliver(data: bytes | bytearray, datatype: int | None) -> None:
        nonlocal taken
        taken += len(data)
        if taken >= hidden._init_recv_window / 2:
            _open_window(hidden, taken)
            taken = 0
        if hidden._session is not None:
            hidden._session.data_received(bytes(data), datatype)

    def flushed() -> None:
        if is_full(connection):
            hidden._pause_resume_writing()
        else:
            flush()

    hidden._accept_data = accepted
    hidden.write = written
    hidden._deliver_data = deliver
    hidden._flush_send_buf = flushed


def _join_last(waiting: list[tuple[bytes | bytearray, int | None]], before: int) -> None:
    """Put the last of more than `before` pieces to the one before it, if it is of the same stream and not large yet."""
    if not len(waiting) > before > 0:
        return
    piece, datatype = waiting[-2]
    if waiting[-1][1] != datatype or len(piece) >= PIECE_BYTES:
        return
    last, _ = waiting.pop()
    if not isinstance(piece, bytearray):
        piece = bytearray(piece)
        waiting[-1] = (piece, datatype)
    piece += last


def widen(channel: AnyChannel, window: int) -> None:
    """Give an open channel a larger window than it was opened with, in bytes, and say so at once."""
    hidden: Any = channel
    more = window - hidden._init_recv_window
    hidden._init_recv_window = window
    _open_window(hidden, more)


def _open_window(channel: Any, more: int) -> None:
    channel.send_packet(MSG_CHANNEL_WINDOW_ADJUST, UInt32(more))
    channel._recv_window += more


def refuse_small_packets(connection: asyncssh.SSHServerConnection | asyncssh.SSHClientConnection) -> None:
    """Let the connection's peer open no channel, nor confirm one, whose packets would be smaller than the smallest."""
    hidden: Any = connection
    process: Callable[[int, int, Any], bool | Awaitable[None]] = hidden.process_packet

    def processed(kind: int, number: int, packet: SSHPacket) -> bool | Awaitable[None]:
        if kind == MSG_CHANNEL_OPEN and (refused := _opens_small(packet)) is not None:
            hidden.send_channel_open_failure(
                refused,
                OPEN_RESOURCE_SHORTAGE,
                f"gatepass: packets of fewer than {SMALLEST_PACKET_BYTES} bytes are not sent.",
                "en",
            )
            return True
        if kind == MSG_CHANNEL_OPEN_CONFIRMATION and _confirms_small(packet):
            raise asyncssh.ProtocolError("The host takes only tiny packets")
        return process(kind, number, packet)

    hidden.process_packet = processed


def _opens_small(packet: SSHPacket) -> int | None:
    """The sender's number of the channel, if its packets are too small (RFC 4254, 5.1)."""
    fields = SSHPacket(packet.get_remaining_payload())
    fields.get_string()
    sender, _window, largest = fields.get_uint32(), fields.get_uint32(), fields.get_uint32()
    return sender if largest < SMALLEST_PACKET_BYTES else None


def _confirms_small(packet: SSHPacket) -> bool:
    fields = SSHPacket(packet.get_remaining_payload())
    _recipient, _sender, _window, largest = (fields.get_uint32() for _ in range(4))
    return largest < SMALLEST_PACKET_BYTES
