"""The client's side of one channel: what it asks for, whether it may have it, and what it sends.

A channel is opened upstream only after its request was authorized. It ends with the upstream's own exit status or
signal; what Gatepass ends itself carries a sentence on stderr and one of the statuses below.
"""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import asyncssh

from access.policy.resources import SshFeature
from proxy.errors import Fault
from proxy.recording.asciicast import SCREEN, Cast
from proxy.sessions.session import LiveSession
from proxy.ssh.command_line import CommandLine
from proxy.ssh.transport import (
    AGENT,
    BUFFER_BYTES,
    EOW,
    PACKET_BYTES,
    WINDOW_BYTES,
    X11,
    on_exec,
    on_request,
    send_end_of_write,
    silence,
)
from proxy.ssh.upstream_channel import UpstreamSide
from proxy.statements import StatementFacts
from proxy.tasks import unless

#: Exit statuses of what Gatepass ends: refused (a shell's "cannot execute"), upstream not there (sysexits'
#: EX_UNAVAILABLE), withdrawn by Ctrl-C (a shell's 128 + SIGINT), the session cut (ssh's own for a broken connection).
REFUSED: Final = 126
UNAVAILABLE: Final = 69
WITHDRAWN: Final = 130
CUT: Final = 255

#: Environment that a client may set upstream, where the upstream's own AcceptEnv allows it.
ENVIRONMENT: Final = frozenset({b"LANG", b"LANGUAGE", b"TERM", b"COLORTERM", b"NO_COLOR", b"TZ", b"GIT_PROTOCOL"})
MAX_ENVIRONMENT_VALUE: Final = 256

#: Input that is kept while a command waits for its verdict; the client is told to stop beyond it.
MAX_EARLY_INPUT: Final = 64 * 1024

#: Longer command lines are analysed in a thread, so that other sessions go on.
MAX_INLINE_COMMAND: Final = 4 * 1024

#: What a key sends at most: longer input was pasted or piped.
KEYSTROKE_BYTES: Final = 8

_CTRL_C = b"\x03"
_WITHDRAWING: Final = frozenset({"INT", "TERM", "HUP", "QUIT", "KILL"})


@dataclass(frozen=True)
class Live:
    """What the channels of one connection share once it has a session."""

    session: LiveSession
    upstream: asyncssh.SSHClientConnection
    cast: Cast


@dataclass(frozen=True)
class Owner:
    """What a channel asks of the connection that it is a part of."""

    start: Callable[["Channel"], None]
    forget: Callable[["Channel"], None]
    #: Told what kind of forwarding was asked for and refused.
    refused_forwarding: Callable[[str], None]


class Channel(asyncssh.SSHServerSession[bytes]):
    """One channel of a client's connection."""

    def __init__(self, number: int, owner: Owner) -> None:
        self.number = number
        self._owner = owner
        self._feature = SshFeature.SHELL
        self._command: CommandLine | None = None
        self._asked: CommandLine | None = None
        self._subsystem: str | None = None
        self._terminal = False
        self._early = bytearray()
        self._early_eof = False
        self._authorizing = False
        self._withdrawn = asyncio.Event()
        self._bytes_in = 0
        self._far: UpstreamSide | None = None
        self._cast: Cast | None = None

    # --- what the client asks ---------------------------------------------------------------------------------------

    def connection_made(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        self._channel = chan
        silence(chan)
        chan.set_write_buffer_limits(high=BUFFER_BYTES)
        on_request(chan, EOW, self._reads_no_more)
        on_request(chan, X11, lambda: self._refuse_forwarding("X11"))
        on_request(chan, AGENT, lambda: self._refuse_forwarding("agent"))
        on_exec(chan, self._asked_to_run)

    def _refuse_forwarding(self, what: str) -> bool:
        self._owner.refused_forwarding(what)
        return False

    def pty_requested(self, term_type: str, term_size: tuple[int, int, int, int], term_modes: Any) -> bool:
        self._terminal = True
        return True

    def shell_requested(self) -> bool:
        return True

    def _asked_to_run(self, command: bytes) -> str:
        """asyncssh would refuse what is no UTF-8 without a word; here it gets its sentence, and is on record."""
        self._asked = CommandLine.of(command)
        return self._asked.text

    def exec_requested(self, command: str) -> bool:
        # Of the first request alone: a later one on the same channel is refused, and must not replace what was judged.
        self._feature, self._command = SshFeature.EXEC, self._asked
        return True

    def subsystem_requested(self, subsystem: str) -> bool:
        self._feature, self._subsystem = SshFeature.SFTP, subsystem
        return True

    def session_started(self) -> None:
        # What the client sets later would go to a command that was judged without it.
        self._environment = self._allowed_environment()
        self._owner.start(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is done with this channel, or gone."""
        self._withdrawn.set()
        if self._far is not None:
            self._far.close()
        self._owner.forget(self)

    # --- the verdict ------------------------------------------------------------------------------------------------

    async def run(self, live: Live) -> None:
        """Authorize the request, open it upstream and stay until it is over.

        Raises a Fault when the whole session must end.
        """
        width, height, *_ = self._channel.get_terminal_size()
        if self.number == SCREEN:
            live.cast.begin(width, height, self._channel.get_terminal_type())
        live.cast.channel(self.number, event="open", type=self._feature.value, terminal=self._terminal)
        if not await self._passes(live.session) or self._channel.is_closing():
            return
        if self._command is not None and not self._command.text:
            # asyncssh would ask for a shell instead. A shell that is given an empty line does nothing, and succeeds.
            self._channel.exit(0)
            return
        await self._relay(live)

    async def _passes(self, session: LiveSession) -> bool:
        """Whether the role and its rules allow the request; the client is told if not."""
        if refusal := self._refusal(session):
            self.end(refusal, REFUSED)
            return False
        self._authorizing = True
        try:
            facts = await self._facts()
            refusal = None if self._command is None else self._command.refusal(facts)
            verdict = await unless(self._withdrawn, session.authorize(facts, self._notify, refusal=refusal))
        finally:
            self._authorizing = False
        if verdict is None:
            self.end("Withdrawn; nothing was run.", WITHDRAWN)
        elif not verdict.allowed:
            self.end(verdict.message, REFUSED)
        return verdict is not None and verdict.allowed

    def _refusal(self, session: LiveSession) -> str | None:
        role, door = session.role, f"{session.role.name}@{session.resource.name}"
        if self._subsystem not in {None, "sftp"}:
            return f"{door} has no subsystem {session.masker.redact(str(self._subsystem)[:64])}."
        if self._feature not in role.allow:
            allowed = ", ".join(feature.value for feature in role.allow) or "nothing"
            return f"{door} does not allow {self._feature.value}; it allows {allowed}."
        return None

    async def _facts(self) -> list[StatementFacts]:
        if self._command is not None and len(self._command.text) > MAX_INLINE_COMMAND:
            return await asyncio.to_thread(self._command.facts)
        if self._command is not None:
            return self._command.facts()
        kind = self._feature.value
        return [StatementFacts(text=kind, kind=kind, labels=frozenset({kind}))]

    # --- the way out ------------------------------------------------------------------------------------------------

    async def _relay(self, live: Live) -> None:
        far = UpstreamSide(self._channel)
        if self._feature is SshFeature.SFTP:
            far.pass_on(live.session)
        else:
            far.mask(live.session, live.cast, self.number, terminal=self._terminal)
        self._cast = live.cast
        try:
            await self._open(live, far)
            if not self._channel.is_closing():
                self._far = far
                self._pass_early_input(far)
                await far.finished
        except asyncssh.ChannelOpenError as error:
            self.end(f"{live.session.resource.name} refused the {self._feature.value} ({error.reason}).", UNAVAILABLE)
        finally:
            far.close()
            live.cast.channel(self.number, event="close", bytes_in=self._bytes_in, bytes_out=far.bytes_out)

    async def _open(self, live: Live, far: UpstreamSide) -> None:
        await live.upstream.create_session(
            lambda: far,
            None if self._command is None else self._command.text,
            subsystem=self._subsystem,
            env=self._environment,
            request_pty="force" if self._terminal else False,
            term_type=self._channel.get_terminal_type(),
            term_size=self._channel.get_terminal_size(),
            term_modes=self._channel.get_terminal_modes(),
            encoding=None,
            window=WINDOW_BYTES,
            max_pktsize=PACKET_BYTES,
        )

    def _allowed_environment(self) -> list[tuple[bytes | str, bytes | str]]:
        return [
            (name, value)
            for name, value in self._channel.get_environment_bytes().items()
            if (name in ENVIRONMENT or name.startswith(b"LC_")) and len(value) <= MAX_ENVIRONMENT_VALUE
        ]

    def _pass_early_input(self, far: UpstreamSide) -> None:
        if far.channel.is_closing():
            return
        far.channel.write(bytes(self._early))
        self._early.clear()
        if self._early_eof:
            far.channel.write_eof()
        self._channel.resume_reading()

    def data_received(self, data: bytes, datatype: int | None) -> None:
        self._bytes_in += len(data)
        if self._far is not None:
            if not self._far.channel.is_closing():
                if self._terminal and len(data) <= KEYSTROKE_BYTES:
                    self._far.typed(len(data))
                self._far.channel.write(data)
        elif self._authorizing and self._terminal and _CTRL_C in data:
            self._withdrawn.set()
        else:
            self._early += data
            if len(self._early) > MAX_EARLY_INPUT:
                self._channel.pause_reading()

    def eof_received(self) -> bool:
        self._early_eof = True
        if self._far is not None:
            self._far.channel.write_eof()
        return True

    def signal_received(self, signal: str) -> None:
        if self._far is not None:
            self._far.channel.send_signal(signal)
        elif signal in _WITHDRAWING:
            self._withdrawn.set()

    def break_received(self, msec: int) -> bool:
        if self._far is None:
            return False
        self._far.channel.send_break(msec)
        return True

    def terminal_size_changed(self, width: int, height: int, pixwidth: int, pixheight: int) -> None:
        if self._far is None or self._cast is None:
            return
        try:
            self._cast.resize(self.number, width, height)
        except Fault as fault:
            self._far.fail(fault)
        else:
            self._far.channel.change_terminal_size(width, height, pixwidth, pixheight)

    def _reads_no_more(self) -> bool:
        if self._far is not None:
            send_end_of_write(self._far.channel)
        return True

    # Back-pressure: a client that cannot take more stops the upstream.

    def pause_writing(self) -> None:
        if self._far is not None:
            self._far.channel.pause_reading()

    def resume_writing(self) -> None:
        if self._far is not None:
            self._far.channel.resume_reading()

    # --- Gatepass's own words ---------------------------------------------------------------------------------------

    def end(self, sentence: str, status: int) -> None:
        """Tell the client why, and end the channel with this exit status. What the upstream still sends is dropped."""
        if self._far is not None:
            self._far.stop()
        self.say(sentence)
        self._channel.exit(status)

    def say(self, sentence: str) -> None:
        """Write a line to the client's stderr."""
        line = f"\r\ngatepass: {sentence}\r\n" if self._terminal else f"gatepass: {sentence}\n"
        with contextlib.suppress(OSError):
            self._channel.write_stderr(line.encode())

    async def _notify(self, sentence: str) -> None:
        self.say(sentence)
