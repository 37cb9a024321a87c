"""The way back of one stream of one channel, whatever becomes of its bytes: taken in batches, flushed after a moment.

What it is made of says how bytes are taken, what is let go when nothing follows, and how the stream ends.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable

from proxy.errors import Fault, PolicyFault

#: Packets are taken and written together up to this size: more at once is no faster and keeps others waiting.
BATCH_BYTES = 512 * 1024


class Output(ABC):
    """`fail` is told why nothing may go any more."""

    def __init__(self, fail: Callable[[Fault], None]) -> None:
        self._fail = fail
        self._loop = asyncio.get_running_loop()
        self._arrived: list[bytes] = []
        self._arrived_bytes = 0
        self._typed = 0
        self._timer: asyncio.TimerHandle | None = None
        self._stopped = False

    @abstractmethod
    def _take(self, data: bytes) -> None:
        """Let go of `data` what may go."""

    @abstractmethod
    def _flush(self) -> None:
        """Nothing follows: let go what may."""

    @abstractmethod
    def _end(self) -> None:
        """Nothing will follow any more: let go the rest."""

    @abstractmethod
    def _waits_s(self) -> float | None:
        """After how many seconds to flush if nothing follows; None: there is nothing to flush."""

    def feed(self, data: bytes) -> None:
        """Take what arrived. Packets that arrive together are taken together, once the loop is free."""
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
        """The stream is over."""
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
        self._guarded(self._take_arrived)
        if echo:
            self._guarded(self._flush_now)
        else:
            self._arm()

    def _arm(self) -> None:
        self._disarm()
        if not self._stopped and (after_s := self._waits_s()) is not None:
            self._timer = self._loop.call_later(after_s, self._guarded, self._flush_now)

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

    def _take_arrived(self) -> None:
        if self._arrived:
            arrived, self._arrived, self._arrived_bytes = b"".join(self._arrived), [], 0
            self._take(arrived)

    def _flush_now(self) -> None:
        self._disarm()
        self._flush()
        self._arm()

    def _finish(self) -> None:
        self._take_arrived()
        if not self._stopped:
            self._end()

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
