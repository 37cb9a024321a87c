"""Frames of SPDY/3.1 as bytes. Pure.

SPDY Protocol, Draft 3.1, 2.6. Frames with headers must be sent in the order in which they are written: their blocks are
one compressed stream.
"""

import struct
from typing import Final

from proxy.kubernetes.streams.spdy.frames import (
    CLEAR_SETTINGS,
    CONTROL,
    FIN,
    MAX_LENGTH,
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
    Settings,
    SynReply,
    SynStream,
    WindowUpdate,
)
from proxy.kubernetes.streams.spdy.header_blocks import Packing

_HEAD: Final = struct.Struct(">HHI")
_TWO: Final = struct.Struct(">II")
_BEGINNING: Final = struct.Struct(">IIBB")


class Writer:
    """Writes what one side sends."""

    def __init__(self) -> None:
        self._packing = Packing()

    def write(self, frame: Frame) -> bytes:
        """The bytes of one frame. Raises ValueError for what no frame can say."""
        match frame:
            case Data():
                return _data(frame)
            case SynStream():
                flags = FIN * frame.fin | UNIDIRECTIONAL * frame.unidirectional
                head = _BEGINNING.pack(_stream(frame.stream), frame.associated, _priority(frame.priority) << 5, 0)
                return _control(Kind.SYN_STREAM, head + self._packing.write(frame.headers), flags)
            case SynReply():
                return self._with_headers(Kind.SYN_REPLY, frame)
            case Headers():
                return self._with_headers(Kind.HEADERS, frame)
            case _:
                return _plain(frame)

    def _with_headers(self, kind: Kind, frame: SynReply | Headers) -> bytes:
        head = _stream(frame.stream).to_bytes(4, "big")
        return _control(kind, head + self._packing.write(frame.headers), FIN * frame.fin)


def _plain(frame: RstStream | Settings | Ping | GoAway | WindowUpdate) -> bytes:
    match frame:
        case RstStream():
            return _control(Kind.RST_STREAM, _TWO.pack(_stream(frame.stream), frame.status))
        case Settings():
            pairs = b"".join(_TWO.pack(each.flags << 24 | each.number, each.value) for each in frame.settings)
            flags = CLEAR_SETTINGS * frame.clear
            return _control(Kind.SETTINGS, len(frame.settings).to_bytes(4, "big") + pairs, flags)
        case Ping():
            return _control(Kind.PING, frame.number.to_bytes(4, "big"))
        case GoAway():
            return _control(Kind.GOAWAY, _TWO.pack(frame.last, frame.status))
        case WindowUpdate():
            return _control(Kind.WINDOW_UPDATE, _TWO.pack(frame.stream, frame.delta))


def _data(frame: Data) -> bytes:
    return _TWO.pack(_stream(frame.stream), FIN * frame.fin << 24 | _length(frame.data)) + frame.data


def _control(kind: Kind, payload: bytes, flags: int = 0) -> bytes:
    return _HEAD.pack(CONTROL | VERSION, kind, flags << 24 | _length(payload)) + payload


def _length(payload: bytes) -> int:
    if len(payload) > MAX_LENGTH:
        raise ValueError(f"a frame of {len(payload)} bytes (up to {MAX_LENGTH} are possible)")
    return len(payload)


def _stream(number: int) -> int:
    if not 0 < number <= MAX_STREAM:
        raise ValueError(f"{number} is the number of no stream")
    return number


def _priority(priority: int) -> int:
    if not 0 <= priority <= 7:
        raise ValueError(f"{priority} is no priority: 0 to 7 are")
    return priority
