"""A byte stream read as frames of SPDY/3.1, wherever it was split on its way. Pure.

SPDY Protocol, Draft 3.1, 2.2 and 2.6: two words, then as many bytes as the second one's last 24 bits say. A control
frame is held until it is whole; of a data frame nothing is, so that its length costs no memory.
"""

import struct
from collections.abc import Callable, Mapping
from typing import Final

from proxy.kubernetes.streams.spdy.frames import (
    CLEAR_SETTINGS,
    CONTROL,
    FIN,
    MAX_STREAM,
    UNIDIRECTIONAL,
    VERSION,
    Data,
    Frame,
    GoAway,
    Headers,
    Kind,
    Ping,
    RstStream,
    Setting,
    Settings,
    SynReply,
    SynStream,
    WindowUpdate,
)
from proxy.kubernetes.streams.spdy.header_blocks import Unpacking
from proxy.kubernetes.streams.violation import StreamViolation

#: Of a control frame; Kubernetes' have some hundred. The protocol allows 16 MiB.
MAX_CONTROL_BYTES: Final = 1024 * 1024

_HEAD: Final = struct.Struct(">II")
_WORD: Final = struct.Struct(">I")
_TWO: Final = struct.Struct(">II")
_BEGINNING: Final = struct.Struct(">IIBB")


class Reader:
    """Reads what one side sends. Once it has raised, nothing can be read any more: the connection is over."""

    def __init__(self) -> None:
        self._unpacking = Unpacking()
        self._held = bytearray()
        #: Of a data frame that has begun: its stream, whether it is the stream's last, and how much of it is to come.
        self._data: tuple[int, bool, int] | None = None

    def feed(self, data: bytes) -> list[Frame]:
        """Take what arrived; returns the frames that are whole, and what there is of a data frame.

        Raises StreamViolation for what no side of Kubernetes sends.
        """
        self._held += data
        frames: list[Frame] = []
        at = 0
        while (found := self._next(at)) is not None:
            frame, at = found
            if frame is not None:
                frames.append(frame)
        del self._held[:at]
        return frames

    @property
    def unfinished(self) -> int:
        """How many bytes are held of a frame whose rest is to come."""
        return len(self._held)

    def _next(self, at: int) -> tuple[Frame | None, int] | None:
        """What stands in `_held` at a position, and the position behind it; None if its rest is to come."""
        if self._data is not None:
            return self._piece(at, *self._data)
        if len(self._held) < at + _HEAD.size:
            return None
        first, second = _HEAD.unpack_from(self._held, at)
        flags, length = second >> 24, second & 0xFF_FFFF
        if first <= MAX_STREAM:
            if not first or flags & ~FIN:
                raise StreamViolation("data of no stream, or with flags that are none")
            self._data = first, bool(flags & FIN), length
            return None, at + _HEAD.size
        if length > MAX_CONTROL_BYTES:
            raise StreamViolation(f"a control frame of {length} bytes (up to {MAX_CONTROL_BYTES} are possible)")
        end = at + _HEAD.size + length
        if len(self._held) < end:
            return None
        return self._control(first, flags, bytes(self._held[at + _HEAD.size : end])), end

    def _piece(self, at: int, stream: int, fin: bool, missing: int) -> tuple[Frame, int] | None:
        piece = bytes(self._held[at : at + missing])
        if missing and not piece:
            return None
        left = missing - len(piece)
        self._data = (stream, fin, left) if left else None
        return Data(stream, piece, fin and not left), at + len(piece)

    def _control(self, first: int, flags: int, payload: bytes) -> Frame:
        version, number = first >> 16 & ~CONTROL, first & 0xFFFF
        if version != VERSION:
            raise StreamViolation(f"a frame of SPDY {version} (3 is spoken)")
        reading = _READINGS.get(number)
        if reading is None:
            raise StreamViolation(f"a control frame of type {number}, which is none")
        return reading(flags, payload, self._unpacking)


def _syn_stream(flags: int, payload: bytes, unpacking: Unpacking) -> Frame:
    _allow(flags, FIN | UNIDIRECTIONAL)
    _at_least(payload, _BEGINNING.size)
    stream, associated, priority, slot = _BEGINNING.unpack_from(payload)
    if priority & 0x1F or slot:
        raise StreamViolation("a stream that begins with bits that nobody sets")
    headers = unpacking.read(payload[_BEGINNING.size :])
    return SynStream(
        _stream(stream),
        headers,
        _number(associated),
        priority >> 5,
        fin=bool(flags & FIN),
        unidirectional=bool(flags & UNIDIRECTIONAL),
    )


def _syn_reply(flags: int, payload: bytes, unpacking: Unpacking) -> Frame:
    return SynReply(*_with_headers(flags, payload, unpacking))


def _headers(flags: int, payload: bytes, unpacking: Unpacking) -> Frame:
    return Headers(*_with_headers(flags, payload, unpacking))


def _with_headers(flags: int, payload: bytes, unpacking: Unpacking) -> tuple[int, tuple[tuple[str, str], ...], bool]:
    _allow(flags, FIN)
    _at_least(payload, _WORD.size)
    (stream,) = _WORD.unpack_from(payload)
    return _stream(stream), unpacking.read(payload[_WORD.size :]), bool(flags & FIN)


def _rst_stream(flags: int, payload: bytes, _: Unpacking) -> Frame:
    stream, status = _pair(flags, payload)
    if not status:
        raise StreamViolation("a stream that is reset for no reason")
    return RstStream(_stream(stream), status)


def _settings(flags: int, payload: bytes, _: Unpacking) -> Frame:
    _allow(flags, CLEAR_SETTINGS)
    _at_least(payload, _WORD.size)
    (count,) = _WORD.unpack_from(payload)
    if len(payload) != _WORD.size + count * _TWO.size:
        raise StreamViolation("settings that are not as many as they say")
    pairs = _TWO.iter_unpack(payload[_WORD.size :])
    settings = tuple(Setting(head & 0xFF_FFFF, value, head >> 24) for head, value in pairs)
    return Settings(settings, clear=bool(flags))


def _ping(flags: int, payload: bytes, _: Unpacking) -> Frame:
    _allow(flags, 0)
    if len(payload) != _WORD.size or not any(payload):
        raise StreamViolation("a ping without a number")
    return Ping(_WORD.unpack(payload)[0])


def _go_away(flags: int, payload: bytes, _: Unpacking) -> Frame:
    last, status = _pair(flags, payload)
    return GoAway(_number(last), status)


def _window_update(flags: int, payload: bytes, _: Unpacking) -> Frame:
    stream, delta = _pair(flags, payload)
    if not 0 < delta <= MAX_STREAM:
        raise StreamViolation("a window that grows by nothing, or by more than it can")
    return WindowUpdate(_number(stream), delta)


_READINGS: Final[Mapping[int, Callable[[int, bytes, Unpacking], Frame]]] = {
    Kind.SYN_STREAM: _syn_stream,
    Kind.SYN_REPLY: _syn_reply,
    Kind.RST_STREAM: _rst_stream,
    Kind.SETTINGS: _settings,
    Kind.PING: _ping,
    Kind.GOAWAY: _go_away,
    Kind.HEADERS: _headers,
    Kind.WINDOW_UPDATE: _window_update,
}


def _pair(flags: int, payload: bytes) -> tuple[int, int]:
    _allow(flags, 0)
    if len(payload) != _TWO.size:
        raise StreamViolation(f"a control frame of {len(payload)} bytes that has two words")
    return _TWO.unpack(payload)


def _allow(flags: int, known: int) -> None:
    if flags & ~known:
        raise StreamViolation("a control frame with flags that are none")


def _at_least(payload: bytes, size: int) -> None:
    if len(payload) < size:
        raise StreamViolation(f"a control frame of {len(payload)} bytes that has {size} and more")


def _stream(number: int) -> int:
    if not number:
        raise StreamViolation("a frame of stream 0, which is none")
    return _number(number)


def _number(number: int) -> int:
    """A stream's number, whose first bit nobody sets."""
    if number > MAX_STREAM:
        raise StreamViolation("a stream's number of 32 bits (31 are possible)")
    return number
