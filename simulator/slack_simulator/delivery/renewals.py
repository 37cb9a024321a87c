"""How Slack ends connections: warnings, requests to come back, and Socket Mode switched off.

docs.slack.dev/apis/events-api/using-socket-mode has the messages; the order in which several connections are renewed is
ours. Tasks that wait for somebody to leave run until `close`.
"""

import asyncio
import contextlib
from collections.abc import Coroutine
from enum import StrEnum

from slack_simulator.base.clock import Clock
from slack_simulator.base.inspector import Inspector
from slack_simulator.delivery.acks import ACK_DEADLINE_S
from slack_simulator.delivery.connections import Connection, Connections

#: A warning comes about so long before the connection is closed, and so long a refreshed one may linger.
GOODBYE_S = 10.0
#: What Slack tells the app about the usual life of a connection, in seconds.
APPROXIMATE_CONNECTION_TIME_S = 18060
#: The life of a connection whose url was given `&debug_reconnects=true`, to try renewals.
DEBUG_LIFE_S = 360


class DisconnectReason(StrEnum):
    """Why Slack ends a connection, as its `disconnect` message says."""

    #: Closed in about ten seconds: time to open another one.
    WARNING = "warning"
    #: To be replaced now; closed soon if it is not.
    REFRESH_REQUESTED = "refresh_requested"
    #: Socket Mode was switched off for the app.
    LINK_DISABLED = "link_disabled"


class Renewals:
    """The goodbyes to the connections of one app."""

    def __init__(self, connections: Connections, clock: Clock, inspector: Inspector) -> None:
        """Pauses are measured by the workspace's clock."""
        self._connections = connections
        self._clock = clock
        self._inspector = inspector
        self._tasks: set[asyncio.Task[None]] = set()

    async def disconnect(self, why: DisconnectReason, number: int | None = None) -> list[int]:
        """Ask the app to leave a connection, or all of them; their numbers. Raises NoSuchConnection.

        Of several, the next is asked once the app has opened another in place of the last one and acked what it was
        given, so that an app with two connections loses nothing; ten seconds of the workspace's clock are waited at
        most. LINK_DISABLED ends all connections at once.
        """
        if why is DisconnectReason.LINK_DISABLED:
            ended = self._connections.all()
            self._inspector.record("fault", why, ok=False)
            for connection in ended:
                await self._start_disconnect(connection, why)
            return [one.number for one in ended]
        first, *others = self._connections.chosen(number)
        wanted = len(self._connections.staying())
        await self._start_disconnect(first, why)
        self.start(self._renew(others, why, wanted), "goodbye to the others")
        return [first.number, *(one.number for one in others)]

    async def grow_old(self, connection: Connection, *, is_debugged: bool) -> None:
        """Slack renews each connection after some hours, with a warning before it."""
        life_s = DEBUG_LIFE_S if is_debugged else APPROXIMATE_CONNECTION_TIME_S
        await self._clock.sleep(life_s - GOODBYE_S)
        if not connection.is_leaving:
            await self._start_disconnect(connection, DisconnectReason.WARNING)

    def start(self, work: Coroutine[None, None, None], name: str) -> asyncio.Task[None]:
        """Run something about a connection until it is done, or until `close`."""
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def close(self) -> None:
        """Wait for nobody any more."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _renew(self, others: list[Connection], why: DisconnectReason, wanted: int) -> None:
        for connection in others:
            deadline = self._clock.now() + GOODBYE_S
            while len(self._connections.staying()) < wanted and self._clock.now() < deadline:
                with contextlib.suppress(TimeoutError):
                    await self._clock.wait_for(self._connections.changed, deadline - self._clock.now())
            connection.is_leaving = True
            for acked in list(connection.awaiting.values()):
                with contextlib.suppress(TimeoutError, ConnectionError):
                    await self._clock.wait_for(acked, ACK_DEADLINE_S)
            if connection in self._connections:
                await self._start_disconnect(connection, why)

    async def _start_disconnect(self, connection: Connection, why: DisconnectReason) -> None:
        connection.is_leaving = True
        await self._tell(connection, why)
        self.start(self._see_off(connection, why), f"goodbye to {connection.number}")

    async def _tell(self, connection: Connection, why: DisconnectReason) -> None:
        self._inspector.record("socket", "disconnect", reason=why, connection=connection.number)
        with contextlib.suppress(ConnectionError):
            await connection.socket.send_json(
                {"type": "disconnect", "reason": why, "debug_info": {"host": connection.host}}
            )

    async def _see_off(self, connection: Connection, why: DisconnectReason) -> None:
        if why is not DisconnectReason.LINK_DISABLED:
            await self._clock.sleep(GOODBYE_S)
        if why is DisconnectReason.WARNING and connection in self._connections:
            await self._tell(connection, DisconnectReason.REFRESH_REQUESTED)
        await connection.socket.close()
