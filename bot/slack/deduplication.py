"""Which deliveries were seen already. Slack and its sockets may hand over one payload twice; Bolt does not notice.

Per process and bounded: what must hold across processes is held by storage, where a decision is one conditional UPDATE.
"""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

#: Far more than arrive while a duplicate may still come.
REMEMBERED = 20_000


class Deduplication:
    """Remembers the payloads of the recent past by the id that Slack gave each."""

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._remembered = remembered

    def is_first(self, body: Mapping[str, Any]) -> bool:
        """False for a payload that was asked about before; one without an id is always new."""
        identifier = delivery_id(body)
        if identifier is None:
            return True
        if identifier in self._seen:
            return False
        self._seen[identifier] = None
        if len(self._seen) > self._remembered:
            self._seen.popitem(last=False)
        return True

    def forget(self, body: Mapping[str, Any]) -> None:
        """The payload was not dealt with: let it count as new when it comes again."""
        identifier = delivery_id(body)
        if identifier is not None:
            self._seen.pop(identifier, None)


def delivery_id(body: Mapping[str, Any]) -> str | None:
    """`event_id` of an event, `trigger_id` of a command or an interaction: each is given to one delivery alone."""
    found = body.get("event_id") or body.get("trigger_id")
    return str(found) if found else None
