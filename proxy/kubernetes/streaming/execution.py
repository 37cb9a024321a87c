"""One exec or attach, from its first byte to its exit code: both ends joined, its output masked and recorded.

stdout and stderr stay apart. The exit code is told behind all of the output. What Gatepass ends itself carries a
sentence on stderr and the exit status 126, as a shell says "cannot execute".
"""

import asyncio
from dataclasses import dataclass
from typing import Final

from proxy.errors import Fault
from proxy.kubernetes.live import Live
from proxy.kubernetes.streaming.ends import End, Told
from proxy.kubernetes.streams import outcomes
from proxy.kubernetes.streams.channels import Channel, Closed, Message, Written
from proxy.kubernetes.streams.outcomes import Outcome
from proxy.kubernetes.streams.sizes import Sizes
from proxy.kubernetes.streams.violation import StreamViolation
from proxy.recording.asciicast import STDERR, STDOUT
from proxy.recording.way_back import Stops, WayBack, Ways

REFUSED: Final = 126
#: What a key sends at most: longer input was pasted or piped.
KEYSTROKE_BYTES: Final = 8


@dataclass(frozen=True)
class What:
    """What runs where."""

    #: For sentences: pods/web.
    pod: str
    is_terminal: bool
    #: Its output is no text, as far as the command tells.
    is_transfer: bool


class Execution:
    """Made when both ends are there; `run` returns when it is over."""

    def __init__(self, live: Live, number: int, what: What, client: End, server: End) -> None:
        self._live = live
        self._number = number
        self._what = what
        self._client = client
        self._server = server
        self._over = asyncio.Event()
        self._fault: Fault | None = None
        self._sizes = Sizes()
        self._error = bytearray()
        self._bytes_in = self._bytes_out = 0
        self.outcome: Outcome | None = None
        self._stdout = self._way(Channel.STDOUT, STDOUT)
        self._stderr = self._way(Channel.STDERR, STDERR)
        if what.is_transfer and not what.is_terminal:
            self._stdout.transfer()

    def _way(self, channel: Channel, code: str) -> WayBack:
        def send(data: bytes) -> None:
            self._bytes_out += len(data)
            self._live.session.counters.bytes_out += len(data)
            self._client.send(Written(channel, data))

        ways = Ways(self._live.cast.stream(self._number, code), send, lambda _: None)
        stops = Stops(self._found, self._not_allowed, self._damaged, self._fail)
        return WayBack(
            self._live.session.masker, self._live.session.role.files, ways, stops, is_terminal=self._what.is_terminal
        )

    async def run(self) -> None:
        """Until the command has ended, or one of both ends is gone. Raises Fault."""
        self._client.transport.on_congestion = self._hold_server
        self._server.transport.on_congestion = self._hold_client
        self._server.listen(Told(self._of_server, self._server_gone, self._server_broke))
        self._client.listen(Told(self._of_client, self._client_gone, self._client_broke))
        try:
            await self._over.wait()
        except asyncio.CancelledError:
            if (ending := self._live.session.ending) is not None:
                self._end(str(ending))
            raise
        finally:
            self._stdout.stop()
            self._stderr.stop()
            self._client.close()
            self._server.close()
        if self._fault is not None:
            raise self._fault

    # --- from the client --------------------------------------------------------------------------------------------

    def _of_client(self, message: Message) -> None:
        if isinstance(message, Written) and message.channel is Channel.STDIN:
            self._bytes_in += len(message.data)
            if self._what.is_terminal and len(message.data) <= KEYSTROKE_BYTES:
                self._stdout.typed(len(message.data))
        elif isinstance(message, Written):
            for size in self._sizes.feed(message.data):
                self._live.cast.resize(self._number, size.width, size.height)
        self._server.send(message)

    def _client_gone(self) -> None:
        self._over.set()

    def _client_broke(self, why: str) -> None:
        self._client.close(broken=True)
        self._over.set()

    # --- from the server --------------------------------------------------------------------------------------------

    def _of_server(self, message: Message) -> None:
        match message:
            case Written(Channel.STDOUT, data):
                self._stdout.feed(data)
            case Written(Channel.STDERR, data):
                self._stderr.feed(data)
            case Written(Channel.ERROR, data):
                self._error += data
                if len(self._error) > outcomes.MAX_BYTES:
                    self._server_broke("a status that does not end")
            case Closed():
                self._client.send(message)
            case _:
                pass

    def _server_gone(self) -> None:
        """It says how it ended last; then the connection is over."""
        if self._over.is_set():
            return
        self._stdout.finish()
        self._stderr.finish()
        if self._over.is_set():
            return
        try:
            self.outcome = outcomes.read(bytes(self._error)) if self._error else None
        except StreamViolation as violation:
            self._server_broke(str(violation))
            return
        if self.outcome is None:
            # Without a word of how it ended, which a client would take for success.
            self._end(f"The API server of {self._live.cluster} broke off the connection, so this was ended.")
            return
        self._client.send(Written(Channel.ERROR, self._masked_error()))
        self._over.set()

    def _masked_error(self) -> bytes:
        """The server's words, with what must not be shown masked."""
        assert self.outcome is not None
        said = self._live.session.masker.text(self.outcome.message)
        if said == self.outcome.message:
            return bytes(self._error)
        return outcomes.encode(Outcome(self.outcome.exit_code, said, self.outcome.reason))

    def _server_broke(self, why: str) -> None:
        self._end(f"The API server of {self._live.cluster} broke the protocol ({why}), so this was ended.")

    # --- what Gatepass ends -----------------------------------------------------------------------------------------

    def _end(self, sentence: str) -> None:
        if self._over.is_set():
            return
        self._stdout.stop()
        self._stderr.stop()
        self._client.send(Written(Channel.STDERR, f"gatepass: {sentence}\r\n".encode()))
        self.outcome = outcomes.exited(REFUSED)
        self._client.send(Written(Channel.ERROR, outcomes.encode(self.outcome)))
        self._over.set()

    def _found(self, kind: str) -> None:
        self._end(
            f"{self._what.pod} sent something that must not leave ({kind}), so the transfer was ended there. What came "
            "before it is unaltered. Leave it out, or ask for a role with `files: allow`."
        )

    def _not_allowed(self) -> None:
        self._end(
            f"{self._what.pod} sent what is no text, and {self._live.door} moves no files (`files: deny`), so the "
            "command was ended."
        )

    def _damaged(self) -> None:
        self._end(
            f"What {self._what.pod} sent turned out to be no text after something in it was masked, so it is not what "
            "the pod has, and was ended. Copy it with kubectl cp."
        )

    def _fail(self, fault: Fault) -> None:
        self._fault = fault
        self._end(str(fault))

    # --- back-pressure ----------------------------------------------------------------------------------------------

    def _hold_server(self, is_full: bool) -> None:
        _hold(self._server, is_full)

    def _hold_client(self, is_full: bool) -> None:
        _hold(self._client, is_full)

    def close(self) -> None:
        """Put on record how it ended, and how much it moved."""
        code = None if self.outcome is None else self.outcome.exit_code
        facts = {"bytes_in": self._bytes_in, "bytes_out": self._bytes_out, "exit_code": code}
        self._live.cast.channel(self._number, event="close", **facts)


def _hold(end: End, is_full: bool) -> None:
    if is_full:
        end.transport.hold("the other end is full")
    else:
        end.transport.release("the other end is full")
