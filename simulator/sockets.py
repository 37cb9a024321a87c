"""Socket Mode, Slack's side: one-use tickets, up to ten connections, envelopes out and acks back, goodbyes.

docs.slack.dev/apis/events-api/using-socket-mode. An envelope goes to any one of the connections; here they take turns.
Interactions are never sent twice. What an envelope means is no concern of this module.
"""

import asyncio
import contextlib
import secrets
import time
import uuid
from collections.abc import Coroutine
from dataclasses import dataclass, field
from enum import StrEnum

from aiohttp import WSCloseCode, WSMsgType, web

from simulator.clock import Clock
from simulator.faults import Faults
from simulator.inspector import Inspector
from simulator.json_types import JsonObject, NotJson, as_object, read_json

CONNECTION_LIMIT = 10
ACK_DEADLINE_S = 3.0
#: A ticket that nobody used for this long is forgotten.
TICKET_LIFE_S = 30.0
#: How often Slack pings each connection; clients of Slack give up on one that is silent for 30 s.
PING_EVERY_S = 10.0
#: A warning comes about so long before the connection is closed, and so long a refreshed one may linger.
GOODBYE_S = 10.0
#: What Slack tells the app about the usual life of a connection, in seconds.
APPROXIMATE_CONNECTION_TIME_S = 18060
#: The life of a connection whose url was given `&debug_reconnects=true`, to try renewals.
DEBUG_LIFE_S = 360
#: Acks carry a view at most; anything longer is not an ack.
MAX_FRAME_BYTES = 1024 * 1024


class NotDelivered(Exception):
    """The app took no notice; the message is the error that Slack shows, such as operation_timeout."""

    def __init__(
        self,
        error: str,
        *,
        retry_reason: str = "connection_failed",
        may_retry: bool = True,
        status: int | None = None,
    ) -> None:
        """`retry_reason` is what the next attempt of an event is told; may_retry is False if the app wants none.

        `status` is what the app answered over HTTP.
        """
        super().__init__(error)
        self.status = status
        self.retry_reason = retry_reason
        self.may_retry = may_retry


class NoSuchConnection(LookupError):
    """No connection with this number is open; the message says which are."""


class Goodbye(StrEnum):
    """Why Slack ends a connection, as its `disconnect` message says."""

    #: Closed in about ten seconds: time to open another one.
    WARNING = "warning"
    #: To be replaced now; closed soon if it is not.
    REFRESH_REQUESTED = "refresh_requested"
    #: Socket Mode was switched off for the app.
    LINK_DISABLED = "link_disabled"


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


class Sockets:
    """The app's connections, and the way to hand it an envelope."""

    def __init__(self, app_id: str, clock: Clock, inspector: Inspector, faults: Faults) -> None:
        """No connection yet; deadlines are measured by the workspace's clock."""
        #: Whether the app may connect: False for an app in HTTP mode, and after link_disabled.
        self.is_enabled = True
        self._app_id = app_id
        self._clock = clock
        self._inspector = inspector
        self._faults = faults
        self._tasks: set[asyncio.Task[None]] = set()
        #: Done, and replaced, whenever a connection opens or ends.
        self._changed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._tickets: dict[str, float] = {}
        self._connections: list[Connection] = []
        self._opened = 0
        self._turn = 0

    @property
    def count(self) -> int:
        """How many connections are open."""
        return len(self._connections)

    def open_connections(self) -> list[Connection]:
        """Those that are open, oldest first."""
        return list(self._connections)

    def issue_ticket(self) -> str:
        """A ticket for one connection, to be used soon."""
        now = self._clock.now()
        self._tickets = {one: made for one, made in self._tickets.items() if now - made <= TICKET_LIFE_S}
        ticket = str(uuid.uuid4())
        self._tickets[ticket] = now
        return ticket

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Hold one connection until either side leaves. A used or unknown ticket is refused."""
        made_at = self._tickets.pop(request.query.get("ticket", ""), None)
        if not self.is_enabled or made_at is None or self._clock.now() - made_at > TICKET_LIFE_S:
            self._inspector.record("socket", "refused", ok=False, reason="ticket unknown, used or too old")
            return web.Response(status=403, text="This ticket is unknown, used or too old: call apps.connections.open.")
        socket = web.WebSocketResponse(heartbeat=20.0, max_msg_size=MAX_FRAME_BYTES)
        await socket.prepare(request)
        if len(self._connections) >= CONNECTION_LIMIT:
            told = {"host": "applink-simulator-" + secrets.token_hex(2)}
            await socket.send_json({"type": "disconnect", "reason": "too_many_websockets", "debug_info": told})
            await socket.close(code=WSCloseCode.TRY_AGAIN_LATER)
            return socket
        self._opened += 1
        life_s = DEBUG_LIFE_S if request.query.get("debug_reconnects") == "true" else APPROXIMATE_CONNECTION_TIME_S
        await self._hold(Connection(self._opened, socket, request.transport, self._clock.now()), life_s)
        return socket

    async def deliver(
        self, kind: str, payload: JsonObject, *, accepts_response_payload: bool, retry: tuple[int, str] | None = None
    ) -> JsonObject:
        """Send one envelope and return the ack's payload, {} if it has none.

        kind is slash_commands, interactive or events_api. Raises NotDelivered.
        """
        connection = self._next_connection()
        if connection is None:
            self._inspector.record("envelope", kind, ok=False, error="no connection")
            raise NotDelivered("dispatch_failed")
        envelope_id = str(uuid.uuid4())
        envelope: JsonObject = {
            "envelope_id": envelope_id,
            "payload": payload,
            "type": kind,
            "accepts_response_payload": accepts_response_payload,
        }
        if kind == "events_api":
            attempt, reason = retry or (0, "")
            envelope |= {"retry_attempt": attempt, "retry_reason": reason}
        return await self._send(connection, envelope)

    def cut(self, number: int | None = None) -> list[int]:
        """Break a connection, or all of them, without a close frame. Raises NoSuchConnection."""
        chosen = self._chosen(number)
        for connection in chosen:
            self._inspector.record("fault", "cut", ok=False, connection=connection.number)
            self._forget(connection)
            if connection.transport is not None:
                connection.transport.abort()
        return [one.number for one in chosen]

    async def disconnect(self, why: Goodbye, number: int | None = None) -> list[int]:
        """Ask the app to leave a connection, or all of them, as Slack does. Raises NoSuchConnection.

        Of several, the next is asked once the app has opened another in place of the last one and acked what it was
        given, so that an app with two connections loses nothing; ten seconds of the workspace's clock are waited at
        most. LINK_DISABLED concerns the app: it ends all connections at once and refuses new ones until `is_enabled`
        is set.
        """
        if why is Goodbye.LINK_DISABLED:
            return await self._disable()
        first, *others = self._chosen(number)
        wanted = len(self._staying())
        await self._say_goodbye(first, why)
        self._start(self._renew(others, why, wanted), "goodbye to the others")
        return [first.number, *(one.number for one in others)]

    async def close(self) -> None:
        """Say goodbye to every connection."""
        for connection in list(self._connections):
            await connection.socket.close(code=WSCloseCode.GOING_AWAY)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _hold(self, connection: Connection, life_s: float) -> None:
        self._connections.append(connection)
        self._count_changed()
        self._inspector.record("socket", "connected", connection=connection.number, connections=self.count)
        pinging = self._start(self._ping(connection), f"ping {connection.number}")
        ageing = self._start(self._grow_old(connection, life_s), f"age of {connection.number}")
        try:
            await connection.socket.send_json(self._hello(connection))
            async for frame in connection.socket:
                if frame.type is WSMsgType.TEXT:
                    self._receive(connection, frame.data)
        finally:
            pinging.cancel()
            ageing.cancel()
            self._forget(connection)

    def _forget(self, connection: Connection) -> None:
        """Count it as closed, once; what it was given and did not ack is lost."""
        if connection not in self._connections:
            return
        self._connections.remove(connection)
        self._count_changed()
        for waiting in connection.awaiting.values():
            if not waiting.done():
                waiting.set_exception(ConnectionResetError("the app left before it acked"))
        self._inspector.record("socket", "disconnected", connection=connection.number, connections=self.count)

    def _chosen(self, number: int | None) -> list[Connection]:
        chosen = [one for one in self._connections if number in {None, one.number}]
        if not chosen:
            among = ", ".join(str(one.number) for one in self._connections) or "none"
            what = "no connection is open" if number is None else f"connection {number} is not open"
            raise NoSuchConnection(f"{what}; open are: {among}")
        return chosen

    async def _disable(self) -> list[int]:
        self.is_enabled = False
        self._inspector.record("fault", Goodbye.LINK_DISABLED, ok=False)
        ended = self.open_connections()
        for connection in ended:
            await self._say_goodbye(connection, Goodbye.LINK_DISABLED)
        return [one.number for one in ended]

    async def _renew(self, others: list[Connection], why: Goodbye, wanted: int) -> None:
        for connection in others:
            deadline = self._clock.now() + GOODBYE_S
            while len(self._staying()) < wanted and self._clock.now() < deadline:
                with contextlib.suppress(TimeoutError):
                    await self._clock.wait_for(self._changed, deadline - self._clock.now())
            connection.is_leaving = True
            for acked in list(connection.awaiting.values()):
                with contextlib.suppress(TimeoutError, ConnectionError):
                    await self._clock.wait_for(acked, ACK_DEADLINE_S)
            if connection in self._connections:
                await self._say_goodbye(connection, why)

    async def _say_goodbye(self, connection: Connection, why: Goodbye) -> None:
        connection.is_leaving = True
        await self._tell(connection, why)
        self._start(self._see_off(connection, why), f"goodbye to {connection.number}")

    async def _tell(self, connection: Connection, why: Goodbye) -> None:
        self._inspector.record("socket", "disconnect", reason=why, connection=connection.number)
        with contextlib.suppress(ConnectionError):
            await connection.socket.send_json(
                {"type": "disconnect", "reason": why, "debug_info": {"host": connection.host}}
            )

    async def _see_off(self, connection: Connection, why: Goodbye) -> None:
        if why is not Goodbye.LINK_DISABLED:
            await self._clock.sleep(GOODBYE_S)
        if why is Goodbye.WARNING and connection in self._connections:
            await self._tell(connection, Goodbye.REFRESH_REQUESTED)
        await connection.socket.close()

    def _staying(self) -> list[Connection]:
        return [one for one in self._connections if not one.is_leaving]

    def _count_changed(self) -> None:
        self._changed.set_result(None)
        self._changed = asyncio.get_running_loop().create_future()

    async def _ping(self, connection: Connection) -> None:
        """Slack pings; pings of the app are answered by the WebSocket itself."""
        with contextlib.suppress(ConnectionError):
            while True:
                await self._clock.sleep(PING_EVERY_S)
                await connection.socket.ping(f"Ping from {connection.host}".encode())

    async def _grow_old(self, connection: Connection, life_s: float) -> None:
        """Slack renews each connection after some hours, with a warning before it."""
        await self._clock.sleep(life_s - GOODBYE_S)
        if not connection.is_leaving:
            await self._say_goodbye(connection, Goodbye.WARNING)

    def _start(self, work: Coroutine[None, None, None], name: str) -> asyncio.Task[None]:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _send(self, connection: Connection, envelope: JsonObject) -> JsonObject:
        envelope_id = envelope["envelope_id"]
        acked: asyncio.Future[JsonObject] = asyncio.get_running_loop().create_future()
        connection.awaiting[envelope_id] = acked
        started = time.perf_counter()
        about: JsonObject = {"envelope_id": envelope_id, "connection": connection.number}
        self._inspector.record("envelope", envelope["type"], **about, payload=envelope["payload"])
        try:
            if self._faults.take("ghost", connection=connection.number) is None:
                await connection.socket.send_json(envelope)
            answer = await self._clock.wait_for(acked, ACK_DEADLINE_S)
        except (TimeoutError, ConnectionError) as missed:
            took_ms = (time.perf_counter() - started) * 1000
            self._inspector.record("ack", "missed", ok=False, took_ms=took_ms, **about)
            raise NotDelivered("operation_timeout", retry_reason="timeout") from missed
        finally:
            connection.awaiting.pop(envelope_id, None)
        took_ms = (time.perf_counter() - started) * 1000
        self._inspector.record("ack", envelope["type"], took_ms=took_ms, **about, payload=answer)
        return answer

    def _receive(self, connection: Connection, text: str) -> None:
        try:
            frame = as_object(read_json(text))
        except NotJson:
            frame = None
        if frame is None:
            self._inspector.record("socket", "not an ack", ok=False, connection=connection.number)
            return
        waiting = connection.awaiting.get(str(frame.get("envelope_id")))
        if waiting is None or waiting.done():
            self._inspector.record("ack", "late or unknown", ok=False, envelope_id=frame.get("envelope_id"))
            return
        waiting.set_result(as_object(frame.get("payload")) or {})

    def _next_connection(self) -> Connection | None:
        live = [one for one in self._staying() or self._connections if not one.socket.closed]
        if not live:
            return None
        self._turn += 1
        return live[self._turn % len(live)]

    def _hello(self, connection: Connection) -> JsonObject:
        return {
            "type": "hello",
            "num_connections": self.count,
            "debug_info": {
                "host": connection.host,
                "build_number": 1,
                "approximate_connection_time": APPROXIMATE_CONNECTION_TIME_S,
            },
            "connection_info": {"app_id": self._app_id},
        }
