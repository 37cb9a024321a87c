"""Pacing: what an ssh connection takes from its socket in one turn of the loop, and how much may wait to be sent on it.

uvloop reads a socket up to 32 times before it looks at another, 256 KiB each time, and all of that would be decrypted,
masked, recorded and encrypted at once: 60 ms in which every other session stands still. Bytes alone do not bound a
turn: a packet of 36 bytes costs as much as one of a thousand, so its time is looked at after every few of them.

And asyncssh writes whatever a peer's windows and questions bring, whether or not the peer reads: windows may be four
gigabytes, and each packet can be a question. So channels keep what a full socket, or a key exchange that is under way,
would only collect (proxy/ssh/flow.py), and a peer that does not read its answers is asked no more of.
"""

import asyncio
import functools
import time
from collections.abc import Callable
from typing import Any

import asyncssh

#: Two of OpenSSH's packets: half a millisecond's work.
TURN_BYTES = 64 * 1024
#: A turn is over at the first look at the clock after so long.
TURN_S = 0.002
#: How much is handed over between two looks: a hundred of the smallest packets, or what is missing of a long one.
PIECE_BYTES = 4 * 1024

#: A socket is full when so much waits in it, and is not any more when so little does.
FULL_BYTES = 1024 * 1024
DRAINED_BYTES = 256 * 1024
#: With so much of it, answers and all, nothing more is read.
MAX_UNSENT_BYTES = 8 * 1024 * 1024
#: Answers that wait for a key exchange to end, and global requests for one before them. No client has so many.
MAX_QUEUED = 4096


class Paced(asyncio.Protocol):
    """Stands between a connection of asyncssh and its transport. What is more waits, and nothing is read meanwhile.

    So it does while the connection is busy with a message, such as a login that storage is asked about: asyncssh would
    keep whatever comes, without a bound, and read all of it at once.

    `is_full` while what is given to send would only wait: because the peer does not read, or exchanges keys.
    """

    def __init__(
        self,
        connection: asyncssh.SSHServerConnection | asyncssh.SSHClientConnection,
        transport: asyncio.Transport,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._connection = connection
        self._hidden: Any = connection
        self._transport = transport
        self._clock = clock
        self._waiting = bytearray()
        self._turn: asyncio.Handle | None = None
        self._paused = False
        self._lost: Callable[[], None] | None = None
        self._clogged = False
        #: The number of the channel that sent last of what was kept.
        self._sent_last = -1
        #: The connection that what comes here goes to.
        self._other: Paced | None = None
        self._finish: Callable[..., None] = self._hidden._finish_recv_packet
        self._hidden._finish_recv_packet = self._finished
        self._send_deferred: Callable[[], None] = self._hidden._send_deferred_packets
        self._hidden._send_deferred_packets = self._keys_exchanged
        transport.set_write_buffer_limits(high=FULL_BYTES, low=DRAINED_BYTES)

    # --- what comes -------------------------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        self._waiting += data
        if not self._paused:
            self._take_turn()

    def _take_turn(self) -> None:
        self._turn = None
        until, most = self._clock() + TURN_S, TURN_BYTES
        while self._waiting and most > 0 and not self._must_wait():
            most -= self._hand_over()
            if self._clock() >= until:
                break
        self._go_on()

    def _go_on(self) -> None:
        """Read on if nothing waits; else take the next turn, if it is not the connection that is waited for."""
        if self._waiting:
            if not self._paused:
                self._paused = True
                self._transport.pause_reading()
            if self._turn is None and not self._must_wait():
                self._turn = asyncio.get_running_loop().call_soon(self._take_turn)
        elif self._lost is not None:
            lost, self._lost = self._lost, None
            lost()
        elif self._paused:
            self._paused = False
            if not self._transport.is_closing():
                self._transport.resume_reading()

    def _must_wait(self) -> bool:
        return self._is_busy() or self._is_flooded or (self._other is not None and self._other._is_flooded)

    @property
    def _is_flooded(self) -> bool:
        return self._clogged and self._transport.get_write_buffer_size() > MAX_UNSENT_BYTES

    def feeds(self, other: "Paced") -> None:
        """Each of the two passes what comes on to the other: while one sends none of it, the other reads nothing.

        Signals, new sizes of a terminal and the like have no window that would stop them.
        """
        self._other, other._other = other, self

    def _is_busy(self) -> bool:
        """Whether the connection reads nothing before it is done with a message: its reader is not its own then."""
        reader: Any = self._hidden._recv_handler
        return getattr(reader, "__self__", None) is not self._connection

    def _finished(self, *arguments: Any, is_async: bool = False) -> None:
        self._finish(*arguments, is_async=is_async)
        if is_async:
            self._go_on()

    def _missing(self) -> int:
        """How many bytes are yet to come of a packet that is begun: asyncssh works on none of it before it has all."""
        hidden = self._hidden
        if hidden._recv_handler != hidden._recv_packet:
            return 0
        return 4 + hidden._pktlen + hidden._recv_macsize - hidden._recv_blocksize - len(hidden._inpbuf)

    def _hand_over(self) -> int:
        size = max(PIECE_BYTES, self._missing())
        data = bytes(self._waiting[:size])
        del self._waiting[:size]
        if self._hidden._transport is None:
            # asyncssh itself has hung up, and takes nothing more.
            self._waiting.clear()
            return len(data)
        self._connection.data_received(data)
        if len(self._hidden._deferred_packets) + len(self._hidden._global_request_queue) > MAX_QUEUED:
            self._hidden._force_close(asyncssh.ProtocolError("Too many messages wait for an answer"))
        return len(data)

    def eof_received(self) -> None:
        # Nothing waits: the end is read like all else.
        self._connection.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """Said when what was read before is handed over, in its turns; what answers it goes nowhere."""
        if self._is_busy():
            self._waiting.clear()
        # Nobody reads what is still to be sent, and nobody is waited for.
        self._clogged, self._other = False, None
        self._lost = functools.partial(self._connection.connection_lost, exc)
        self._go_on()

    # --- what goes --------------------------------------------------------------------------------------------------

    @property
    def is_full(self) -> bool:
        return self._clogged or not self._hidden._kex_complete

    def pause_writing(self) -> None:
        self._clogged = True

    def resume_writing(self) -> None:
        self._clogged = False
        self._send_kept()
        self._go_on()
        if self._other is not None:
            self._other._go_on()

    def _keys_exchanged(self) -> None:
        self._send_deferred()
        self._send_kept()

    def _send_kept(self) -> None:
        """Have each channel send what it kept meanwhile, as long as there is room; in turn, however much one keeps."""
        channels: dict[int, Any] = self._hidden._channels
        last = self._sent_last
        for number in sorted(channels, key=lambda number: (number <= last, number)):
            if self.is_full:
                return
            if (channel := channels.get(number)) is not None:
                self._sent_last = number
                channel._flush_send_buf()


def pace(connection: asyncssh.SSHServerConnection | asyncssh.SSHClientConnection) -> None:
    """From now on have what arrives handed over in turns; to be called in the connection's connection_made."""
    hidden: Any = connection
    transport: asyncio.Transport = hidden._transport
    transport.set_protocol(Paced(connection, transport))


def pair(client: asyncssh.SSHServerConnection, upstream: asyncssh.SSHClientConnection) -> None:
    """Have neither of two paced connections be read while the other sends nothing of what it was given."""
    ours, theirs = _paced(client), _paced(upstream)
    if ours is not None and theirs is not None:
        ours.feeds(theirs)


def is_full(connection: asyncssh.SSHServerConnection | asyncssh.SSHClientConnection) -> bool:
    """Whether what is given to a paced connection to send would only wait. One that has hung up takes anything."""
    paced = _paced(connection)
    return paced is not None and paced.is_full


def _paced(connection: asyncssh.SSHServerConnection | asyncssh.SSHClientConnection) -> Paced | None:
    hidden: Any = connection
    transport: asyncio.Transport | None = hidden._transport
    protocol = transport.get_protocol() if transport is not None else None
    return protocol if isinstance(protocol, Paced) else None
