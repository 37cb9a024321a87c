"""How a payload reaches the app: over Socket Mode, or by signed HTTP if the app's manifest says so.

The one place where people's deeds and the workspace's events leave for the app. What a payload means is no concern of
this module; who sends it need not know by which road it goes.
"""

from simulator.json_types import JsonObject
from simulator.sockets import Sockets


class Delivery:
    """The road to the app."""

    def __init__(self, sockets: Sockets) -> None:
        """Payloads go to any one of these connections."""
        self._sockets = sockets

    async def deliver(
        self, kind: str, payload: JsonObject, *, accepts_response_payload: bool, retry: tuple[int, str] | None = None
    ) -> JsonObject:
        """Hand the app one payload and return what its ack carries, {} if it carries nothing.

        kind is slash_commands, interactive or events_api; retry is the attempt's number and Slack's reason for it.
        Raises `simulator.sockets.NotDelivered`.
        """
        return await self._sockets.deliver(
            kind, payload, accepts_response_payload=accepts_response_payload, retry=retry
        )
