"""The recording of an SSH connection: asciicast v2, lossless, with room for several channels.

Players show the first channel, called the screen, and skip event codes that they do not know:

    o  what the screen channel wrote to stdout (text)     e  to stderr
    r  the screen channel's new size, "80x24"             m  a statement (written by the session)
    c  a channel was opened or closed; a JSON object in a string

Bytes that are no UTF-8 are base64 under the code with a `b` behind it. Other channels' codes carry their number:
`o.2`, `eb.3`, `r.2`. Input is not recorded, because people type passwords; only its size is, in `c`.
"""

import base64
import json
from collections.abc import Callable
from typing import Any

from proxy.recorder import Recorder

STDOUT = "o"
STDERR = "e"

#: The channel that players show.
SCREEN = 0

_encode_text = json.JSONEncoder(ensure_ascii=False).encode


class Cast:
    """Writes what channels show to the session's recorder; each call returns when the event is written."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def begin(self, width: int, height: int, term: str | None) -> None:
        """Say how large the screen is, before the first event; a command without a terminal has the usual 80x24."""
        if width and height:
            self._recorder.describe(width=width, height=height)
        if term:
            self._recorder.describe(env={"TERM": term})

    def stream(self, channel: int, code: str) -> Callable[[bytes], None]:
        """The function that records output of one of a channel's streams (STDOUT or STDERR)."""
        suffix = _suffix(channel)
        text_code, base64_code = f'"{code}{suffix}",', f'"{code}b{suffix}",'
        recorder = self._recorder

        def write(data: bytes) -> None:
            start = f"[{recorder.elapsed():.6f},"
            try:
                line = f"{start}{text_code}{_encode_text(data.decode())}]".encode()
            except UnicodeDecodeError:
                line = b"".join((start.encode(), base64_code.encode(), b'"', base64.b64encode(data), b'"]'))
            recorder.write(line)

        return write

    def resize(self, channel: int, width: int, height: int) -> None:
        """Record a terminal's new size, in characters."""
        self._recorder.write([self._recorder.elapsed(), f"r{_suffix(channel)}", f"{width}x{height}"])

    def channel(self, channel: int, **facts: Any) -> None:
        """Record that a channel was opened or closed, with what is known about it."""
        event = json.dumps({"channel": channel, **facts}, separators=(",", ":"))
        self._recorder.write([self._recorder.elapsed(), "c", event])


def _suffix(channel: int) -> str:
    return "" if channel == SCREEN else f".{channel}"
