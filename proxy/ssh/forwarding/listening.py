"""One place that the host listens on for a client, from the host's word that it does until the client gives it up."""

from collections.abc import Callable

import asyncssh

from access.policy.values.forward import Destination


class Listening(asyncssh.SSHListener):
    """Stands before the host's listener; `over` is called once, with this, as soon as the client gives it up.

    It may ask for another then: the host is told of both in that order.
    """

    def __init__(self, place: Destination, listener: asyncssh.SSHListener, over: Callable[["Listening"], None]) -> None:
        super().__init__()
        self.place = place
        self._listener = listener
        self._over: Callable[[Listening], None] | None = over

    def get_port(self) -> int:
        return self._listener.get_port()

    def close(self) -> None:
        over, self._over = self._over, None
        if over is not None:
            over(self)
            self._listener.close()

    async def wait_closed(self) -> None:
        await self._listener.wait_closed()
