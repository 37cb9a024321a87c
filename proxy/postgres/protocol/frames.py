"""Frames: a byte stream cut into PostgreSQL's messages, wherever it was split on its way. Pure.

PostgreSQL docs, "Message Formats": a byte that tells the type, then the length, itself included but not the type.
"""

import io
import struct
from collections.abc import Callable

#: One message in either direction. PostgreSQL allows 1 GiB; we hold a whole message while we analyse or mask it.
MAX_MESSAGE_BYTES = 128 * 1024 * 1024


_HEADER = struct.Struct(">BI")


class ProtocolViolation(Exception):
    """The peer sent bytes that PostgreSQL's protocol does not allow at this point."""


#: One message inside a chunk: its tag, and where in the chunk its payload starts and ends. The whole message with tag
#: and length is `chunk[start - 5 : end]`. A plain tuple: there is one for every row of every result.
Frame = tuple[int, int, int]


class FrameReader:
    """Cuts a byte stream, split anywhere, into whole messages.

    What has arrived of an unfinished message stands in one block that grows in its place and is handed over as it is:
    thousands of pieces would leave holes all over the heap, which the system never gets back, and to copy a long
    message holds everybody up. `pin` is told how many bytes more are held for a message that goes on, and how many less
    (negative) when it is whole or dropped; what it raises is raised by `feed`.
    """

    def __init__(self, limit: int = MAX_MESSAGE_BYTES, pin: Callable[[int], None] = lambda _: None) -> None:
        self._limit = limit
        self._pin = pin
        self._held = io.BytesIO()
        self._missing = 0
        self._pinned = 0
        #: Bytes of the longest message that was held.
        self.longest = 0

    def feed(self, data: bytes) -> tuple[bytes, list[Frame]]:
        """Take what arrived; returns a chunk and the frames that are whole in it.

        Raises ProtocolViolation on an impossible or too large length.
        """
        if self._missing > len(data):
            self._hold(data)
            self._missing -= len(data)
            return b"", []
        chunk = self._with_held(data) if self._held.tell() else data
        frames: list[Frame] = []
        position, size = 0, len(chunk)
        self._missing = 0
        limit, header = self._limit, _HEADER.unpack_from
        while position + 5 <= size:
            tag, length = header(chunk, position)
            if not 4 <= length <= limit:
                raise ProtocolViolation(f"a message of {length} bytes (4 to {limit} are possible through Gatepass)")
            end = position + 1 + length
            if end > size:
                self._missing = end - size
                break
            frames.append((tag, position + 5, end))
            position = end
        if position < size:
            self._held.write(chunk[position:])
        return chunk, frames

    def _hold(self, data: bytes) -> None:
        try:
            self._pin(len(data))
        except BaseException:
            # At once: whoever is not refused goes on with it.
            self.drop()
            raise
        self._pinned += len(data)
        self._held.write(data)

    def _with_held(self, data: bytes) -> bytes:
        self._held.write(data)
        chunk = self._held.getvalue()
        self.drop()
        return chunk

    def drop(self) -> None:
        """Forget what is held of an unfinished message, and give its memory back."""
        if self._held.tell():
            self.longest = max(self.longest, self._held.tell())
            self._held = io.BytesIO()
        if self._pinned:
            self._pin(-self._pinned)
            self._pinned = 0

    @property
    def unfinished(self) -> int:
        """How many bytes of an unfinished message are waiting for the rest."""
        return self._held.tell()

    @property
    def missing(self) -> int:
        """How many bytes are missing of that one, if its length is known."""
        return self._missing
