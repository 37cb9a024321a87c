"""Durations as people type them: `15m`, `1h30m`, `2d`. Pure. A bare number is refused: nobody can tell its unit."""

import re

_UNITS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_DURATION = re.compile(r"(?:([0-9]{1,6})d)?(?:([0-9]{1,6})h)?(?:([0-9]{1,6})m)?(?:([0-9]{1,9})s)?")
_EXAMPLES = "write it like 15m, 2h or 1h30m"
#: Longer words are not repeated: they could be a card number typed in the wrong place.
_LONGEST_ECHO = 10


class InvalidDuration(ValueError):
    """The text is no duration; the message quotes it, if short, and shows how one is written."""


def parse_duration(text: str) -> int:
    """Seconds of `text`: days, hours, minutes and seconds in that order, each at most once. Never zero.

    Raises InvalidDuration with a sentence for the person who typed it.
    """
    compact = "".join(text.split()).lower()
    quoted = repr(text) if len(text) <= _LONGEST_ECHO else "That"
    if not compact:
        raise InvalidDuration(f"A duration is missing: {_EXAMPLES}.")
    if compact.startswith("-"):
        raise InvalidDuration(f"{quoted} is negative: {_EXAMPLES}.")
    if compact.isdecimal() and compact.strip("0"):
        raise InvalidDuration(f"{quoted} has no unit: {_EXAMPLES}.")
    match = _DURATION.fullmatch(compact)
    if match is None and compact.strip("0"):
        raise InvalidDuration(f"{quoted} is no duration: {_EXAMPLES}.")
    amounts = match.groups(default="0") if match else ()
    seconds = sum(int(amount) * size for amount, size in zip(amounts, _UNITS.values(), strict=False))
    if seconds == 0:
        raise InvalidDuration(f"{quoted} is no time at all: {_EXAMPLES}.")
    return seconds


def format_duration(seconds: int) -> str:
    """The shortest text that parse_duration reads back: 5400 is `1h30m`. Zero and less are `0s`."""
    parts: list[str] = []
    left = max(seconds, 0)
    for unit, size in _UNITS.items():
        amount, left = divmod(left, size)
        if amount:
            parts.append(f"{amount}{unit}")
    return "".join(parts) or "0s"
