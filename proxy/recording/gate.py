"""What a client said of itself, before it may stand in a recording: masked, bounded, visible. Pure.

Recordings hold output that the masker has seen and statements that were made to be shown; whatever else would go into
one (a terminal's type, a channel's facts, a parameter's name) is a client's own word and passes here.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, cast

from access.visible import visible_line

#: The longest string of a client's that is recorded, in characters; what is longer says how long it was.
MAX_CHARS = 256
#: A terminal is not larger than this, in characters; numbers of more digits could be a card's.
MAX_TERMINAL = 9_999
#: What stands for a terminal type that is none.
UNKNOWN_TERMINAL = "unknown"

#: Names in terminfo's database (term(7)).
_TERMINAL = re.compile(r"[A-Za-z0-9._+-]{1,32}")
#: No terminal's name has as many digits as the shortest card number has.
_MOST_DIGITS = 8
#: Values of one recording that repeat: names of record types and of channel events.
_REMEMBERED = 64


class Gate:
    """Cleans whatever strings stand in a value; numbers, booleans and None pass as they are."""

    def __init__(self, redact: Callable[[str], str]) -> None:
        """`redact` replaces every sensitive value that is known, whatever the policy masks (`Masker.redact`)."""
        self._redact = redact
        self._text = lru_cache(_REMEMBERED)(self._cleaned)

    def value(self, value: Any) -> Any:
        """The same shape with every string in it cleaned, keys too. Raises TypeError for what is not JSON."""
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, Mapping):
            entries = cast("Mapping[Any, Any]", value)
            return {self._text(str(name)): self.value(inner) for name, inner in entries.items()}
        if isinstance(value, list | tuple):
            return [self.value(inner) for inner in cast("Sequence[Any]", value)]
        if value is None or isinstance(value, int | float):
            return value
        raise TypeError(f"a {type(value).__name__} is nothing to record")

    def _cleaned(self, text: str) -> str:
        masked = visible_line(self._redact(text))
        if len(masked) <= MAX_CHARS:
            return masked
        return f"{masked[:MAX_CHARS]}… ({len(text)} characters)"


def terminal_type(term: str) -> str:
    """A terminal's type as a name that terminfo could have; UNKNOWN_TERMINAL for every other string."""
    known = _TERMINAL.fullmatch(term) and sum(map(str.isdigit, term)) <= _MOST_DIGITS
    return term if known else UNKNOWN_TERMINAL


def terminal_size(width: int, height: int) -> tuple[int, int]:
    """A terminal's size in characters, at most MAX_TERMINAL each way."""
    return min(max(width, 0), MAX_TERMINAL), min(max(height, 0), MAX_TERMINAL)
