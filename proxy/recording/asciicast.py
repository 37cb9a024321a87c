"""The recording of an SSH connection: asciicast v2, lossless, with room for several channels.

Players show the first channel, called the screen, and skip event codes that they do not know:

    o  what the screen channel wrote to stdout (text)     e  to stderr
    r  the screen channel's new size, "80x24"             m  a statement (written by the session)
    c  a channel was opened or closed; a JSON object in a string, as in the next two
    f  a file was moved, or something was done to it      w  a forwarded connection was opened or closed

Output that is no UTF-8 stands as base64 under `b` (stdout) or `eb` (stderr). Other channels' codes carry their number:
`o.2`, `eb.3`, `r.2`. Input is not recorded, because people type passwords; only its size is, in `c`.
"""

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any

from proxy.recording.gate import terminal_size, terminal_type
from proxy.recording.recorder import Recorder

STDOUT = "o"
STDERR = "e"
_BASE64 = {STDOUT: "b", STDERR: "eb"}

#: The channel that players show.
SCREEN = 0

# What JSON must escape (RFC 8259, 7). Most of it is absent from most output, and looking for what is absent costs
# next to nothing: this is ten times as fast as json's own encoder.
_ESCAPES = tuple(
    (character.encode(), json.dumps(character)[1:-1].encode())
    for character in ("\\", '"', *(chr(code) for code in range(0x20)))
)


class Cast:
    """Writes what channels show to the session's recorder; each call returns when the event is written."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def begin(self, width: int, height: int, term: str | None) -> None:
        """Say how large the screen is, before the first event; a command without a terminal has the usual 80x24."""
        width, height = terminal_size(width, height)
        if width and height:
            self._recorder.describe(width=width, height=height)
        if term:
            self._recorder.describe(env={"TERM": terminal_type(term)})

    def stream(self, channel: int, code: str) -> Callable[[bytes], None]:
        """The function that records output of one of a channel's streams (STDOUT or STDERR)."""
        text_code, base64_code = (f'"{each}{_suffix(channel)}",'.encode() for each in (code, _BASE64[code]))
        recorder = self._recorder

        def write(data: bytes) -> None:
            time = b"[%.6f," % recorder.elapsed()
            if _is_text(data):
                recorder.write(b"".join((time, text_code, json_string(data), b"]")))
            else:
                recorder.write(b"".join((time, base64_code, b'"', base64.b64encode(data), b'"]')))

        return write

    def resize(self, channel: int, width: int, height: int) -> None:
        """Record a terminal's new size, in characters."""
        width, height = terminal_size(width, height)
        self._recorder.write([self._recorder.elapsed(), f"r{_suffix(channel)}", f"{width}x{height}"])

    def channel(self, channel: int, **facts: Any) -> None:
        """Record that a channel was opened or closed, with what is known about it."""
        self._event("c", {"channel": channel, **facts})

    def file(self, channel: int, facts: Mapping[str, Any]) -> None:
        """Record that a channel moved a file, or did something to one: path, bytes, SHA-256."""
        self._event("f", {"channel": channel, **facts})

    def forwarded(self, number: int, **facts: Any) -> None:
        """Record that a connection is forwarded, or was: its destination, and bytes each way."""
        self._event("w", {"forward": number, **facts})

    def _event(self, code: str, facts: Mapping[str, Any]) -> None:
        event = json.dumps(self._recorder.cleaned(dict(facts)), separators=(",", ":"))
        self._recorder.write(json.dumps([self._recorder.elapsed(), code, event], separators=(",", ":")).encode())


def json_string(text: bytes) -> bytes:
    """UTF-8 as a JSON string, quotes included."""
    for character, escaped in _ESCAPES:
        text = text.replace(character, escaped)
    return b'"%s"' % text


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _suffix(channel: int) -> str:
    return "" if channel == SCREEN else f".{channel}"
