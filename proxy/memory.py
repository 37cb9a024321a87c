"""Memory of this process: a bound on what messages hold that wait, in all sessions, and freed memory given back.

The C library keeps what was freed for later, which after a few large messages is hundreds of megabytes. Nothing here is
on the way of any data.
"""

import asyncio
import ctypes
import functools
import sys
from collections.abc import Callable

from proxy.errors import TooMuchPinned

#: What messages may hold together that wait for their rest, for a review or for a slow peer, in all sessions of this
#: process: four of the largest there are.
MAX_PINNED_BYTES = 512 * 1024 * 1024
#: A message as large leaves holes behind that are worth giving back.
LARGE_BYTES = 1024 * 1024
#: Giving back takes milliseconds: at most that often, and all that ended meanwhile is given back together.
GIVE_BACK_EVERY_S = 1.0
#: And once more when nothing large came after it: what a thread was still at, or cycles held, is freed later.
ONCE_MORE_S = 5.0

_TOO_MUCH = (
    "Gatepass holds as much of messages that wait as it may, in all sessions together, so this one is not taken. "
    "Send less at once, or try again later."
)


class Memory:
    """Of one process, for all sessions of a protocol."""

    def __init__(self, most: int = MAX_PINNED_BYTES) -> None:
        #: What they hold now.
        self.pinned = 0
        self._most = most
        self._due: asyncio.TimerHandle | None = None
        self._once_more: asyncio.TimerHandle | None = None

    def pin(self, count: int) -> None:
        """What waits holds so many bytes more, or less if it is negative.

        Raises TooMuchPinned if that would be too many.
        """
        if count > 0 and self.pinned + count > self._most:
            raise TooMuchPinned(_TOO_MUCH)
        self.pinned += count
        if count <= -LARGE_BYTES:
            self.give_back()

    def give_back(self) -> None:
        """Something large is freed, or about to be: give freed memory back to the system in a while."""
        if self._due is None:
            self._due = asyncio.get_running_loop().call_later(GIVE_BACK_EVERY_S, self._give_back)

    def _give_back(self) -> None:
        self._due = None
        if self._once_more is not None:
            self._once_more.cancel()
        self._once_more = asyncio.get_running_loop().call_later(ONCE_MORE_S, _trim_aside)
        _trim_aside()


def _trim_aside() -> None:
    """In a thread: nothing waits for it."""
    asyncio.get_running_loop().run_in_executor(None, trim())


@functools.cache
def trim() -> Callable[[], None]:
    """What has the C library give freed memory back to the system: glibc's malloc_trim(3), elsewhere nothing."""
    found = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    return (lambda: None) if found is None else functools.partial(found, 0)
