"""What passed between the app and the workspace: requests, envelopes and acks, with times. Tokens of Slack's and signed
tokens (JWT) are taken out before anything is kept."""

import json
from collections import deque
from dataclasses import dataclass
from typing import Any

from slack_simulator.base.changes import Changes
from slack_simulator.base.clock import Clock
from slack_simulator.base.tokens import without_tokens

#: What apps and people send is kept up to this many characters in each part.
KEPT_CHARACTERS = 20_000
#: Enough for a long session of trying things out; older entries fall off.
KEPT_ENTRIES = 2000


@dataclass(frozen=True)
class Entry:
    """One exchange. `kind` is api, envelope, ack, socket, response_url or fault."""

    number: int
    at: float
    kind: str
    name: str
    ok: bool
    took_ms: float | None
    detail: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        """The entry as the control API and the page show it."""
        return {
            "number": self.number,
            "at": self.at,
            "kind": self.kind,
            "name": self.name,
            "ok": self.ok,
            "took_ms": self.took_ms,
            "detail": self.detail,
        }


class Inspector:
    """The last entries, newest last."""

    def __init__(self, clock: Clock, changes: Changes) -> None:
        """Entries are timed by the workspace's clock and counted as changes."""
        self._clock = clock
        self._changes = changes
        self._entries: deque[Entry] = deque(maxlen=KEPT_ENTRIES)
        self._number = 0

    def record(self, kind: str, name: str, *, ok: bool = True, took_ms: float | None = None, **detail: Any) -> None:
        """Keep one exchange."""
        self._number += 1
        rounded = None if took_ms is None else round(took_ms, 2)
        detail = {about: _bounded(without_tokens(value)) for about, value in detail.items()}
        self._entries.append(Entry(self._number, self._clock.now(), kind, name, ok, rounded, detail))
        self._changes.record()

    def after(self, number: int) -> list[Entry]:
        """The kept entries whose number is greater than this one."""
        return [entry for entry in self._entries if entry.number > number]


def _bounded(value: Any) -> Any:
    """The value, or the beginning of its JSON if it is so long that two thousand of them would fill the memory."""
    if not isinstance(value, (str, dict, list)):
        return value
    written = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return value if len(written) <= KEPT_CHARACTERS else written[:KEPT_CHARACTERS] + "…"
