"""A workspace served on a thread of its own, so that blocking and asynchronous tests can use it alike.

The thread's loop serves the workspace and carries the control client's requests; a test that blocks its own loop, or
has none, never stops the workspace. One `Hosting` ends with its block, whatever the test did.
"""

import asyncio
import threading
from collections.abc import Coroutine, Generator
from contextlib import AsyncExitStack, contextmanager
from typing import Any, TypeVar

from slack_simulator.base.clock import Clock
from slack_simulator.base.json_types import JsonObject
from slack_simulator.client import SimulatorClient
from slack_simulator.server import Simulator, WorkspaceSpec, serve

Result = TypeVar("Result")

#: Longer than any long poll of a test; a thread that takes longer is stuck.
LONGEST_CALL_S = 90.0


class Loop:
    """An event loop on a thread of its own."""

    def __init__(self) -> None:
        """Starts the thread."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="simulator", daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Block until the work is done on the loop's thread."""
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result(LONGEST_CALL_S)
        finally:
            future.cancel()

    async def carry(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Await the work from any loop; a cancellation here cancels it there."""
        if asyncio.get_running_loop() is self._loop:
            return await work
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))

    def close(self) -> None:
        """Stop and join the thread."""
        self.run(self._loop.shutdown_asyncgens())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(LONGEST_CALL_S)
        self._loop.close()


class ControlClient(SimulatorClient):
    """The control API from any loop, with the one question that a person's eyes need."""

    def __init__(self, url: str, loop: Loop) -> None:
        """Requests are made on `loop`."""
        super().__init__(url)
        self._loop = loop

    async def look(self, user: str, *, after: int = -1, wait_s: float = 0.0) -> JsonObject:
        """{revision, views, home}, as soon as anything at all changed after that revision, or when the time is over."""
        return await self._get("views", user=user, after=after, wait_s=wait_s)

    async def watch(self, channel: str, *, after: int = 0, wait_s: float = 0.0) -> JsonObject:
        """{revision, messages}, as soon as anything in the channel changed after that revision."""
        return await self._get("messages", channel=channel, after=after, wait_s=wait_s)

    async def _post(self, name: str, /, **body: Any) -> JsonObject:
        return await self._loop.carry(super()._post(name, **body))

    async def _get(self, name: str, /, **query: Any) -> JsonObject:
        return await self._loop.carry(super()._get(name, **query))


class Hosting:
    """A served workspace and a client of its control API."""

    def __init__(self, spec: WorkspaceSpec, clock: Clock | None = None) -> None:
        """Serves at once, on a free port."""
        self.spec = spec
        self.loop = Loop()
        self._stack = AsyncExitStack()
        try:
            self.simulator: Simulator = self.loop.run(self._stack.enter_async_context(serve(spec, clock=clock)))
        except BaseException:
            self.loop.close()
            raise
        self.control = ControlClient(self.simulator.url, self.loop)

    def close(self) -> None:
        """Stop serving."""
        try:
            self.loop.run(self.control.close())
            self.loop.run(self._stack.aclose())
        finally:
            self.loop.close()


@contextmanager
def hosted(spec: WorkspaceSpec, clock: Clock | None = None) -> Generator[Hosting]:
    """Serve a workspace until the block ends."""
    hosting = Hosting(spec, clock)
    try:
        yield hosting
    finally:
        hosting.close()
