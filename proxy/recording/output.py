"""The way back of one stream of one channel, whatever becomes of its bytes: taken in batches, flushed after a moment.

What it is made of says how bytes are taken, what is let go when nothing follows, and how the stream ends.

What is taken may cost some microseconds a byte, if somebody wishes: so it is taken in pieces, of which a turn of the
loop takes no more when its time is over. The others wait for the next turn, and what follows waits behind them.
"""

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Callable

from proxy.errors import Fault, PolicyFault

#: Packets are taken and written together up to this size: more at once is hardly faster and keeps others waiting.
PIECE_BYTES = 16 * 1024
#: A turn takes no further piece after so long.
TURN_S = 0.002
#: Less than this waits: what is more is taken at once, so that whoever reads from the host pays for it.
MAX_WAITING_BYTES = 32 * 1024


class Output(ABC):
    """`fail` is told why nothing may go any more."""

    def __init__(self, fail: Callable[[Fault], None], clock: Callable[[], float] = time.perf_counter) -> None:
        self._fail = fail
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._arrived = bytearray()
        self._turn: asyncio.Handle | None = None
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
        if self._stopped:
            return
        self._arrived += data
        while len(self._arrived) >= MAX_WAITING_BYTES:
            self._guarded(self._take_piece)
            if self._turn is not None:
                # This turn has its share.
                self._turn.cancel()
                self._turn = None
        if self._turn is None:
            self._turn = self._loop.call_soon(self._pump)

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
        self._arrived.clear()
        self._disarm()

    def _pump(self) -> None:
        self._turn = None
        if self._stopped:
            return
        self._disarm()
        echo = 0 < len(self._arrived) <= self._typed
        until = self._clock() + TURN_S
        while self._arrived:
            self._guarded(self._take_piece)
            if self._arrived and self._clock() >= until:
                self._turn = self._loop.call_soon(self._pump)
                return
        self._typed = 0
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

    def _take_piece(self) -> None:
        data = bytes(self._arrived[:PIECE_BYTES])
        del self._arrived[:PIECE_BYTES]
        self._typed = max(0, self._typed - len(data))
        self._take(data)

    def _untaken(self) -> bytes:
        """What arrived and waits, for who takes over; it does not wait here any more."""
        rest = bytes(self._arrived)
        self._arrived.clear()
        return rest

    def _flush_now(self) -> None:
        self._disarm()
        if self._arrived:
            # Something follows.
            return
        self._flush()
        self._arm()

    def _finish(self) -> None:
        while self._arrived:
            self._take_piece()
        if not self._stopped:
            self._end()

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
