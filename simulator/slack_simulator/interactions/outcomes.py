"""What came of an interaction, and the plainest way to have one: hand the app its payload and wait for the ack."""

from dataclasses import dataclass, field
from typing import Any

from slack_simulator.base.json_types import JsonObject
from slack_simulator.delivery.acks import NotDelivered
from slack_simulator.delivery.delivery import Delivery


@dataclass(frozen=True)
class Outcome:
    """What came of an interaction: `error` as Slack names it, `errors` by block_id as a modal shows them."""

    ok: bool
    error: str | None = None
    errors: dict[str, str] = field(default_factory=dict[str, str])
    #: What the app answered over HTTP instead of 2xx.
    status: int | None = None
    ack: JsonObject = field(default_factory=dict[str, Any])
    #: For submissions: what happened to the modal (closed, updated, pushed, cleared).
    view: str | None = None


async def hand_over(delivery: Delivery, payload: JsonObject) -> Outcome:
    """Hand the app an interaction whose ack carries nothing; a missed ack becomes the outcome's error."""
    try:
        accepts = payload.get("type") == "block_actions"
        ack = await delivery.deliver("interactive", payload, accepts_response_payload=accepts)
    except NotDelivered as missed:
        return Outcome(ok=False, error=str(missed), status=missed.status)
    return Outcome(ok=True, ack=ack)
