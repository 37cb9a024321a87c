"""The way back of one stream of one channel: bytes from the upstream -> mask -> record -> client.

What the masker holds back for longer than a moment is flushed, so that a prompt never waits for its next character.
Bytes leave only after they are written down; when masking or recording fails, nothing more leaves.
"""

import asyncio
from collections.abc import Callable

from proxy.errors import Fault, PolicyFault
from proxy.masking.rules import Masker
from proxy.masking.stream import StreamMasker

#: How long an unfinished candidate may wait for its rest: on a terminal somebody looks at it, in a pipe nobody does.
TERMINAL_FLUSH_S = 0.005
PIPE_FLUSH_S = 0.075

#: Packets are masked and written together up to this size: more at once is no faster and keeps others waiting.
BATCH_BYTES = 512 * 1024

_LOOK_BACK = 3


class MaskedOutput:
    """stdout or stderr of one channel. `send` takes what may go; `fail` is told why nothing may go any more."""

    def __init__(
        self,
        masker: Masker,
        *,
        record: Callable[[bytes], None],
        send: Callable[[bytes], None],
        fail: Callable[[Fault], None],
        flush_after_s: float,
    ) -> None:
        self._masked = StreamMasker(masker)
        self._record = record
        self._send = send
        self._fail = fail
        self._flush_after_s = flush_after_s
        self._loop = asyncio.get_running_loop()
        self._arrived: list[bytes] = []
        self._arrived_bytes = 0
        self._typed = 0
        self._partial = b""
        self._timer: asyncio.TimerHandle | None = None
        self._stopped = False

    def feed(self, data: bytes) -> None:
        """Take what arrived. Packets that arrive together are masked and written together, once the loop is free."""
        if not self._arrived:
            self._loop.call_soon(self._pump)
        self._arrived.append(data)
        self._arrived_bytes += len(data)
        if self._arrived_bytes >= BATCH_BYTES:
            self._pump()

    def typed(self, count: int) -> None:
        """So many bytes were typed at a terminal: an echo of at most that length is shown without waiting for more."""
        self._typed += count

    def finish(self) -> None:
        """The stream is over: let out what was held back, masked as if nothing followed."""
        self._guarded(self._finish)
        self.stop()

    def stop(self) -> None:
        """Let nothing out any more."""
        self._stopped = True
        self._disarm()

    def _pump(self) -> None:
        if not self._arrived:
            return
        echo = self._arrived_bytes <= self._typed
        self._typed = 0
        self._guarded(self._take)
        if echo:
            self._guarded(self._flush)
        elif not self._stopped and (self._masked.held or self._partial):
            self._disarm()
            self._timer = self._loop.call_later(self._flush_after_s, self._guarded, self._flush)

    def _guarded(self, step: Callable[[], None]) -> None:
        if self._stopped:
            return
        try:
            step()
        except Fault as fault:
            self.stop()
            self._fail(fault)
        except Exception as error:
            self.stop()
            self._fail(PolicyFault(f"Masking failed ({type(error).__name__}), so nothing more is shown."))

    def _take(self) -> None:
        if self._arrived:
            arrived, self._arrived, self._arrived_bytes = b"".join(self._arrived), [], 0
            self._forward(self._masked.feed(arrived))

    def _flush(self) -> None:
        self._disarm()
        self._forward(self._masked.flush(), whole=True)

    def _finish(self) -> None:
        self._take()
        self._forward(self._masked.flush(final=True), whole=True)

    def _forward(self, data: bytes, *, whole: bool = False) -> None:
        """Record and send. A character of which not all bytes are here waits for them, unless `whole`."""
        if self._partial:
            data, self._partial = self._partial + data, b""
        if not whole and (cut := whole_characters(data)) < len(data):
            data, self._partial = data[:cut], data[cut:]
        if data:
            self._record(data)
            self._send(data)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


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
