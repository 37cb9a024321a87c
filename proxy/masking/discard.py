"""The rest of a key or token whose replacement is already out and that goes on in the bytes to come.

Private keys and JSON web tokens may be longer than a stream can hold back; nothing of them needs to be held, because
all of it is dropped.
"""

import re

from access.policy.entities import Entity
from proxy.masking.detectors.keys import KEY_BODY, KEY_END, KEY_MAX
from proxy.masking.edits import Edit

_TOKEN_REST = re.compile(rb"[A-Za-z0-9_.-]*")
_END = re.compile(rb"-----END (?:[A-Z0-9 ]|\x1b\[[0-9;:]*[A-Za-z]){0,60}-----\Z")
#: The first bytes of "-----END RSA PRIVATE KEY-----".
_END_BEGUN = re.compile(
    rb"-{1,5}(?:(?<=-----)(?:E|EN|END|END (?:[A-Z0-9 ]|\x1b\[[0-9;:]*[A-Za-z]?|\x1b){0,60}-{0,4}))?\Z"
)
_COLOUR_BEGUN = re.compile(rb"\x1b(?:\[[0-9;:]*)?")
_LONGEST_END = 160


class Discard:
    """Drops bytes until the value's end was seen, then is `done`."""

    def __init__(self, kind: str, body: bytes = b"") -> None:
        self.done = False
        #: The last byte that was dropped: what stands before the bytes to come.
        self.last = b""
        self._kind = kind
        self._pending = b""
        self._room = KEY_MAX
        if kind == Entity.PRIVATE_KEY:
            self._discard_key(body)

    @classmethod
    def after(cls, edit: Edit, data: bytes) -> "Discard | None":
        """What to discard after `edit`, made at the very end of `data`; None if its value cannot go on."""
        if edit.kind == Entity.JWT:
            return cls(edit.kind)
        if edit.kind == Entity.PRIVATE_KEY:
            discard = cls(edit.kind, data[edit.start : edit.end].split(b"-----", 2)[2])
            return None if discard.done else discard
        return None

    def feed(self, data: bytes) -> bytes:
        """Drop from the start of `data`; return what follows the value's end."""
        return self._discard_key(data) if self._kind == Entity.PRIVATE_KEY else self._discard_token(data)

    def finish(self) -> bytes:
        """What is left when the stream ends: an escape sequence that was begun is no part of the value."""
        return self._pending if self._pending.startswith(b"\x1b") else b""

    def _discard_token(self, data: bytes) -> bytes:
        past = _length(_TOKEN_REST.match(data))
        rest = data[past:]
        self.last = data[:past][-1:] or self.last
        self.done = bool(rest)
        return rest

    def _discard_key(self, data: bytes) -> bytes:
        data = self._pending + data
        past = _length(re.compile(KEY_BODY % self._room + KEY_END).match(data))
        ended = _END.search(data[max(0, past - _LONGEST_END) : past]) is not None
        unfinished = past == len(data) or _COLOUR_BEGUN.fullmatch(data, past) is not None
        if ended or not unfinished:
            self.done = True
            self.last = data[:past][-1:] or self.last
            return data[past:]
        begun = _END_BEGUN.search(data[-_LONGEST_END:])
        self._pending = data[past:] if begun is None else begun.group()
        self._room -= len(data) - len(self._pending)
        self.last = data[-1:]
        return b""


def _length(match: "re.Match[bytes] | None") -> int:
    return 0 if match is None else match.end()
