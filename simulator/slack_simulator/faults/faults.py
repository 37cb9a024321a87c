"""The faults at work in one workspace, switched on and off at will.

Holds which faults are active and counts them down; others ask `take` at the moment where a fault would strike and do
the harm themselves. Every strike is recorded in the inspector as kind `fault`. Knows neither HTTP nor sockets.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from slack_simulator.base.clock import Clock
from slack_simulator.base.inspector import Inspector
from slack_simulator.base.json_types import JsonObject
from slack_simulator.faults.catalogue import KINDS, FaultRefused, checked_fields


@dataclass
class Fault:
    """One active fault."""

    id: str
    kind: str
    fields: JsonObject
    #: How often it will still strike; None for always.
    left: int | None
    #: The workspace's time at which it is gone.
    until: float | None
    struck: int = 0

    def to_json(self) -> JsonObject:
        """The fault as the control API shows it."""
        return {"id": self.id, "kind": self.kind, **self.fields, "left": self.left, "struck": self.struck}

    def meets(self, where: Mapping[str, object]) -> bool:
        """Whether it is meant for this call, payload or connection."""
        return all(
            self.fields.get(name) in {None, value} and value in self.fields.get(f"{name}s", (value,))
            for name, value in where.items()
        )


class Faults:
    """The active faults of one workspace, in the order in which they were added."""

    def __init__(self, clock: Clock, inspector: Inspector) -> None:
        """None is active; lives are measured by the workspace's clock."""
        self._clock = clock
        self._inspector = inspector
        self._active: dict[str, Fault] = {}
        self._number = 0

    def add(self, kind: str, given: Mapping[str, Any], connections: Sequence[int] = ()) -> Fault:
        """Switch a fault on. Raises FaultRefused for an unknown kind or field.

        `connections` are those that are open: a ghost that names none haunts these, and none that opens later.
        """
        known = KINDS.get(kind)
        if known is None:
            raise FaultRefused(f"there is no fault {kind!r}; there are: {', '.join(KINDS)}")
        fields = checked_fields(known, given)
        if kind == "ghost":
            fields |= _haunted(fields, connections)
        times, for_s = fields.pop("times", None), fields.pop("for_s", None)
        self._number += 1
        until = None if for_s is None else self._clock.now() + for_s
        fault = Fault(f"fault-{self._number}", kind, fields, times, until)
        self._active[fault.id] = fault
        self._inspector.record("fault", kind, did="added", id=fault.id, fields=fields)
        return fault

    def remove(self, fault_id: str) -> bool:
        """Switch one off; False if it is gone already or was never there."""
        fault = self._active.pop(fault_id, None)
        if fault is not None:
            self._inspector.record("fault", fault.kind, did="removed", id=fault.id)
        return fault is not None

    def clear(self) -> None:
        """Switch all of them off."""
        for fault_id in list(self._active):
            self.remove(fault_id)

    def active(self) -> list[Fault]:
        """Those that may still strike."""
        now = self._clock.now()
        self._active = {fault_id: one for fault_id, one in self._active.items() if one.until is None or now < one.until}
        return list(self._active.values())

    def take(self, kind: str, **where: Any) -> Fault | None:
        """The fault of this kind that strikes here, counted down and recorded; None if all is well."""
        fault = next((one for one in self.active() if one.kind == kind and one.meets(where)), None)
        if fault is None:
            return None
        fault.struck += 1
        if fault.left is not None:
            fault.left -= 1
            if fault.left == 0:
                del self._active[fault.id]
        self._inspector.record("fault", kind, ok=False, did="struck", id=fault.id, left=fault.left, **where)
        return fault


def _haunted(fields: JsonObject, connections: Sequence[int]) -> JsonObject:
    if not connections or fields.get("connection", connections[0]) not in connections:
        raise FaultRefused(f"no such connection is open; open are: {', '.join(map(str, connections)) or 'none'}")
    return {} if "connection" in fields else {"connections": list(connections)}
