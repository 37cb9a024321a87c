"""Private keys in PEM: RFC 7468, OpenSSH's and PGP's.

Without an END line a key lasts as long as what follows could be one. A key may be longer than
what a stream holds back: once its first part was replaced, the rest is discarded.
"""

import re

from access.policy.entities import Entity
from proxy.masking.byte_patterns import ESCAPE
from proxy.masking.detector import Detector
from proxy.masking.shaped import shaped

#: Longest body of a private key, in bytes: RSA of 16384 bits has about 12,700.
_MAX_BODY = 16384
#: Tools that show keys in colour put these anywhere.
_COLOUR = rb"\x1b\[[0-9;:]*[A-Za-z]"
_ARMOUR = rb"(?:[A-Z0-9 ]|" + _COLOUR + rb"){0,60}"
_BEGIN = rb"-----BEGIN " + _ARMOUR + rb"?PRIVATE(?:" + _COLOUR + rb")* KEY(?:" + _COLOUR + rb")*(?: BLOCK)?-----"
_BODY = rb"(?:(?!-----END )[A-Za-z0-9+/=\s\\:,.-]|" + _COLOUR + rb"){0,%d}"
_END = rb"(?:-----END " + _ARMOUR + rb"(?:-----|-{0,4}(?:\x1b(?:\[[0-9;:]*)?)?(?=\x1f|\Z)))?"

_end_at_end = re.compile(rb"-----END (?:[A-Z0-9 ]|\x1b\[[0-9;:]*[A-Za-z]){0,60}-----\Z")
#: The first bytes of "-----END RSA PRIVATE KEY-----".
_end_begun = re.compile(
    rb"-{1,5}(?:(?<=-----)(?:E|EN|END|END (?:[A-Z0-9 ]|\x1b\[[0-9;:]*[A-Za-z]?|\x1b){0,60}-{0,4}))?\Z"
)
_colour_begun = re.compile(rb"\x1b(?:\[[0-9;:]*)?")
_LONGEST_END = 160


class DiscardKey:
    """Discards a key's body and END line; `found`: all of the key that was replaced, from its BEGIN line on."""

    def __init__(self, found: bytes) -> None:
        self.done = False
        self.last = b""
        self._pending = b""
        self._room = _MAX_BODY
        self.feed(found.split(b"-----", 2)[2])

    def feed(self, data: bytes) -> bytes:
        """Drop from the start of `data`; return what follows the END line, or what can be part of no key."""
        data = self._pending + data
        match = re.compile(_BODY % self._room + _END).match(data)
        past = 0 if match is None else match.end()
        ended = _end_at_end.search(data[max(0, past - _LONGEST_END) : past]) is not None
        unfinished = past == len(data) or _colour_begun.fullmatch(data, past) is not None
        if ended or not unfinished:
            self.done = True
            self.last = data[:past][-1:] or self.last
            return data[past:]
        begun = _end_begun.search(data[-_LONGEST_END:])
        self._pending = data[past:] if begun is None else begun.group()
        self._room -= len(data) - len(self._pending)
        self.last = data[-1:]
        return b""

    def finish(self) -> bytes:
        """What is left when the stream ends: an escape sequence that was begun is no part of the key."""
        return self._pending if self._pending.startswith(b"\x1b") else b""


DETECTOR = Detector(
    Entity.PRIVATE_KEY,
    shaped(Entity.PRIVATE_KEY, _BEGIN + _BODY % _MAX_BODY + _END),
    hint=r"-----BEGIN ",
    reads_escapes=True,
    unfinished=rf"-----BEGIN(?:[A-Z0-9 ]|{ESCAPE})*-{{0,5}}",
    goes_on=DiscardKey,
)
