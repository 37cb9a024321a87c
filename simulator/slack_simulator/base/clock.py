"""The workspace's time: the wall clock, which a test may push forward.

Every deadline of the simulator (ack, trigger, response_url, retries) is measured here, so that advancing this clock
makes them pass at once and nothing has to sleep for luck.
"""

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")


class Clock:
    """Seconds since the epoch; `advance` moves it and wakes whoever waits for a deadline."""

    def __init__(self, wall: Callable[[], float] = time.time) -> None:
        """`wall` gives the seconds to which the advances are added."""
        self._wall = wall
        self._ahead_s = 0.0
        self._moved = asyncio.Event()

    def now(self) -> float:
        """Seconds since the epoch, as this workspace sees them."""
        return self._wall() + self._ahead_s

    def advance(self, seconds: float) -> None:
        """Move the time forward; deadlines that it passes are due immediately."""
        self._ahead_s += seconds
        self._moved.set()
        self._moved = asyncio.Event()

    async def wait_for(self, future: "asyncio.Future[Result]", timeout_s: float) -> Result:
        """The future's result, or TimeoutError once this clock is `timeout_s` further; the future is not cancelled."""
        deadline = self.now() + timeout_s
        while not future.done():
            left_s = deadline - self.now()
            if left_s <= 0:
                raise TimeoutError
            await self._until_done_or_moved(future, left_s)
        return future.result()

    async def sleep(self, seconds: float) -> None:
        """Return once this clock is that much further."""
        never: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        try:
            await self.wait_for(never, seconds)
        except TimeoutError:
            return

    async def _until_done_or_moved(self, future: "asyncio.Future[Result]", left_s: float) -> None:
        moved = asyncio.ensure_future(self._moved.wait())
        try:
            await asyncio.wait({future, moved}, timeout=left_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            moved.cancel()
