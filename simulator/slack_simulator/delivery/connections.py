"""The app's open WebSockets: which there are, which of them stay, and what each still owes an ack."""

import asyncio
import secrets
from dataclasses import dataclass, field

from aiohttp import web

from slack_simulator.base.inspector import Inspector
from slack_simulator.base.json_types import JsonObject


class NoSuchConnection(LookupError):
    """No connection with this number is open; the message says which are."""


@dataclass(eq=False)
class Connection:
    """One WebSocket of the app."""

    number: int
    socket: web.WebSocketResponse
    transport: asyncio.Transport | None
    opened_at: float
    host: str = field(default_factory=lambda: "applink-simulator-" + secrets.token_hex(2))
    #: Told to go: gets payloads only while there is no other.
    is_leaving: bool = False
    awaiting: dict[str, "asyncio.Future[JsonObject]"] = field(default_factory=dict[str, "asyncio.Future[JsonObject]"])


class Connections:
    """Those that are open, oldest first."""

    def __init__(self, inspector: Inspector) -> None:
        """None yet. Each that opens or ends is recorded."""
        self._inspector = inspector
        self._open: list[Connection] = []
        #: Done, and replaced, whenever a connection opens or ends.
        self.changed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def __len__(self) -> int:
        """How many are open."""
        return len(self._open)

    def __contains__(self, connection: Connection) -> bool:
        """Whether it is still open."""
        return connection in self._open

    def all(self) -> list[Connection]:
        """Every open one."""
        return list(self._open)

    def staying(self) -> list[Connection]:
        """Those that were not told to go."""
        return [one for one in self._open if not one.is_leaving]

    def chosen(self, number: int | None) -> list[Connection]:
        """The one with this number, or all of them. Raises NoSuchConnection."""
        chosen = [one for one in self._open if number in {None, one.number}]
        if not chosen:
            among = ", ".join(str(one.number) for one in self._open) or "none"
            what = "no connection is open" if number is None else f"connection {number} is not open"
            raise NoSuchConnection(f"{what}; open are: {among}")
        return chosen

    def add(self, connection: Connection) -> None:
        """Count it as open."""
        self._open.append(connection)
        self._count_changed()
        self._inspector.record("socket", "connected", connection=connection.number, connections=len(self))

    def forget(self, connection: Connection) -> None:
        """Count it as closed, once; what it was given and did not ack is lost."""
        if connection not in self._open:
            return
        self._open.remove(connection)
        self._count_changed()
        for waiting in connection.awaiting.values():
            if not waiting.done():
                waiting.set_exception(ConnectionResetError("the app left before it acked"))
        self._inspector.record("socket", "disconnected", connection=connection.number, connections=len(self))

    def _count_changed(self) -> None:
        self.changed.set_result(None)
        self.changed = asyncio.get_running_loop().create_future()
