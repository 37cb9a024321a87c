"""Socket Mode, Slack's side: one-use tickets, up to ten connections, envelopes out and acks back.

docs.slack.dev/apis/events-api/using-socket-mode. An envelope goes to any one of the connections; here they take turns.
Interactions are never sent twice. What an envelope means is no concern of this module.
"""

import asyncio
import contextlib
import secrets
import time
import uuid

from aiohttp import WSCloseCode, WSMsgType, web

from slack_simulator.base.clock import Clock
from slack_simulator.base.inspector import Inspector
from slack_simulator.base.json_types import JsonObject, NotJson, as_object, read_json
from slack_simulator.delivery.acks import ACK_DEADLINE_S, NotDelivered
from slack_simulator.delivery.connections import Connection, Connections
from slack_simulator.delivery.renewals import APPROXIMATE_CONNECTION_TIME_S, DisconnectReason, Renewals
from slack_simulator.faults.faults import Faults

CONNECTION_LIMIT = 10
#: A ticket that nobody used for this long is forgotten.
TICKET_LIFE_S = 30.0
#: How often Slack pings each connection; clients of Slack give up on one that is silent for 30 s.
PING_EVERY_S = 10.0
#: Acks carry a view at most; anything longer is not an ack.
MAX_FRAME_BYTES = 1024 * 1024


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
        self._connections = Connections(inspector)
        self._renewals = Renewals(self._connections, clock, inspector)
        self._tickets: dict[str, float] = {}
        self._opened = 0
        self._turn = 0

    @property
    def count(self) -> int:
        """How many connections are open."""
        return len(self._connections)

    def open_connections(self) -> list[Connection]:
        """Those that are open, oldest first."""
        return self._connections.all()

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
        if self.count >= CONNECTION_LIMIT:
            told = {"host": "applink-simulator-" + secrets.token_hex(2)}
            await socket.send_json({"type": "disconnect", "reason": "too_many_websockets", "debug_info": told})
            await socket.close(code=WSCloseCode.TRY_AGAIN_LATER)
            return socket
        self._opened += 1
        connection = Connection(self._opened, socket, request.transport, self._clock.now())
        await self._hold(connection, is_debugged=request.query.get("debug_reconnects") == "true")
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
        chosen = self._connections.chosen(number)
        for connection in chosen:
            self._inspector.record("fault", "cut", ok=False, connection=connection.number)
            self._connections.forget(connection)
            if connection.transport is not None:
                connection.transport.abort()
        return [one.number for one in chosen]

    async def disconnect(self, why: DisconnectReason, number: int | None = None) -> list[int]:
        """Ask the app to leave a connection, or all of them, as Slack does. Raises NoSuchConnection.

        LINK_DISABLED concerns the app: new connections are refused until `is_enabled` is set.
        """
        if why is DisconnectReason.LINK_DISABLED:
            self.is_enabled = False
        return await self._renewals.disconnect(why, number)

    async def close(self) -> None:
        """Say goodbye to every connection."""
        for connection in self._connections.all():
            await connection.socket.close(code=WSCloseCode.GOING_AWAY)
        await self._renewals.close()

    async def _hold(self, connection: Connection, *, is_debugged: bool) -> None:
        self._connections.add(connection)
        ageing = self._renewals.grow_old(connection, is_debugged=is_debugged)
        tasks = (
            self._renewals.start(self._ping(connection), f"ping {connection.number}"),
            self._renewals.start(ageing, f"age of {connection.number}"),
        )
        try:
            await connection.socket.send_json(self._hello(connection))
            async for frame in connection.socket:
                if frame.type is WSMsgType.TEXT:
                    self._receive(connection, frame.data)
        finally:
            for task in tasks:
                task.cancel()
            self._connections.forget(connection)

    async def _ping(self, connection: Connection) -> None:
        """Slack pings; pings of the app are answered by the WebSocket itself."""
        with contextlib.suppress(ConnectionError):
            while True:
                await self._clock.sleep(PING_EVERY_S)
                await connection.socket.ping(f"Ping from {connection.host}".encode())

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
        live = [one for one in self._connections.staying() or self._connections.all() if not one.socket.closed]
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
