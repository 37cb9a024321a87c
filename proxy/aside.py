"""Work aside: what would hold the event loop is done in a thread, and how many of those there are.

It is Python that runs there, so each thread that works takes its turns from the loop: with four of them a session waits
150 ms where it waited 0.1. So there is one thread for what takes at most some tenths of a second, and there are two for
what takes longer, of which a session keeps one busy at most.
"""

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

T = TypeVar("T")

_SHORT: Final = ThreadPoolExecutor(max_workers=1, thread_name_prefix="aside")
_LONG: Final = ThreadPoolExecutor(max_workers=2, thread_name_prefix="aside-long")


async def aside(work: Callable[[], T], *, is_long: bool = False) -> T:
    """What `work` returns or raises; who is cancelled does not wait for it. It goes on in the thread all the same."""
    context = contextvars.copy_context()
    return await asyncio.get_running_loop().run_in_executor(_LONG if is_long else _SHORT, lambda: context.run(work))
