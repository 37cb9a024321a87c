"""What the program's log says of an audit event: who, what, which door, which request and session. Pure.

Logs go to more people than the audit log does, so a line names only what Gatepass itself or its policy named. What
people typed (reasons, tickets, statements, names that are not the policy's) is in the event and in no line.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

#: Members of an event's detail that are ids, members of enumerations, names of the policy, numbers, or addresses.
SHOWN = ("request", "statement", "rule", "protocol", "client", "forwarding", "segments", "refusals")
#: The one event whose reason is the program's own word; the reasons of others are people's.
_ENDS_A_SESSION = "proxy:session:end"
#: What was asked for and refused may be named by whoever asked.
_REFUSED = ":refuse"
#: What an operator does at a terminal is before their eyes, and its line would stand in the command's output.
_AT_A_TERMINAL = "cli:"


def fields(
    actor: str,
    action: str,
    resource: str,
    outcome: str,
    session: UUID | None,
    grant: UUID | None,
    detail: Mapping[str, Any],
) -> dict[str, Any] | None:
    """The line's fields, without those that are empty; None for an event that gets no line."""
    if action.startswith(_AT_A_TERMINAL):
        return None
    line: dict[str, Any] = {"actor": actor, "outcome": outcome}
    line["resource"] = "" if action.endswith(_REFUSED) else resource
    line |= {"session": session and str(session), "grant": grant and str(grant)}
    line |= {name: detail[name] for name in SHOWN if name in detail}
    if action == _ENDS_A_SESSION:
        line["reason"] = detail.get("reason")
    return {name: value for name, value in line.items() if value not in (None, "")}
