"""What becomes of the bytes of one channel, by its kind: masked and recorded as text, or passed as they are.

A terminal and text are masked. A transfer is never altered. Its bytes pass, or, where the role says
`files: refuse_sensitive` and a detector finds what must not leave, the channel ends. stderr is for people, whatever the
channel carries, and is masked; where the role moves no files, it is no way for them either.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, assert_never

from asyncssh.constants import EXTENDED_DATA_STDERR

from access.policy.shapes.roles import Files
from proxy.errors import Fault
from proxy.masking.scan import Scan
from proxy.masking.stream import StreamMasker
from proxy.recording.asciicast import STDERR, STDOUT
from proxy.recording.masked_output import PIPE_FLUSH_S, TERMINAL_FLUSH_S, MaskedOutput, Turned
from proxy.recording.output import Output
from proxy.recording.passed_output import PassedOutput
from proxy.ssh.channels.kind import Kind
from proxy.ssh.files.broken import BrokenProtocol
from proxy.ssh.files.file_event import Content, FileEvent, Operation
from proxy.ssh.files.scp_conversation import ScpConversation
from proxy.ssh.files.sftp_conversation import Found, SftpConversation
from proxy.ssh.live import Live

#: So much waits for no client that reads: the host is not read beyond a quarter of it.
MAX_UNREAD_BYTES: Final = 4 * 1024 * 1024


@dataclass(frozen=True)
class Input:
    """The way to the host of what waited here."""

    ask: Callable[[bytes], None]
    #: Told whether the client is to be read no more, because what it sent waits for the host's answers.
    hold: Callable[[bool], None]


@dataclass(frozen=True)
class Ends:
    """How a channel ends that may not go on; each is called once at most."""

    #: What kind of value was found, and in which file, if that is known.
    found: Callable[[str, str], None]
    #: Text turned out to be no text, and the role takes no transfers.
    not_allowed: Callable[[], None]
    #: Text turned out to be no text after something in it had been masked.
    damaged: Callable[[], None]
    #: Somebody does not keep to the protocol; a sentence.
    broken: Callable[[str], None]
    #: The whole session must end.
    fail: Callable[[Fault], None]


class Carriage:
    """One channel's way there and back. `send` takes what the client gets, and of which stream; `unread` says how
    much of it waits for the client.
    """

    def __init__(
        self,
        live: Live,
        number: int,
        kind: Kind,
        *,
        send: Callable[[bytes, int | None], None],
        to_host: Input,
        unread: Callable[[], int],
        ends: Ends,
    ) -> None:
        self._live = live
        self._number = number
        self._kind = kind
        self._files = live.session.role.files
        self._send = send
        self._to_host = to_host
        self._unread = unread
        self._ends = ends
        self._sent, self._taken = Content(), Content()
        self._is_over = False
        self._sftp: SftpConversation | None = None
        self._scp: ScpConversation | None = None
        self._error = self._masked(EXTENDED_DATA_STDERR, STDERR)
        self._output: Output | None = self._by_kind()

    def _by_kind(self) -> Output | None:
        """What takes stdout; None: sftp, whose packets are taken whole."""
        match self._kind:
            case Kind.TERMINAL | Kind.TEXT:
                return self._masked(None, STDOUT)
            case Kind.SFTP:
                self._sftp = SftpConversation(self._told, self._scan if self._scans else None, self._answer)
                return None
            case Kind.SCP_SENDS | Kind.SCP_TAKES:
                self._scp = ScpConversation(self._told, host_sends=self._kind is Kind.SCP_SENDS)
                return self._passed(self._new_stream())
            case Kind.STREAM:
                return self._passed(self._new_stream())
            case _:
                assert_never(self._kind)

    # --- there ------------------------------------------------------------------------------------------------------

    def client(self, data: bytes) -> bytes:
        """What of the client's bytes goes to the host."""
        if self._is_over:
            return b""
        try:
            if (talk := self._sftp or self._scp) is not None:
                data = talk.client(data)
                if talk.is_full:
                    self._to_host.hold(True)
            elif self._kind is Kind.STREAM:
                self._taken.add(data)
        except BrokenProtocol as broken:
            self.stop()
            self._ends.broken(str(broken))
            return b""
        except Fault as fault:
            self._ends.fail(fault)
            return b""
        return data

    def typed(self, count: int) -> None:
        """The client sent so many bytes from its keyboard; their echo is expected."""
        self._error.typed(count)
        if self._output is not None:
            self._output.typed(count)

    # --- and back ---------------------------------------------------------------------------------------------------

    def upstream(self, data: bytes, datatype: int | None) -> None:
        """Take what the host sent."""
        if datatype is not None:
            self._error.feed(data)
        elif self._output is not None:
            self._output.feed(data)
        elif not self._is_over:
            self._files_sent(data)

    def _files_sent(self, data: bytes) -> None:
        assert self._sftp is not None
        try:
            self._send(self._sftp.upstream(data), None)
            self._release(self._sftp)
        except Found as found:
            self.stop()
            self._ends.found(found.kind, found.path)
        except BrokenProtocol as broken:
            self.stop()
            self._ends.broken(str(broken))
        except Fault as fault:
            self._ends.fail(fault)

    def _masked(self, datatype: int | None, code: str) -> MaskedOutput:
        terminal = self._kind is Kind.TERMINAL
        return MaskedOutput(
            self._live.session.masker,
            record=self._live.cast.stream(self._number, code),
            send=lambda data: self._send(data, datatype),
            fail=self._ends.fail,
            flush_after_s=TERMINAL_FLUSH_S if terminal else PIPE_FLUSH_S,
            turned=self._turning(datatype),
        )

    def _turning(self, datatype: int | None) -> Turned | None:
        """What is done when text turns out to be none; None: it is masked all the same."""
        if self._kind is Kind.TERMINAL:
            return None
        if datatype is None:
            return self._turned
        return self._turned_error if self._files is Files.DENY else None

    def _passed(self, stream: StreamMasker | None) -> PassedOutput:
        return PassedOutput(
            stream,
            send=self._send_on,
            found=lambda kind: self._ends.found(kind, ""),
            fail=self._ends.fail,
        )

    def _send_on(self, data: bytes) -> None:
        if self._scp is not None:
            try:
                self._scp.upstream(data)
                self._send(data, None)
                self._release(self._scp)
            except BrokenProtocol as broken:
                self.stop()
                self._ends.broken(str(broken))
        else:
            self._sent.add(data)
            self._send(data, None)

    def _release(self, talk: SftpConversation | ScpConversation) -> None:
        """Give the host what waited for what it has just answered. Raises BrokenProtocol."""
        if talk.is_full:
            self._to_host.ask(talk.released())
            if not talk.is_full:
                self._to_host.hold(False)

    def _turned(self, stream: StreamMasker, before: bytes, data: bytes) -> None:
        """Text is none: from here on it is a transfer. `before` is masked already; the stream holds what follows it."""
        if self._files is Files.DENY:
            self._ends.not_allowed()
        elif stream.latest:
            self._ends.damaged()
        else:
            self._kind = Kind.STREAM
            held = b"" if self._scans else stream.unsent
            self._output = self._passed(stream if self._scans else None)
            self._send_on(before + held)
            self._output.feed(data)

    def _turned_error(self, _stream: StreamMasker, _before: bytes, _data: bytes) -> None:
        self._ends.not_allowed()

    def _answer(self, packet: bytes) -> None:
        """What Gatepass itself answers; nothing but the client's taking it bounds how much of it waits."""
        if self._unread() > MAX_UNREAD_BYTES:
            raise BrokenProtocol("The client asks, and takes no answers.")
        self._send(packet, None)

    # --- the end ----------------------------------------------------------------------------------------------------

    def finish(self) -> None:
        """The host sends nothing more: let out what was held back."""
        self._error.finish()
        output = self._output
        if output is not None:
            output.finish()
        if self._output is not output and self._output is not None:
            # The last bytes were no text.
            self._output.finish()

    def stop(self) -> None:
        """Let nothing out any more, and nothing in."""
        self._is_over = True
        self._error.stop()
        if self._output is not None:
            self._output.stop()

    def close(self) -> None:
        """The channel is over: put on record what it moved. Raises RecorderFailed."""
        if self._sftp is not None:
            self._sftp.finish()
        if self._scp is not None:
            self._scp.finish()
        for content, operation in ((self._sent, Operation.DOWNLOAD), (self._taken, Operation.UPLOAD)):
            if content.count:
                self._told(content.event(operation, ""))

    # --- what it is made of -----------------------------------------------------------------------------------------

    @property
    def _scans(self) -> bool:
        return self._files is not Files.ALLOW

    def _scan(self) -> Scan:
        return Scan(self._live.session.masker)

    def _new_stream(self) -> StreamMasker | None:
        return StreamMasker(self._live.session.masker) if self._scans else None

    def _told(self, event: FileEvent) -> None:
        self._live.cast.file(self._number, event.facts)
