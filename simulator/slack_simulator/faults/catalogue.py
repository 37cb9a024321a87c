"""Which faults there are and what each takes: the kinds that real Slack shows now and then, and their fields."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

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
KINDS: Mapping[str, FaultKind] = {one.kind: one for one in CATALOGUE}


def checked_fields(kind: FaultKind, given: Mapping[str, Any]) -> JsonObject:
    """The fields as given or by default. Raises FaultRefused for what is unknown, missing or does not fit."""
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
