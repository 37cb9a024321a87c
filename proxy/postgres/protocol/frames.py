"""Frames: a byte stream cut into PostgreSQL's messages, wherever it was split on its way. Pure.

PostgreSQL docs, "Message Formats": a byte that tells the type, then the length, itself included but not the type.
"""

import struct

#: One message in either direction. PostgreSQL allows 1 GiB; we hold a whole message while we analyse or mask it.
MAX_MESSAGE_BYTES = 128 * 1024 * 1024


_HEADER = struct.Struct(">BI")


class ProtocolViolation(Exception):
    """The peer sent bytes that PostgreSQL's protocol does not allow at this point."""


#: One message inside a chunk: its tag, and where in the chunk its payload starts and ends. The whole message with tag
#: and length is `chunk[start - 5 : end]`. A plain tuple: there is one for every row of every result.
Frame = tuple[int, int, int]


class FrameReader:
    """Cuts a byte stream, split anywhere, into whole messages."""

    def __init__(self, limit: int = MAX_MESSAGE_BYTES) -> None:
        self._limit = limit
        self._rest = b""
        self._parts: list[bytes] = []
        self._missing = 0

    def feed(self, data: bytes) -> tuple[bytes, list[Frame]]:
        """Take what arrived; returns a chunk and the frames that are whole in it.

        Raises ProtocolViolation on an impossible or too large length.
        """
        if self._missing > len(data):
            self._parts.append(data)
            self._missing -= len(data)
            return b"", []
        chunk = b"".join((self._rest, *self._parts, data)) if self._rest else data
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
        self._rest = chunk[position:]
        self._parts = []
        return chunk, frames

    @property
    def unfinished(self) -> int:
        """How many bytes of an unfinished message are waiting for the rest."""
        return len(self._rest) + sum(map(len, self._parts))

    def take_rest(self) -> bytes:
        """Hand over what is left unread, for what reads on from here."""
        rest = b"".join((self._rest, *self._parts))
        self._rest, self._parts, self._missing = b"", [], 0
        return rest
