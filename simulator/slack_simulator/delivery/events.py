"""The Events API towards the app: sent in the background, retried as Slack retries.

docs.slack.dev/apis/events-api: an event that is not acked is sent again at once, after one minute and after five.
"""

import asyncio
import secrets

from slack_simulator.base.json_types import JsonObject
from slack_simulator.delivery.acks import NotDelivered
from slack_simulator.delivery.delivery import Delivery
from slack_simulator.delivery.payloads import Payloads
from slack_simulator.workspace.workspace import Workspace

#: Seconds before the first, second and third retry.
RETRY_AFTER_S = (0.0, 60.0, 300.0)


class Events:
    """Sends the events that the app subscribes to."""

    def __init__(self, workspace: Workspace, delivery: Delivery, payloads: Payloads) -> None:
        """Deliveries run as tasks of this object until `close`."""
        self._workspace = workspace
        self._delivery = delivery
        self._payloads = payloads
        self._tasks: set[asyncio.Task[None]] = set()

    def send(self, name: str, event: JsonObject) -> None:
        """Send an event if the app subscribes to `name` (such as message.im); returns at once."""
        if not self._workspace.spec.subscribes(name):
            return
        payload = self._payloads.event(event, "Ev0" + secrets.token_hex(4).upper())
        task = asyncio.create_task(self._deliver(payload), name=f"event {name}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Stop all deliveries."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _deliver(self, payload: JsonObject) -> None:
        retry: tuple[int, str] | None = None
        for attempt, pause_s in enumerate((*RETRY_AFTER_S, None), start=1):
            try:
                await self._delivery.deliver("events_api", payload, accepts_response_payload=False, retry=retry)
            except NotDelivered as missed:
                if pause_s is None or not missed.may_retry:
                    return
                retry = (attempt, missed.retry_reason)
                await self._workspace.clock.sleep(pause_s)
            else:
                return
