"""One forwarded connection: two channels, whose bytes go from one to the other as they are, half-closes too.

Nothing of it is masked or recorded: what runs in it is a protocol of its own, often encrypted. How much it was is.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import asyncssh

from proxy.ssh.flow import FORWARD_BUFFER_BYTES, keep_flow
from proxy.ssh.transport import silence

Channel = asyncssh.SSHTCPChannel[bytes] | asyncssh.SSHUNIXChannel[bytes]


class End(asyncssh.SSHTCPSession[bytes], asyncssh.SSHUNIXSession[bytes]):  # pyright: ignore[reportIncompatibleMethodOverride, reportGeneralTypeIssues] - both are the same methods
    """One of the two channels of a pipe."""

    def __init__(self, over: Callable[[], None]) -> None:
        self.channel: Channel | None = None
        self.received = 0
        self.lost = False
        self.other: End
        self._over = over
        self._early: list[bytes] = []
        self._early_eof = False

    def connection_made(self, chan: Any) -> None:
        self.channel = chan
        silence(chan)
        keep_flow(chan)
        chan.set_write_buffer_limits(high=FORWARD_BUFFER_BYTES)
        if self.lost:
            chan.close()

    def session_started(self) -> None:
        for data in self._early:
            self.write(data)
        self._early.clear()
        if self._early_eof:
            self.write_eof()
        if self.other.lost:
            self.close()

    def data_received(self, data: bytes, datatype: int | None) -> None:
        self.received += len(data)
        self.other.write(data)

    def eof_received(self) -> bool:
        self.other.write_eof()
        return True

    def write(self, data: bytes) -> None:
        """Send what the other end received."""
        if self.channel is None:
            self._early.append(data)
        elif not self.channel.is_closing():
            self.channel.write(data)

    def write_eof(self) -> None:
        """The other end receives nothing more."""
        if self.channel is None:
            self._early_eof = True
        elif not self.channel.is_closing():
            self.channel.write_eof()

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        self.other.close()
        self._over()

    def close(self) -> None:
        """Say the last that was received, then goodbye."""
        if self.channel is not None:
            # Whether or not its own end was said: ssh -W waits for the close behind it.
            self.channel.close()

    # Back-pressure: an end that cannot take more stops the other.

    def pause_writing(self) -> None:
        if self.other.channel is not None:
            self.other.channel.pause_reading()

    def resume_writing(self) -> None:
        if self.other.channel is not None:
            self.other.channel.resume_reading()


class Pipe:
    """Both ends. `over` is called once, with the pipe, when neither is open any more."""

    def __init__(self, over: Callable[["Pipe"], None]) -> None:
        self._over = over
        self._is_over = False
        self.client, self.host = End(self._ended), End(self._ended)
        self.client.other, self.host.other = self.host, self.client
        self.began = asyncio.get_running_loop().time()

    @property
    def seconds(self) -> float:
        """Since it began, to the millisecond."""
        return round(asyncio.get_running_loop().time() - self.began, 3)

    def close(self) -> None:
        """Both ends, and at once as far as Gatepass is concerned."""
        self.client.close()
        self.host.close()
        self._finish()

    def _ended(self) -> None:
        if self.client.lost and self.host.lost:
            self._finish()

    def _finish(self) -> None:
        if not self._is_over:
            self._is_over = True
            self._over(self)
