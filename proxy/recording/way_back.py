"""The way back of one stream by the role's word for files: masked as text, or passed unaltered as a transfer.

Text is masked and recorded. A transfer is neither: it passes, or, where the role says `files: refuse_sensitive` and a
detector finds what must not leave, it ends. Text that turns out to be none becomes a transfer, where a role takes them
and nothing of it was masked before.
"""

from collections.abc import Callable
from dataclasses import dataclass

from access.policy.shapes.roles import Files
from proxy.errors import Fault
from proxy.masking.rules import Masker
from proxy.masking.stream import StreamMasker
from proxy.recording.masked_output import PIPE_FLUSH_S, TERMINAL_FLUSH_S, MaskedOutput
from proxy.recording.output import Output
from proxy.recording.passed_output import PassedOutput


@dataclass(frozen=True)
class Stops:
    """What is done where a stream may not go on; each is called once at most."""

    #: What kind of value was found in a transfer.
    found: Callable[[str], None]
    #: Text turned out to be no text, and the role takes no transfers.
    not_allowed: Callable[[], None]
    #: Text turned out to be no text after something in it had been masked.
    damaged: Callable[[], None]
    #: The whole session must end.
    fail: Callable[[Fault], None]


@dataclass(frozen=True)
class Ways:
    """Where bytes of a stream go: `record` takes what is masked, `send` what leaves, `moved` what was a transfer."""

    record: Callable[[bytes], None]
    send: Callable[[bytes], None]
    moved: Callable[[bytes], None]


class WayBack:
    """One stream. `is_terminal`: somebody looks at it, and it is masked whatever it is."""

    def __init__(self, masker: Masker, files: Files, ways: Ways, stops: Stops, *, is_terminal: bool = False) -> None:
        self._masker = masker
        self._files = files
        self._ways = ways
        self._stops = stops
        self._output: Output = MaskedOutput(
            masker,
            record=ways.record,
            send=ways.send,
            fail=stops.fail,
            flush_after_s=TERMINAL_FLUSH_S if is_terminal else PIPE_FLUSH_S,
            turned=None if is_terminal else self._turned,
        )

    def transfer(self) -> None:
        """It is known from the beginning that its bytes are no text."""
        self._output = self._passed(StreamMasker(self._masker) if self._scans else None)

    def feed(self, data: bytes) -> None:
        self._output.feed(data)

    def typed(self, count: int) -> None:
        """The client typed so many bytes; their echo is expected."""
        self._output.typed(count)

    def finish(self) -> None:
        """Nothing more comes: let out what was held back."""
        output = self._output
        output.finish()
        if self._output is not output:
            # The last bytes were no text.
            self._output.finish()

    def stop(self) -> None:
        """Let nothing out any more."""
        self._output.stop()

    @property
    def _scans(self) -> bool:
        return self._files is not Files.ALLOW

    def _turned(self, stream: StreamMasker, before: bytes, data: bytes) -> None:
        """Text is none. `before` is masked already; the stream holds what follows it."""
        if self._files is Files.DENY:
            self._stops.not_allowed()
        elif stream.latest:
            self._stops.damaged()
        else:
            held = b"" if self._scans else stream.unsent
            self._output = self._passed(stream if self._scans else None)
            self._move(before + held)
            self._output.feed(data)

    def _passed(self, stream: StreamMasker | None) -> PassedOutput:
        return PassedOutput(stream, send=self._move, found=self._stops.found, fail=self._stops.fail)

    def _move(self, data: bytes) -> None:
        if data:
            self._ways.moved(data)
            self._ways.send(data)
