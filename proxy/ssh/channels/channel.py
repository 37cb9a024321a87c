"""The client's side of one channel: what it asks for, whether it may have it, and what it sends.

A channel is opened upstream only after its request was authorized. It ends with the upstream's own exit status or
signal; what Gatepass ends itself carries a sentence on stderr and one of the statuses below.
"""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import asyncssh

from access.policy.shapes.roles import SshFeature
from proxy.errors import Fault, UpstreamFault
from proxy.recording.asciicast import SCREEN, Cast
from proxy.recording.gate import UNKNOWN_TERMINAL
from proxy.sessions.session import LiveSession
from proxy.ssh.channels import session_channel
from proxy.ssh.channels.asked import MAX_ENVIRONMENT, Asked, allowed_environment, is_chosen_word, is_plain, may_be_set
from proxy.ssh.channels.carriage import Carriage, Ends, Input
from proxy.ssh.channels.command_line import CommandLine
from proxy.ssh.channels.kind import Kind
from proxy.ssh.channels.session_channel import UpstreamChannel
from proxy.ssh.channels.upstream_channel import UpstreamSide
from proxy.ssh.files.file_event import readable
from proxy.ssh.flow import BUFFER_BYTES, TERMINAL_BUFFER_BYTES, WINDOW_BYTES, keep_flow, widen
from proxy.ssh.live import Live
from proxy.ssh.transport import (
    AGENT,
    EOW,
    TERMINAL,
    X11,
    fail_malformed,
    on_environment,
    on_exec,
    on_request,
    send_end_of_write,
    silence,
)
from proxy.tasks import unless

#: Exit statuses of what Gatepass ends: refused (a shell's "cannot execute"), upstream not there (sysexits'
#: EX_UNAVAILABLE), withdrawn by Ctrl-C (a shell's 128 + SIGINT), the session cut (ssh's own for a broken connection).
REFUSED: Final = 126
UNAVAILABLE: Final = 69
WITHDRAWN: Final = 130
CUT: Final = 255

#: Input that is kept while a command waits for its verdict; the client is told to stop beyond it.
MAX_EARLY_INPUT: Final = 64 * 1024

#: What a key sends at most: longer input was pasted or piped.
KEYSTROKE_BYTES: Final = 8

#: What is said of a terminal: its type, and of each mode five bytes; there are not two hundred (RFC 4254, 8).
MAX_TERMINAL_BYTES: Final = 4096

_CTRL_C = b"\x03"
_WITHDRAWING: Final = frozenset({"INT", "TERM", "HUP", "QUIT", "KILL"})


@dataclass(frozen=True)
class Owner:
    """What a channel asks of the connection that it is a part of."""

    start: Callable[["Channel"], None]
    forget: Callable[["Channel"], None]
    #: Told what kind of forwarding was asked for and refused.
    refused_forwarding: Callable[[str], None]
    #: Told why a transfer was ended, for the audit log.
    ended_transfer: Callable[[Mapping[str, Any]], None]


class Channel(asyncssh.SSHServerSession[bytes]):
    """One channel of a client's connection."""

    def __init__(self, number: int, owner: Owner) -> None:
        self.number = number
        self._owner = owner
        self._asked = Asked()
        self._to_run: CommandLine | None = None
        self._upstream: UpstreamChannel | None = None
        self._made = False
        self._started = False
        self._early = bytearray()
        self._early_eof = False
        self._authorizing = False
        self._withdrawn = asyncio.Event()
        self._bytes_in = 0
        self._far: UpstreamSide | None = None
        self._cast: Cast | None = None
        self._size: tuple[int, int] | None = None
        #: Variables whose values were none that such a variable has.
        self._not_plain: set[str] = set()
        #: The environment that it gave before it began.
        self._given: dict[bytes, bytes] = {}
        #: Its command, where the role has rules that judge it: no word of it is for the client to choose later.
        self._judged_line = ""
        #: The client takes no more for now. It may stop before the host's word that all began has been read.
        self._is_full = False

    def goes_by(self, upstream: UpstreamChannel) -> None:
        """The host has opened a channel for this one already."""
        self._upstream = upstream

    # --- what the client asks ---------------------------------------------------------------------------------------

    def connection_made(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        self._channel = chan
        self._made = True
        silence(chan)
        keep_flow(chan)
        chan.set_write_buffer_limits(high=BUFFER_BYTES)
        on_request(chan, EOW, self._reads_no_more)
        on_request(chan, X11, lambda: self._refuse_forwarding("X11"))
        on_request(chan, AGENT, lambda: self._refuse_forwarding("agent"))
        on_exec(chan, self._asked_to_run)
        fail_malformed(chan, TERMINAL, MAX_TERMINAL_BYTES)
        on_environment(chan, self._may_set)

    def _refuse_forwarding(self, what: str) -> bool:
        self._owner.refused_forwarding(what)
        return False

    def pty_requested(self, term_type: str, term_size: tuple[int, int, int, int], term_modes: Any) -> bool:
        if self._started:
            return False
        self._asked.terminal = True
        self._channel.set_write_buffer_limits(high=TERMINAL_BUFFER_BYTES)
        return True

    def _may_set(self, name: bytes, value: bytes) -> bool:
        environment = self._channel.get_environment_bytes()
        room = name in environment or len(environment) < MAX_ENVIRONMENT
        if self._started or not room or not may_be_set(name):
            return False
        if not (allowed := is_plain(name, value)) and len(self._not_plain) < MAX_ENVIRONMENT:
            self._not_plain.add(readable(name))
        return allowed

    def shell_requested(self) -> bool:
        return True

    def _asked_to_run(self, command: bytes) -> str:
        """asyncssh would refuse what is no UTF-8 without a word; here it gets its sentence, and is on record."""
        self._to_run = CommandLine.of(command)
        return self._to_run.text

    def exec_requested(self, command: str) -> bool:
        self._asked.feature, self._asked.command = SshFeature.EXEC, self._to_run
        return True

    def subsystem_requested(self, subsystem: str) -> bool:
        self._asked.feature, self._asked.subsystem = SshFeature.SFTP, subsystem
        return True

    def session_started(self) -> None:
        self._started = True
        # What the client sets later would go to a command that was judged without it.
        self._given = dict(self._channel.get_environment_bytes())
        self._owner.start(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is done with this channel, or gone."""
        self._withdrawn.set()
        if self._far is not None:
            self._far.close()
        elif self._upstream is not None:
            self._upstream.close()
        self._owner.forget(self)

    # --- the verdict ------------------------------------------------------------------------------------------------

    async def run(self, live: Live) -> None:
        """Authorize the request, open it upstream and stay until it is over.

        Raises a Fault when the whole session must end.
        """
        if live.session.guarded:
            self._judged_line = self._asked.line
        self._asked.environment = allowed_environment(self._given, self._judged_line)
        self._not_plain |= {readable(name) for name in self._given if is_chosen_word(name, self._judged_line)}
        width, height, *_ = self._channel.get_terminal_size()
        if self.number == SCREEN:
            live.cast.begin(width, height, self._channel.get_terminal_type())
        opened: dict[str, Any] = {"type": self._asked.feature.value, "terminal": self._asked.terminal}
        if self._not_plain:
            opened["not_set"] = sorted(self._not_plain)
        live.cast.channel(self.number, event="open", **opened)
        try:
            kind = await self._passes(live)
            if kind is not None and not self._channel.is_closing():
                await self._relay(live, kind)
        finally:
            if self._upstream is not None:
                self._upstream.close()

    async def _passes(self, live: Live) -> Kind | None:
        """The kind of channel that it is, if the role and its rules allow it; the client is told if not."""
        session = live.session
        if refusal := self._refusal(session):
            self.end(refusal, REFUSED)
            return None
        self._authorizing = True
        try:
            facts = await self._asked.facts(live.reading)
            refusal = self._asked.refusal(session.role, facts)
            verdict = await unless(self._withdrawn, session.authorize(facts, self._notify, refusal=refusal))
        finally:
            self._authorizing = False
        if verdict is None:
            self.end("Withdrawn; nothing was run.", WITHDRAWN)
        elif not verdict.allowed:
            self.end(verdict.message, REFUSED)
        return self._asked.kind(facts) if verdict is not None and verdict.allowed else None

    def _refusal(self, session: LiveSession) -> str | None:
        role, door = session.role, f"{session.role.name}@{session.resource.name}"
        if self._asked.subsystem not in {None, "sftp"}:
            return f"{door} has no subsystem {session.masker.redact(str(self._asked.subsystem)[:64])}."
        if self._asked.feature not in role.allow:
            allowed = ", ".join(feature.value for feature in role.allow) or "nothing"
            return f"{door} does not allow {self._asked.feature.value}; it allows {allowed}."
        return None

    # --- the way out ------------------------------------------------------------------------------------------------

    async def _relay(self, live: Live, kind: Kind) -> None:
        if self._asked.command is not None and not self._asked.command.text:
            # asyncssh would ask for a shell instead. A shell that is given an empty line does nothing, and succeeds.
            self._channel.exit(0)
            return
        far = UpstreamSide(self._channel, live.session.counters)
        far.carriage = self._carriage = Carriage(
            live,
            self.number,
            kind,
            send=far.send,
            to_host=Input(far.ask, far.hold),
            unread=self._channel.get_write_buffer_size,
            ends=self._ends(live, far),
        )
        self._cast = live.cast
        try:
            await self._start(live, far)
            if not self._channel.is_closing():
                self._far = far
                if self._is_full:
                    far.channel.pause_reading()
                self._pass_early_input(far)
                await far.finished
        except asyncssh.ChannelOpenError as error:
            self.end(f"{live.host} refused the {self._asked.feature.value} ({live.said(error.reason)}).", UNAVAILABLE)
        except (asyncssh.Error, ConnectionError) as error:
            raise UpstreamFault(f"{live.host} broke off the connection.") from error
        finally:
            far.close()
            far.carriage.close()
            live.cast.channel(self.number, event="close", bytes_in=self._bytes_in, bytes_out=far.bytes_out)

    async def _start(self, live: Live, far: UpstreamSide) -> None:
        if self._upstream is None:
            self._upstream = await session_channel.opened(live.upstream)
        await session_channel.started(
            self._upstream,
            lambda: far,
            command=None if self._asked.command is None else self._asked.command.text,
            subsystem=self._asked.subsystem,
            env=dict(self._asked.environment),
            request_pty=self._asked.terminal,
            term_type=_named(self._channel.get_terminal_type(), self._judged_line),
            term_size=self._channel.get_terminal_size(),
            term_modes=self._channel.get_terminal_modes(),
        )

    def _ends(self, live: Live, far: UpstreamSide) -> Ends:
        def end(sentence: str, **detail: str) -> None:
            self.end(sentence, REFUSED)
            far.over()
            if detail:
                self._owner.ended_transfer(detail)

        def found(kind: str, path: str) -> None:
            where = f" in {live.session.masker.redact(path)}" if path else ""
            end(
                f"{live.host} sent something that must not leave ({kind}){where}, so the transfer was ended there. What"
                f" came before it is unaltered. Leave it out, or ask for a role with `files: allow`.",
                why=kind,
                path=path,
            )

        return Ends(
            found=found,
            not_allowed=lambda: end(
                f"{live.host} sent what is no text, and {live.door} moves no files (`files: deny`), so the command was"
                " ended.",
                why="no text",
            ),
            damaged=lambda: end(
                f"What {live.host} sent turned out to be no text after something in it was masked, so it is not what"
                " the host has, and was ended. Copy it with scp or rsync.",
                why="masked before it was no text",
            ),
            broken=lambda sentence: end(f"{sentence} The channel was closed.", why=sentence),
            fail=far.fail,
        )

    def _pass_early_input(self, far: UpstreamSide) -> None:
        if far.channel.is_closing():
            return
        early, self._early = bytes(self._early), bytearray()
        widen(self._channel, WINDOW_BYTES)
        far.channel.write(self._carriage.client(early))
        if self._early_eof:
            far.end_input()
        far.flow()

    def data_received(self, data: bytes, datatype: int | None) -> None:
        self._bytes_in += len(data)
        if self._far is not None:
            if not self._far.channel.is_closing():
                if self._asked.terminal and len(data) <= KEYSTROKE_BYTES:
                    self._carriage.typed(len(data))
                self._far.channel.write(self._carriage.client(data))
        elif self._authorizing and self._asked.terminal and _CTRL_C in data:
            self._withdrawn.set()
        else:
            self._early += data
            if len(self._early) > MAX_EARLY_INPUT:
                self._channel.pause_reading()

    def eof_received(self) -> bool:
        self._early_eof = True
        if self._far is not None:
            self._far.end_input()
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
        if (width, height) == self._size:
            return
        self._size = width, height
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
        self._is_full = True
        if self._far is not None:
            self._far.channel.pause_reading()

    def resume_writing(self) -> None:
        self._is_full = False
        if self._far is not None:
            self._far.channel.resume_reading()

    # --- Gatepass's own words ---------------------------------------------------------------------------------------

    def end(self, sentence: str, status: int) -> None:
        """Tell the client why, and end the channel with this exit status. What the upstream still sends is dropped."""
        if not self._made:
            return
        if self._far is not None:
            self._far.stop()
        self.say(sentence)
        self._channel.exit(status)

    def say(self, sentence: str) -> None:
        """Write a line to the client's stderr."""
        line = f"\r\ngatepass: {sentence}\r\n" if self._asked.terminal else f"gatepass: {sentence}\n"
        with contextlib.suppress(OSError):
            self._channel.write_stderr(line.encode())

    async def _notify(self, sentence: str) -> None:
        self.say(sentence)


def _named(terminal: str | None, command: str) -> str | None:
    """A terminal's type as the host gets it, in TERM, which `command` may use."""
    if terminal is None:
        return None
    is_fit = is_plain(b"TERM", terminal.encode()) and not is_chosen_word(b"TERM", command)
    return terminal if is_fit else UNKNOWN_TERMINAL
