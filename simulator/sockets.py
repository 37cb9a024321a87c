"""Socket Mode, Slack's side: one-use tickets, up to ten connections, envelopes out and acks back.

docs.slack.dev/apis/events-api/using-socket-mode. An envelope goes to any one of the connections; here they take turns.
Interactions are never sent twice. What an envelope means is no concern of this module.
"""

import asyncio
import json
import secrets
import time
import uuid
from dataclasses import dataclass, field

from aiohttp import WSCloseCode, WSMsgType, web

from simulator.clock import Clock
from simulator.inspector import Inspector
from simulator.json_types import JsonObject, as_object

CONNECTION_LIMIT = 10
ACK_DEADLINE_S = 3.0
#: A ticket that nobody used for this long is forgotten.
TICKET_LIFE_S = 30.0
#: What Slack tells the app about the usual life of a connection, in seconds.
APPROXIMATE_CONNECTION_TIME_S = 18060
#: Acks carry a view at most; anything longer is not an ack.
MAX_FRAME_BYTES = 1024 * 1024


class NotDelivered(Exception):
    """The app took no notice; the message is the error that Slack shows: dispatch_failed or operation_timeout."""


@dataclass(eq=False)
class Connection:
    """One WebSocket of the app."""

    number: int
    socket: web.WebSocketResponse
    awaiting: dict[str, "asyncio.Future[JsonObject]"] = field(default_factory=dict[str, "asyncio.Future[JsonObject]"])


class Sockets:
    """The app's connections, and the way to hand it an envelope."""

    def __init__(self, app_id: str, clock: Clock, inspector: Inspector) -> None:
        """No connection yet; deadlines are measured by the workspace's clock."""
        self._app_id = app_id
        self._clock = clock
        self._inspector = inspector
        self._tickets: dict[str, float] = {}
        self._connections: list[Connection] = []
        self._opened = 0
        self._turn = 0

    @property
    def count(self) -> int:
        """How many connections are open."""
        return len(self._connections)

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
        if made_at is None or self._clock.now() - made_at > TICKET_LIFE_S:
            self._inspector.record("socket", "refused", ok=False, reason="ticket unknown, used or too old")
            return web.Response(status=403, text="This ticket is unknown, used or too old: call apps.connections.open.")
        socket = web.WebSocketResponse(heartbeat=20.0, max_msg_size=MAX_FRAME_BYTES)
        await socket.prepare(request)
        if len(self._connections) >= CONNECTION_LIMIT:
            await socket.send_json({"type": "disconnect", "reason": "too_many_websockets", "debug_info": _debug_info()})
            await socket.close(code=WSCloseCode.TRY_AGAIN_LATER)
            return socket
        self._opened += 1
        await self._hold(Connection(self._opened, socket))
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

    async def close(self) -> None:
        """Say goodbye to every connection."""
        for connection in list(self._connections):
            await connection.socket.close(code=WSCloseCode.GOING_AWAY)

    async def _hold(self, connection: Connection) -> None:
        self._connections.append(connection)
        self._inspector.record("socket", "connected", connection=connection.number, connections=self.count)
        try:
            await connection.socket.send_json(self._hello())
            async for frame in connection.socket:
                if frame.type is WSMsgType.TEXT:
                    self._receive(connection, frame.data)
        finally:
            self._connections.remove(connection)
            for waiting in connection.awaiting.values():
                if not waiting.done():
                    waiting.set_exception(ConnectionResetError("the app left before it acked"))
            self._inspector.record("socket", "disconnected", connection=connection.number, connections=self.count)

    async def _send(self, connection: Connection, envelope: JsonObject) -> JsonObject:
        envelope_id = envelope["envelope_id"]
        acked: asyncio.Future[JsonObject] = asyncio.get_running_loop().create_future()
        connection.awaiting[envelope_id] = acked
        started = time.perf_counter()
        about: JsonObject = {"envelope_id": envelope_id, "connection": connection.number}
        self._inspector.record("envelope", envelope["type"], **about, payload=envelope["payload"])
        try:
            await connection.socket.send_json(envelope)
            answer = await self._clock.wait_for(acked, ACK_DEADLINE_S)
        except (TimeoutError, ConnectionError) as missed:
            took_ms = (time.perf_counter() - started) * 1000
            self._inspector.record("ack", "missed", ok=False, took_ms=took_ms, **about)
            raise NotDelivered("operation_timeout") from missed
        finally:
            connection.awaiting.pop(envelope_id, None)
        took_ms = (time.perf_counter() - started) * 1000
        self._inspector.record("ack", envelope["type"], took_ms=took_ms, **about, payload=answer)
        return answer

    def _receive(self, connection: Connection, text: str) -> None:
        try:
            frame = as_object(json.loads(text))
        except json.JSONDecodeError:
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
        live = [one for one in self._connections if not one.socket.closed]
        if not live:
            return None
        self._turn += 1
        return live[self._turn % len(live)]

    def _hello(self) -> JsonObject:
        return {
            "type": "hello",
            "num_connections": self.count,
            "debug_info": _debug_info(),
            "connection_info": {"app_id": self._app_id},
        }


def _debug_info() -> JsonObject:
    return {
        "host": "applink-simulator-" + secrets.token_hex(2),
        "build_number": 1,
        "approximate_connection_time": APPROXIMATE_CONNECTION_TIME_S,
    }
