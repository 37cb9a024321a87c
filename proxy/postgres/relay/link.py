"""Link: what a request may do with the connection it came on, beside going upstream itself."""

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any

#: What goes upstream in place of a message, or the work that finds out, where that has to wait.
Sent = bytes | Coroutine[Any, Any, bytes]


@dataclass(frozen=True)
class Link:
    """Both directions of one connection, as the relay gives them."""

    #: Sends upstream what was taken so far, and these bytes behind it.
    send: Callable[[bytes], Awaitable[None]]
    #: Waits until this is true; asked again whenever the upstream has answered something.
    until: Callable[[Callable[[], bool]], Awaitable[None]]
    #: Shows the client a sentence.
    notify: Callable[[str], Awaitable[None]]
    #: Sends the client whole messages, where nothing that it asked before is unanswered.
    answer: Callable[[bytes], None]


async def done(taken: Sent) -> bytes:
    """What goes upstream, once the work that finds out is done."""
    return taken if isinstance(taken, bytes) else await taken
