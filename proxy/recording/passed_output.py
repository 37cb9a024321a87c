"""The way back of a stream that may not be changed: its bytes pass as they are, or it ends.

Where values are looked for, what could become one is held back for a moment, as in text, so that most of a value never
leaves; where nothing follows it goes all the same, because whoever waits for it may wait for ever. It is not recorded:
a recording would keep what masking hides. How much passed, and its hash, are told to whoever asks.
"""

from collections.abc import Callable

from proxy.errors import Fault
from proxy.masking.stream import StreamMasker
from proxy.recording.output import Output

#: How long what may become a value waits for its rest, and how long the digits of what may be a card number do.
FLUSH_S = 0.005
PATIENCE_S = 0.5


class PassedOutput(Output):
    """`stream` looks for values, and may have seen the stream's beginning; None: nothing is looked for.

    `found` is told what kind of value the next bytes hold: they, and whatever follows, do not leave.
    """

    def __init__(
        self,
        stream: StreamMasker | None,
        *,
        send: Callable[[bytes], None],
        found: Callable[[str], None],
        fail: Callable[[Fault], None],
    ) -> None:
        super().__init__(fail)
        self._stream = stream
        self._send = send
        self._found = found
        self._flushed = False

    def _take(self, data: bytes) -> None:
        self._flushed = False
        self._forward(data if self._stream is None else self._stream.feed(data))

    def _flush(self) -> None:
        if self._stream is not None:
            whole, self._flushed = self._flushed, True
            self._forward(self._stream.flush(whole=whole))

    def _end(self) -> None:
        if self._stream is not None:
            self._forward(self._stream.flush(final=True))

    def _waits_s(self) -> float | None:
        if self._stream is None or not self._stream.unsent:
            return None
        return PATIENCE_S if self._flushed else FLUSH_S

    def _forward(self, data: bytes) -> None:
        if self._stream is not None and self._stream.latest:
            self.stop()
            self._found(self._stream.latest)
        elif data:
            self._send(data)
