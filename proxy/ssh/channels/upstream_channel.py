"""The upstream's side of one open channel: what it sends is taken by the channel's carriage, to its end."""

import asyncio

import asyncssh

from access.grants.sessions import Counters
from proxy.errors import Fault, UpstreamFault
from proxy.ssh.channels.carriage import Carriage
from proxy.ssh.flow import BUFFER_BYTES, keep_flow
from proxy.ssh.transport import EOW, on_request, send_end_of_write, silence

#: How long an EOF of the upstream waits for the exit status that usually follows it.
EXIT_STATUS_WITHIN_S = 0.5


class UpstreamSide(asyncssh.SSHClientSession[bytes]):
    """Hands on what the upstream does in one channel; `finished` is done when it is over, or fails with a Fault."""

    #: Set once the upstream has started it.
    channel: asyncssh.SSHClientChannel[bytes]
    #: Set before it is started.
    carriage: Carriage

    def __init__(self, client: asyncssh.SSHServerChannel[bytes], counters: Counters) -> None:
        self.finished: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.bytes_out = 0
        self._client = client
        self._counters = counters
        self._exit = client.close
        self._stopped = False
        self._opened = False
        #: Why the client is not read: the host takes no more, or has to answer before it is given more.
        self._is_full = self._holds = False
        self._ends_input = False

    def send(self, data: bytes, datatype: int | None) -> None:
        """Give the client what the carriage lets go."""
        self.bytes_out += len(data)
        self._counters.bytes_out += len(data)
        if data and not self._client.is_closing():
            self._client.write(data, datatype)

    # --- what the upstream does -------------------------------------------------------------------------------------

    def connection_made(self, chan: asyncssh.SSHClientChannel[bytes]) -> None:
        self.channel = chan
        self._opened = True
        silence(chan)
        keep_flow(chan)
        chan.set_write_buffer_limits(high=BUFFER_BYTES)
        on_request(chan, EOW, self._reads_no_more)

    def data_received(self, data: bytes, datatype: int | None) -> None:
        if not self._stopped:
            self.carriage.upstream(data, datatype)

    def eof_received(self) -> bool:
        if not self._stopped:
            self.carriage.finish()
        # A client that has ended its side closes the channel on our EOF, and then hears no exit status any more: the
        # status, which follows at once unless the command goes on without its output, is let go first.
        asyncio.get_running_loop().call_later(EXIT_STATUS_WITHIN_S, self._pass_eof)
        return True

    def _pass_eof(self) -> None:
        if not self._stopped and not self._client.is_closing():
            self._client.write_eof()

    def exit_status_received(self, status: int) -> None:
        self._exit = lambda: self._client.exit(status)

    def exit_signal_received(self, signal: str, core_dumped: bool, msg: str, lang: str) -> None:
        # The message is the upstream's own text and not masked; the signal says it all.
        self._exit = lambda: self._client.exit_with_signal(signal, core_dumped)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._stopped:
            return
        self.carriage.finish()
        if self._stopped:
            # The last bytes held what must not leave: the channel has ended with that.
            return
        if exc is not None and self._exit == self._client.close:
            self.fail(UpstreamFault("The upstream broke off the connection."))
            return
        self._exit()
        self._finish()

    def _reads_no_more(self) -> bool:
        if not self._client.is_closing():
            send_end_of_write(self._client)
        return True

    # Back-pressure: an upstream that cannot take more stops the client.

    def pause_writing(self) -> None:
        self._is_full = True
        self.flow()

    def resume_writing(self) -> None:
        self._is_full = False
        self.flow()

    def flow(self) -> None:
        """Read the client, or not."""
        if self._is_full or self._holds:
            self._client.pause_reading()
        else:
            self._client.resume_reading()

    # --- what the client sends --------------------------------------------------------------------------------------

    def ask(self, data: bytes) -> None:
        """Give the host what the client sent."""
        if data and not self.channel.is_closing():
            self.channel.write(data)

    def hold(self, holds: bool) -> None:
        """Read the client no more until what it sent has gone to the host, or again."""
        self._holds = holds
        self.flow()
        if self._ends_input and not self._holds:
            self.end_input()

    def end_input(self) -> None:
        """The client sends nothing more: say so to the host, behind all that waits."""
        self._ends_input = self._holds
        if not self._holds:
            self.channel.write_eof()

    # --- the end ----------------------------------------------------------------------------------------------------

    def stop(self) -> None:
        """Let nothing more out to the client, and leave its channel to whoever stopped this."""
        self._stopped = True
        self.carriage.stop()

    def close(self) -> None:
        """Whatever the upstream is still doing in this channel, the client has no more use for it."""
        self.stop()
        if self._opened:
            self.channel.close()
        self._finish()
        if not self.finished.cancelled():
            # Somebody has heard it, even where a fault came before anybody waited.
            self.finished.exception()

    def _finish(self) -> None:
        if not self.finished.done():
            self.finished.set_result(None)

    def fail(self, fault: Fault) -> None:
        """The whole session must end because of what happened here."""
        self.stop()
        if not self.finished.done():
            self.finished.set_exception(fault)

    def over(self) -> None:
        """The client was told why this ends, and nothing more is waited for."""
        self.stop()
        self._finish()
