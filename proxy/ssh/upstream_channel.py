"""The upstream's side of one open channel: what it sends goes to the client, masked and recorded, to its end."""

import asyncio
from collections.abc import Callable

import asyncssh
from asyncssh.constants import EXTENDED_DATA_STDERR

from proxy.errors import Fault, UpstreamFault
from proxy.recording.asciicast import STDERR, STDOUT, Cast
from proxy.recording.masked_output import PIPE_FLUSH_S, TERMINAL_FLUSH_S, MaskedOutput
from proxy.sessions.session import LiveSession
from proxy.ssh.transport import BUFFER_BYTES, EOW, on_request, send_end_of_write, silence

#: How long an EOF of the upstream waits for the exit status that usually follows it.
EXIT_STATUS_WITHIN_S = 0.5


class UpstreamSide(asyncssh.SSHClientSession[bytes]):
    """Carries one channel's output to `client`; `finished` is done when both are closed, or fails with a Fault."""

    #: Set once the upstream has opened it.
    channel: asyncssh.SSHClientChannel[bytes]

    def __init__(self, client: asyncssh.SSHServerChannel[bytes]) -> None:
        self.finished: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.bytes_out = 0
        self._client = client
        self._takers: dict[int | None, Callable[[bytes], None]] = {}
        self._outputs: list[MaskedOutput] = []
        self._exit = client.close
        self._stopped = False
        self._opened = False

    def mask(self, session: LiveSession, cast: Cast, number: int, *, terminal: bool) -> None:
        """Have what the upstream sends masked and recorded, as channel `number` of the recording."""
        for datatype, code in ((None, STDOUT), (EXTENDED_DATA_STDERR, STDERR)):
            output = MaskedOutput(
                session.masker,
                record=cast.stream(number, code),
                send=self._sender(session, datatype),
                fail=self.fail,
                flush_after_s=TERMINAL_FLUSH_S if terminal else PIPE_FLUSH_S,
            )
            self._outputs.append(output)
            self._takers[datatype] = output.feed

    def pass_on(self, session: LiveSession) -> None:
        """Have what the upstream sends go as it comes, unmasked and unrecorded: sftp's packets are no text."""
        self._takers = {datatype: self._sender(session, datatype) for datatype in (None, EXTENDED_DATA_STDERR)}

    def _sender(self, session: LiveSession, datatype: int | None) -> Callable[[bytes], None]:
        counters, client = session.counters, self._client

        def send(data: bytes) -> None:
            self.bytes_out += len(data)
            counters.bytes_out += len(data)
            if not client.is_closing():
                client.write(data, datatype)

        return send

    def typed(self, count: int) -> None:
        """The client sent so many bytes from its keyboard; their echo is expected."""
        for output in self._outputs:
            output.typed(count)

    # --- what the upstream does -------------------------------------------------------------------------------------

    def connection_made(self, chan: asyncssh.SSHClientChannel[bytes]) -> None:
        self.channel = chan
        self._opened = True
        silence(chan)
        chan.set_write_buffer_limits(high=BUFFER_BYTES)
        on_request(chan, EOW, self._reads_no_more)

    def data_received(self, data: bytes, datatype: int | None) -> None:
        if self._stopped:
            return
        self._takers[datatype](data)

    def eof_received(self) -> bool:
        self._finish_outputs()
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
        if exc is not None and self._exit == self._client.close:
            self.fail(UpstreamFault("The upstream broke off the connection."))
            return
        self._finish_outputs()
        self._exit()
        self._finish()

    def _reads_no_more(self) -> bool:
        if not self._client.is_closing():
            send_end_of_write(self._client)
        return True

    # Back-pressure: an upstream that cannot take more stops the client.

    def pause_writing(self) -> None:
        self._client.pause_reading()

    def resume_writing(self) -> None:
        self._client.resume_reading()

    # --- the end ----------------------------------------------------------------------------------------------------

    def _finish_outputs(self) -> None:
        for output in self._outputs:
            output.finish()

    def stop(self) -> None:
        """Let nothing more out to the client, and leave its channel to whoever stopped this."""
        self._stopped = True
        for output in self._outputs:
            output.stop()

    def close(self) -> None:
        """Whatever the upstream is still doing in this channel, the client has no more use for it."""
        self.stop()
        if self._opened:
            self.channel.close()
        self._finish()

    def _finish(self) -> None:
        if not self.finished.done():
            self.finished.set_result(None)

    def fail(self, fault: Fault) -> None:
        """The whole session must end because of what happened here."""
        self.stop()
        if not self.finished.done():
            self.finished.set_exception(fault)
