"""Mask a stream of bytes that arrives in pieces, as if it had come in one.

What may still become a sensitive value is held back and nothing else: feed() returns what is decided. When nothing
follows for some milliseconds the caller flushes; then the held bytes are masked as if the text ended there, and what
was sent is remembered, so that the rest of a value that was cut in two by the flush is still hidden.
"""

import re

from proxy.masking.discard import CONTEXT, Discard
from proxy.masking.edits import REDACTED, Edit, without_borders, without_broken
from proxy.masking.holdback import Holdback, unfinished_character
from proxy.masking.normalise import LONE_ESCAPE, RAISED_DIGITS
from proxy.masking.registry import DETECTORS
from proxy.masking.rules import Masker

#: Longest candidate that is recognised across pieces: a large JSON web token.
MAX_HELD = 8192

_REDACTED = REDACTED.encode()
#: A digit of any script; escape sequences have digits of their own.
_digit = re.compile(rf"({LONE_ESCAPE})|[\d{RAISED_DIGITS}]")

# Theory of operation
#
# A stream may be cut anywhere, also within a card number. What left cannot be called back, so before anything leaves it
# must be certain that no byte to come can make it part of a sensitive value.
#
# `_raw` is all that is known of the stream, in three parts, of which any may be empty:
#
#     "order 17, paid "   "4111 11"   "11 1"
#      context             sent        held
#                          ^ _open     ^ _sent
#
# Context was sent and is finished; finders look back at it ("card" before a number, a label before a code) but change
# nothing in it. What is sent from `_open` on belongs to a candidate that is unfinished: a flush let its first part go.
# What is held waits. Each feed finds values in all three parts and asks `Holdback.open_from` where an unfinished
# candidate begins at the end of `_raw`. What stands before that may leave, with its values replaced.
#
# Why that is enough. `open_from` matches every text that can be the beginning of a value: one unbroken word with what
# shows nothing in it, or what a detector says may stand there besides (digits with gaps, a label and what it opens, an
# account number in groups). It is anchored at the end and its leftmost match counts, so that the part that leaves ends
# where no value can be under way. A match is looked for again in front of it, until there is none: the digits of one
# run belong together, and half of a run may look like a whole number. Finders look back at most CONTEXT bytes, and that
# much of what was sent is kept. So the output is the same wherever the stream is cut.
#
# Why it is bounded. At most MAX_HELD bytes are held: `floor` keeps the search from going back further. A value that
# begins before the floor is replaced as far as it is there, and if its detector knows how it goes on (a private key, a
# token), a Discard drops the rest, which needs no memory. `_forget` drops context. So a session keeps MAX_HELD + twice
# CONTEXT bytes a stream, and every feed costs as much as what is fed and held.
#
# Without a flush (> is fed, < leaves, [ ] is held):
#
#     > "paid 4111 11"             < "paid "                        ["4111 11"]
#     > "11 1111 1111 ok\n"        < "**** **** **** 1111 ok\n"     []
#
# People type one letter and wait for its echo, so the caller flushes when nothing follows. A flush lets go what is held
# except what `Holdback.waiting_from` withholds: the seventh and later digits of what may be a card number, the digits
# of a code, keys and passwords. It may be wrong about the rest, so `_open` stays where the candidate began, and when
# more bytes complete it, only the part of the replacement leaves that stands for what was not sent:
#
#     > "paid 4111 1111 1"         < "paid "                        ["4111 1111 1"]
#     flush                        < "4111 11"                      ["11 1"], which waits
#     > "111 1111 ok\n"            < "** **** 1111 ok\n"            []
#
# Six digits at the beginning and four at the end are shown, which is what PCI DSS 3.4.1 allows. Had it been no card:
#
#     > " rows\n"                  < "11 1 rows\n"                  []

#: Where a value may be under way at the end of what is known, whatever the policy masks.
HOLDBACK = Holdback(DETECTORS.values())
_goes_on = {entity.value: detector.goes_on for entity, detector in DETECTORS.items()}
_has_more = {entity.value: detector.more is not None for entity, detector in DETECTORS.items()}


class StreamMasker:
    """One direction of one channel: feed it, flush it when `held` bytes wait too long, flush(final=True) at its end.

    Without flushes the output is that of Masker.bytes over everything, however it is cut, for candidates of up to
    `max_held` bytes. With flushes at most the first six and the last four digits of a card number are shown, nothing
    of a verification code, of a key the letters that all keys have; the first part of an e-mail address may be out.
    """

    def __init__(self, masker: Masker, *, max_held: int = MAX_HELD) -> None:
        self._masker = masker
        self._max_held = max_held
        #: The kind of value that was replaced last, as the masker counts it; empty while nothing was altered.
        self.latest = ""
        self._discard: Discard | None = None
        self._restart()

    def _restart(self) -> None:
        #: What was sent and is remembered, then what is held.
        self._raw = b""
        self._sent = 0
        #: Where the unfinished candidate begins of which a flush released a part; otherwise what is sent ends there.
        self._open = 0
        #: Where the last replacement ended that a flush released and that more bytes may extend.
        self._replaced = 0
        #: Where what was discarded last ended.
        self._dropped = 0
        #: Where the last value ended of which more may come; negative where that is not remembered.
        self._behind: int | None = None
        #: Bytes that the last flush would not release.
        self._waiting = 0
        #: Of what is discarded, the beginning of a character.
        self._cut = b""
        #: The last bytes that came to be discarded, as they are.
        self._given = b""

    @property
    def held(self) -> int:
        """Bytes that a flush could release; arm a timer when it is not 0.

        What a flush has refused (digits of what may be a card number, a key being typed) waits for what follows it,
        however long that takes, and is not counted.
        """
        return len(self._raw) - self._sent - self._waiting

    @property
    def unsent(self) -> bytes:
        """All bytes that are held, also those that a flush has refused."""
        return self._raw[self._sent :]

    def feed(self, data: bytes, *, whole: bool = False) -> bytes:
        """Take the next bytes; return what may go now: with `whole` all, as with a whole flush behind it."""
        if self._discard is not None:
            data = self._discarded(self._discard, data)
        if not data:
            return b""
        self._waiting = 0
        self._raw += data
        edits = self._masker.edits(self._raw, self._open, behind=self._behind)
        floor = max(self._open, len(self._raw) - self._max_held)
        tail = HOLDBACK.open_from(without_borders(self._raw), floor)
        decided = self._decided(edits, max(self._sent, tail), floor)
        released = self._release(len(self._raw) if whole else decided, edits)
        if self._discard is None:
            self._open = min([tail, decided, *(edit.start for edit in edits if edit.end > decided)])
        if whole:
            self._replaced = self._sent if edits and edits[-1].end == self._sent else self._replaced
        self._forget()
        return released

    def flush(self, *, final: bool = False, whole: bool = False) -> bytes:
        """Mask what is held as if the text ended here. `final`: it does (end of file), so that nothing need wait.

        `whole`: nothing waits either, although more may follow: for streams of which nothing may be kept back for ever.
        """
        if final and self._discard is not None:
            self._raw += self._last_of(self._discard)
        edits = self._masker.edits(self._raw, self._open, behind=self._behind)
        if final:
            released = self._release(len(self._raw), edits)
            self._discard = None
            self._restart()
            return released
        cut = len(self._raw)
        if not whole:
            cut = max(self._sent, HOLDBACK.waiting_from(without_borders(self._raw), self._open))
        cut = max([cut, *(edit.end for edit in edits if edit.start < cut < edit.end or edit.end == len(self._raw))])
        released = self._release(cut, edits)
        if edits and edits[-1].end == self._sent:
            self._replaced = self._sent
        self._waiting = len(self._raw) - self._sent
        return released

    def _decided(self, edits: list[Edit], cut: int, floor: int) -> int:
        """`cut`, moved so that it falls into no edit: before it if more bytes may change it, else behind it."""
        for edit in edits:
            if edit.start < cut < edit.end:
                return max(self._sent, edit.start) if edit.start >= floor else edit.end
        return cut

    def _release(self, cut: int, edits: list[Edit]) -> bytes:
        """Make the edits up to `cut` and return the bytes from what was sent to there."""
        if not edits:
            released = self._raw[self._sent : cut] if self._sent or cut < len(self._raw) else self._raw
            self._sent = cut
            return released
        pieces: list[bytes] = []
        at = self._sent
        made: list[Edit] = []
        last: Edit | None = None
        for edit in edits:
            if edit.end <= at:
                continue
            if edit.end > cut:
                break
            self.latest = edit.kind
            if edit.start >= at:
                pieces += (self._raw[at : edit.start], edit.replacement)
                made.append(edit)
            elif edit.start < self._dropped:
                pass
            elif edit.start < self._replaced:
                pieces.append(_continued(edit, self._raw[edit.start : at]))
            else:
                pieces.append(_rest(edit, self._raw[edit.start : at]))
                made.append(edit)
            at, last = edit.end, edit
            if _has_more[edit.kind]:
                self._behind = edit.end if _is_open(edit, self._raw) else None
        pieces.append(self._raw[at:cut])
        self._masker.count(made)
        self._sent = cut
        if last is None or last.end != cut:
            return b"".join(pieces)
        if cut == len(self._raw):
            # A character that was cut may begin a sequence.
            cut -= unfinished_character(self._raw)
        if (discard := _discard_after(last, self._raw[:cut])) is not None:
            held = self._raw[cut:]
            self._raw = self._given = self._raw[:cut]
            self._sent, self._open, self._discard = cut, cut, discard
            rest = self._discarded(discard, held)
            self._raw += rest
        return b"".join(pieces)

    def _discarded(self, discard: Discard, data: bytes) -> bytes:
        """What of `data` is not discarded; a character that is not all here waits for its rest."""
        data = self._cut + data
        whole = len(data) - unfinished_character(data)
        data, self._cut = data[:whole], data[whole:]
        rest = self._left(discard.feed(_as_read(data)), data)
        if discard.done:
            rest, self._cut = rest + self._cut, b""
            self._end(discard)
        return rest

    def _last_of(self, discard: Discard) -> bytes:
        """What is left of what is being discarded when the stream ends."""
        rest = self._left(discard.feed(_as_read(self._cut)), self._cut)
        if not discard.done:
            rest = self._left(discard.finish(), b"")
        self._end(discard)
        return rest

    def _left(self, rest: bytes, data: bytes) -> bytes:
        """`rest`, which is left of `data` and of what came before it and waited, as it came."""
        self._given = self._given[-MAX_HELD:] + data
        return self._given[len(self._given) - len(rest) :]

    def _end(self, discard: Discard) -> None:
        # What begins in what was discarded is replaced with it, and its rest with nothing.
        self._open = len(self._raw)
        self._raw += discard.last
        self._sent = self._dropped = len(self._raw)
        self._behind = self._sent if discard.is_open else None
        self._discard = None

    def _forget(self) -> None:
        """Drop what is no longer needed as context."""
        surplus = min(self._open, self._sent) - CONTEXT
        if surplus > CONTEXT:
            self._raw = self._raw[surplus:]
            self._sent -= surplus
            self._open -= surplus
            self._replaced = max(0, self._replaced - surplus)
            self._dropped = max(0, self._dropped - surplus)
            self._behind = None if self._behind is None else self._behind - surplus


def _as_read(data: bytes) -> bytes:
    """Bytes to be discarded as detectors read them; as many."""
    return without_broken(without_borders(data))


def _discard_after(edit: Edit, data: bytes) -> Discard | None:
    """What discards the rest of the value of `edit`, made at the very end of `data`; None if it cannot go on."""
    goes_on = _goes_on[edit.kind]
    discard = None if goes_on is None else goes_on(_as_read(data)[edit.start : edit.end])
    return None if discard is None or discard.done else discard


def _is_open(edit: Edit, data: bytes) -> bool:
    """Whether more of the value of `edit` may follow what ended it; what it goes on with at the end of `data` does."""
    goes_on = _goes_on[edit.kind]
    discard = None if goes_on is None else goes_on(_as_read(data)[edit.start : edit.end])
    return discard is not None and (discard.is_open or not discard.done)


def _rest(edit: Edit, sent: bytes) -> bytes:
    """What remains of an edit's replacement when the first bytes of the original, `sent`, are already out in clear."""
    if not edit.aligned:
        return _REDACTED
    # Of a character that was cut the first bytes may be out; its star goes all the same.
    characters = len(sent[: len(sent) - unfinished_character(sent)].decode("utf-8", "surrogateescape"))
    return edit.replacement.decode("utf-8", "surrogateescape")[characters:].encode("utf-8", "surrogateescape")


def _continued(edit: Edit, sent: bytes) -> bytes:
    """What remains of it when a replacement of `sent` is out, which showed its last digits: no digit more."""
    if not edit.aligned:
        return b""
    rest = _rest(edit, sent).decode("utf-8", "surrogateescape")
    return _digit.sub(lambda match: match.group(1) or "*", rest).encode("utf-8", "surrogateescape")
