"""The rest of a value whose replacement is already out and that goes on in the bytes to come.

Some values may be longer than a stream can hold back. Nothing of them needs to be held, because all of it is dropped;
their detectors say what drops it.
"""

import re
from typing import Protocol

#: Bytes already sent that are kept to look back at: a digest's digits, the words before a number.
CONTEXT = 256


class Discard(Protocol):
    """Drops bytes until the value's end was seen, then is `done`."""

    done: bool
    #: Done, and more of the value may follow what ended it.
    is_open: bool
    #: The last bytes that were dropped, CONTEXT at most: what stands before the bytes to come.
    last: bytes

    def feed(self, data: bytes) -> bytes:
        """Drop from the start of `data`; return what follows the value's end."""
        ...

    def finish(self) -> bytes:
        """What is left when the stream ends and is no part of the value."""
        ...


class DiscardRun:
    """Discards what `rest` matches; the first byte that it does not match ends the value."""

    def __init__(self, rest: re.Pattern[bytes]) -> None:
        self.done = self.is_open = False
        self.last = b""
        self._rest = rest

    def feed(self, data: bytes) -> bytes:
        """Drop from the start of `data`; return what follows the value's end."""
        match = self._rest.match(data)
        past = 0 if match is None else match.end()
        self.last = (self.last + data[:past])[-CONTEXT:]
        self.done = past < len(data)
        return data[past:]

    def finish(self) -> bytes:
        """Nothing is kept, so nothing is left."""
        return b""
