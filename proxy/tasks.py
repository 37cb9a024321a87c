"""Work that may have to wait: begun at once, and dropped if a reason to comes first."""

import asyncio
import types
from collections.abc import Awaitable, Coroutine, Generator
from typing import Any, TypeVar

T = TypeVar("T")


async def unless(event: asyncio.Event, work: Coroutine[Any, Any, T]) -> T | None:
    """What `work` returns or raises; None if `event` came first, after `work` was cancelled and has cleaned up."""
    working, waiting = asyncio.ensure_future(work), asyncio.ensure_future(event.wait())
    try:
        await asyncio.wait({working, waiting}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
        if not working.done():
            working.cancel()
            await asyncio.wait({working})
    return None if working.cancelled() else working.result()


def begun(work: Coroutine[Any, Any, T]) -> tuple[T | None, Awaitable[T] | None]:
    """Run work up to where it waits: what it returned and None, or None and the rest of it, to be awaited in a task.

    Most messages of a relay wait for nothing, and waking a task for each costs more than what is done with it. Work
    that needs a task (asyncio.timeout, for one) has to yield to the loop first. Raises what the work raises.
    """
    try:
        waits_for = work.send(None)
    except StopIteration as done:
        return done.value, None
    return None, _rest(work, waits_for)


@types.coroutine
def _rest(work: Coroutine[Any, Any, T], waits_for: Any) -> Generator[Any, Any, T]:
    """What is left of the work, beginning with what it waits for."""
    try:
        while True:
            try:
                sent = yield waits_for
            except GeneratorExit:
                work.close()
                raise
            except BaseException as error:
                waits_for = work.throw(error)
            else:
                waits_for = work.send(sent)
    except StopIteration as done:
        return done.value
