"""The way back of one stream of one channel: bytes from the upstream -> mask -> record -> client.

What the masker holds back for longer than a moment is flushed, so that a prompt never waits for its next character.
Bytes leave only after they are written down; when masking or recording fails, nothing more leaves.
"""

from collections.abc import Callable

from proxy.errors import Fault
from proxy.masking.binary import is_binary
from proxy.masking.rules import Masker
from proxy.masking.stream import StreamMasker
from proxy.recording.output import Output

#: How long an unfinished candidate may wait for its rest: on a terminal somebody looks at it, in a pipe nobody does.
TERMINAL_FLUSH_S = 0.005
PIPE_FLUSH_S = 0.075

_LOOK_BACK = 3

#: Told that the stream turned out to be no text: how it was masked so far, what of a character is left, what arrived.
Turned = Callable[[StreamMasker, bytes, bytes], None]


class MaskedOutput(Output):
    """stdout or stderr of one channel. `send` takes what may go; `fail` is told why nothing may go any more.

    `turned`, if given, takes over when bytes arrive that are no text: nothing more goes out of here then.
    """

    def __init__(
        self,
        masker: Masker,
        *,
        record: Callable[[bytes], None],
        send: Callable[[bytes], None],
        fail: Callable[[Fault], None],
        flush_after_s: float,
        turned: Turned | None = None,
    ) -> None:
        super().__init__(fail)
        self._masked = StreamMasker(masker)
        self._record = record
        self._send = send
        self._flush_after_s = flush_after_s
        self._turned = turned
        self._partial = b""

    def _take(self, data: bytes) -> None:
        if self._turned is not None and is_binary(data):
            data += self._untaken()
            self.stop()
            self._turned(self._masked, self._partial, data)
        else:
            self._forward(self._masked.feed(data))

    def _flush(self) -> None:
        self._forward(self._masked.flush(), whole=True)

    def _end(self) -> None:
        self._forward(self._masked.flush(final=True), whole=True)

    def _waits_s(self) -> float | None:
        return self._flush_after_s if self._masked.held or self._partial else None

    def _forward(self, data: bytes, *, whole: bool = False) -> None:
        """Record and send. A character of which not all bytes are here waits for them, unless `whole`."""
        if self._partial:
            data, self._partial = self._partial + data, b""
        if not whole and (cut := whole_characters(data)) < len(data):
            data, self._partial = data[:cut], data[cut:]
        if data:
            self._record(data)
            self._send(data)


def whole_characters(data: bytes) -> int:
    """How many bytes of `data` there are before a UTF-8 character whose end is missing; all, if it is no such."""
    for back in range(1, min(_LOOK_BACK, len(data)) + 1):
        byte = data[-back]
        if byte < 0x80:
            break
        if byte >= 0xC0:
            length = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return len(data) - back if back < length else len(data)
    return len(data)
