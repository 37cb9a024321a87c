"""How a payload reaches the app: over Socket Mode, or by signed HTTP if the app's manifest says so.

The one place where interactions and events leave for the app, and so where those faults strike that lose, delay or
double a payload. What a payload means is no concern of whoever sends it over which transport.
"""

import asyncio
from typing import Protocol

from slack_simulator.base.json_types import JsonObject
from slack_simulator.delivery.acks import ACK_DEADLINE_S, NotDelivered
from slack_simulator.workspace.workspace import Workspace


class Transport(Protocol):
    """A way to the app: `sockets.Sockets` or `http_mode.HttpMode`."""

    async def deliver(
        self, kind: str, payload: JsonObject, *, accepts_response_payload: bool, retry: tuple[int, str] | None = None
    ) -> JsonObject:
        """Hand over one payload; the ack's payload, {} if it carries nothing. Raises NotDelivered."""
        ...


class Delivery:
    """The way to the app, with whatever goes wrong on it."""

    def __init__(self, workspace: Workspace, transport: Transport) -> None:
        """Payloads take this transport."""
        self._workspace = workspace
        self._transport = transport
        self._faults = workspace.faults
        self._late: set[asyncio.Task[JsonObject]] = set()

    async def deliver(
        self, kind: str, payload: JsonObject, *, accepts_response_payload: bool, retry: tuple[int, str] | None = None
    ) -> JsonObject:
        """Hand the app one payload and return what its ack carries, {} if it carries nothing.

        kind is slash_commands, interactive or events_api; retry is the attempt's number and Slack's reason for it.
        Raises NotDelivered. If a fault doubles the payload, the first ack counts.
        """
        manifest = self._workspace.spec.manifest
        if kind == "interactive" and manifest is not None and not manifest.is_interactive:
            # Slack's word for an app whose manifest leaves interactivity off, over Socket Mode too.
            self._workspace.inspector.record("envelope", kind, ok=False, error="app_missing_action_url")
            raise NotDelivered("app_missing_action_url")
        if self._faults.take("dropped", envelope=kind) is not None:
            await self._workspace.clock.sleep(ACK_DEADLINE_S)
            raise NotDelivered("operation_timeout", retry_reason="timeout")
        sent = [payload]
        if payload.get("type") == "block_actions" and self._faults.take("double_click") is not None:
            sent.append(self._acted_again(payload))
        if self._faults.take("duplicate", envelope=kind) is not None:
            sent += sent
        first, *_ = await asyncio.gather(
            *(self._send(kind, one, accepts_response_payload, retry) for one in sent), return_exceptions=True
        )
        if isinstance(first, BaseException):
            raise first
        return first

    async def close(self) -> None:
        """Give up what is still on its way."""
        for task in self._late:
            task.cancel()
        await asyncio.gather(*self._late, return_exceptions=True)

    async def _send(
        self, kind: str, payload: JsonObject, accepts_response_payload: bool, retry: tuple[int, str] | None
    ) -> JsonObject:
        fault = self._faults.take("delivery_latency", envelope=kind)
        if fault is None:
            return await self._transport.deliver(
                kind, payload, accepts_response_payload=accepts_response_payload, retry=retry
            )
        late = asyncio.create_task(
            self._send_late(fault.fields["seconds"], kind, payload, accepts_response_payload, retry)
        )
        self._late.add(late)
        late.add_done_callback(self._forget)
        try:
            return await self._workspace.clock.wait_for(late, ACK_DEADLINE_S)
        except TimeoutError as missed:
            raise NotDelivered("operation_timeout", retry_reason="timeout") from missed

    async def _send_late(
        self,
        seconds: float,
        kind: str,
        payload: JsonObject,
        accepts_response_payload: bool,
        retry: tuple[int, str] | None,
    ) -> JsonObject:
        await self._workspace.clock.sleep(seconds)
        return await self._transport.deliver(
            kind, payload, accepts_response_payload=accepts_response_payload, retry=retry
        )

    def _forget(self, late: asyncio.Task[JsonObject]) -> None:
        self._late.discard(late)
        if not late.cancelled():
            # Looked at, so that asyncio does not complain: whoever waited has long been told of a timeout.
            late.exception()

    def _acted_again(self, payload: JsonObject) -> JsonObject:
        """The same tap as a second interaction: its own trigger_id, response_url and action_ts."""
        user = payload["user"]["id"]
        container = payload["container"]
        view = payload.get("view") or {}
        again = payload | {
            "trigger_id": self._workspace.handles.new_trigger(
                user, container.get("view_id") if view.get("type") == "modal" else None
            ),
            "actions": [one | {"action_ts": self._workspace.messages.next_ts()} for one in payload["actions"]],
        }
        if "response_url" in payload:
            message = self._workspace.messages.get(container["channel_id"], container["message_ts"])
            again["response_url"] = self._workspace.new_response_url(user, container["channel_id"], message)
        return again
