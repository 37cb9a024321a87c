"""The workspace's revision: a number that grows with every visible change, and a way to wait for the next one."""

import asyncio


class Changes:
    """Counts changes; the page and long-polling scripts sleep on it instead of asking again and again."""

    def __init__(self) -> None:
        """Revision 0 is the untouched workspace."""
        self.revision = 0
        self._changed = asyncio.Event()

    def record(self) -> int:
        """Count one change, wake all who wait, and return its revision."""
        self.revision += 1
        self._changed.set()
        self._changed = asyncio.Event()
        return self.revision

    async def wait_past(self, revision: int, timeout_s: float) -> int:
        """Return the current revision as soon as it exceeds `revision`, or after `timeout_s` at the latest."""
        deadline = asyncio.get_running_loop().time() + timeout_s
        while self.revision <= revision:
            left_s = deadline - asyncio.get_running_loop().time()
            if left_s <= 0:
                break
            try:
                async with asyncio.timeout(left_s):
                    await self._changed.wait()
            except TimeoutError:
                break
        return self.revision

    def deadline(self, seconds: float) -> float:
        """The loop time so many seconds from now: long polls count real seconds, not the workspace's."""
        return asyncio.get_running_loop().time() + seconds
