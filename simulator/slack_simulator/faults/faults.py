"""What goes wrong on purpose: the faults that real Slack shows now and then, switched on at will.

Holds which faults are active and counts them down; others ask `take` at the moment where a fault would strike and do
the harm themselves. Every strike is recorded in the inspector as kind `fault`. Knows neither HTTP nor sockets.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from slack_simulator.base.clock import Clock
from slack_simulator.base.inspector import Inspector
from slack_simulator.base.json_types import JsonObject

#: The types of envelopes, as in Socket Mode.
ENVELOPES = ("slash_commands", "interactive", "events_api")


class FaultRefused(ValueError):
    """There is no such fault, or it does not take this field; the message says what there is."""


@dataclass(frozen=True)
class Field:
    """One field of a kind of fault; `type` is text, number or whole."""

    name: str
    type: str
    says: str
    required: bool = False
    default: str | float | None = None
    #: The only values it takes; empty for any.
    choices: tuple[str, ...] = ()
    lowest: float = 0
    highest: float = 86_400

    def checked(self, value: Any) -> str | float:
        """The value, or FaultRefused with what the field takes."""
        if self.type == "text":
            if isinstance(value, str) and value and (not self.choices or value in self.choices):
                return value
            wanted = "one of " + ", ".join(self.choices) if self.choices else "a text"
            raise FaultRefused(f"{self.name} must be {wanted}, not {value!r}")
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
        if not is_number or (self.type == "whole" and not isinstance(value, int)):
            raise FaultRefused(f"{self.name} must be a {self.type} number, not {value!r}")
        if not self.lowest <= value <= self.highest:
            raise FaultRefused(f"{self.name} must be between {self.lowest:g} and {self.highest:g}, not {value!r}")
        return value

    def to_json(self) -> JsonObject:
        """The field as the catalogue shows it."""
        shown: JsonObject = {"name": self.name, "type": self.type, "required": self.required, "says": self.says}
        if self.default is not None:
            shown["default"] = self.default
        if self.choices:
            shown["choices"] = list(self.choices)
        return shown


@dataclass(frozen=True)
class FaultKind:
    """A kind of fault and what it takes."""

    kind: str
    says: str
    fields: tuple[Field, ...] = ()

    def to_json(self) -> JsonObject:
        """The kind as the catalogue shows it."""
        return {"kind": self.kind, "says": self.says, "fields": [one.to_json() for one in (*self.fields, *COMMON)]}


#: Every kind takes these too.
COMMON = (
    Field("times", "whole", "strike so often, then be gone; without it until removed", lowest=1, highest=1_000_000),
    Field("for_s", "number", "be gone after so many seconds of the workspace's clock"),
)
_METHOD = Field("method", "text", "only this method, such as chat.postMessage or response_url; without it every one")
_ENVELOPE = Field("envelope", "text", "only envelopes of this type; without it all", choices=ENVELOPES)

CATALOGUE = (
    FaultKind(
        "api_ratelimited",
        "A call of the Web API is answered with 429 and Retry-After.",
        (_METHOD, Field("retry_after_s", "whole", "the seconds in Retry-After", default=1)),
    ),
    FaultKind(
        "api_error",
        "A call is answered with a server's error, and nothing is done.",
        (_METHOD, Field("status", "whole", "the HTTP status", default=503, lowest=500, highest=599)),
    ),
    FaultKind(
        "api_refuses",
        "A call is refused with an error code of Slack's, and nothing is done.",
        (_METHOD, Field("error", "text", "the code, such as channel_not_found", required=True)),
    ),
    FaultKind(
        "api_latency",
        "A call waits before it is done.",
        (_METHOD, Field("seconds", "number", "by the workspace's clock", required=True)),
    ),
    FaultKind(
        "api_answer_lost",
        "A call is done, but the connection is cut before the answer.",
        (_METHOD,),
    ),
    FaultKind("duplicate", "The app gets a payload twice.", (_ENVELOPE,)),
    FaultKind("dropped", "A payload never reaches the app; the person sees a timeout.", (_ENVELOPE,)),
    FaultKind(
        "delivery_latency",
        "A payload reaches the app late, past the deadline of 3 s too; its trigger_id ages meanwhile.",
        (_ENVELOPE, Field("seconds", "number", "by the workspace's clock", required=True)),
    ),
    FaultKind(
        "ghost",
        "A socket stays open and answers pings, but what is given to it vanishes.",
        (Field("connection", "whole", "its number; without it all that are open now", lowest=1, highest=1_000_000),),
    ),
    FaultKind("ephemeral_lost", "An ephemeral message is taken, and nobody ever sees it."),
    FaultKind(
        "bad_signature", "A signed request comes with a signature that does not fit; HTTP mode only.", (_ENVELOPE,)
    ),
    FaultKind(
        "stale_signature",
        "A signed request comes with a timestamp that is too old, as a replayed one does; HTTP mode only.",
        (_ENVELOPE, Field("seconds", "number", "how old", default=301, lowest=1)),
    ),
    FaultKind("double_click", "A tap is sent twice at once, as two interactions."),
)
_KINDS: Mapping[str, FaultKind] = {one.kind: one for one in CATALOGUE}


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
        known = _KINDS.get(kind)
        if known is None:
            raise FaultRefused(f"there is no fault {kind!r}; there are: {', '.join(_KINDS)}")
        fields = _checked(known, given)
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


def _checked(kind: FaultKind, given: Mapping[str, Any]) -> JsonObject:
    known = {one.name: one for one in (*kind.fields, *COMMON)}
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise FaultRefused(f"{kind.kind} has no field {unknown[0]!r}; it takes: {', '.join(known)}")
    fields: JsonObject = {}
    for name, field in known.items():
        value = given.get(name)
        if value is not None:
            fields[name] = field.checked(value)
        elif field.required:
            raise FaultRefused(f"{kind.kind} needs {name}: {field.says}")
        elif field.default is not None:
            fields[name] = field.default
    return fields
