"""The body of one answer: fed as it comes, masked element by element, in steps that do not hold an event loop.

A List or a Table goes on element by element. Everything else, such as one object, is looked at as a whole once it is
all there. The work grows with the body, however it is cut: what is not whole is tried again when there is twice as
much of it. Refused (`Unreadable`): what is no UTF-8, ends in the middle, or is one value of more than 64 MiB.
"""

import codecs
import math
import re
from collections.abc import Callable

from proxy.kubernetes.objects.lists import Head, begins_list, head_of, masked_tail
from proxy.kubernetes.objects.object_masker import ObjectMasker
from proxy.kubernetes.objects.places import ANYWHERE, SECRET
from proxy.kubernetes.objects.reading import end_of
from proxy.kubernetes.objects.unreadable import Unreadable

#: At most so much of what is not whole.
MAX_HELD = 64 * 1024 * 1024
#: What one step looks at, if elements are not longer: a millisecond or two.
STEP = 32 * 1024
#: Enough to tell a List from an object.
_ENOUGH = 512

_first_member = re.compile(r'\{"[^"\\]{1,64}":')
_space = re.compile(r"[ \t\r\n]*")


class Body:
    """One answer. Feed it, take steps while it `waits`, then finish it and take the rest."""

    def __init__(self, objects: ObjectMasker) -> None:
        self._objects = objects
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._fed: list[str] = []
        self._fed_length = 0
        #: What was fed and is looked at, and how far it is gone.
        self._text = ""
        self._at = 0
        #: How much must be there before it is tried again.
        self._wanted: float = _ENOUGH
        self._is_finished = False
        self._next: Callable[[], str] | None = self._begin
        self._head = Head("", {})
        self._place = ANYWHERE
        #: What stands between two elements, as far as it shows that there are two; and whether the next is the first.
        self._border = ""
        self._is_first = True
        #: Up to here a look said that there is something.
        self._loud = 0

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes. Raises Unreadable."""
        self._decode(chunk, final=False)
        if self._held > MAX_HELD:
            raise Unreadable(f"an API server's answer has a value of more than {MAX_HELD >> 20} MiB")

    def finish(self) -> None:
        """Nothing follows. Raises Unreadable."""
        self._decode(b"", final=True)
        self._is_finished = True

    @property
    def waits(self) -> bool:
        """Whether a step has something to do."""
        return self._next is not None and (self._is_finished or self._held >= self._wanted)

    def step(self) -> bytes:
        """A bounded piece of work, and what may go after it. Raises Unreadable."""
        if not self.waits or self._next is None:
            return b""
        self._gather()
        return self._next().encode()

    # --- what is held ------------------------------------------------------------------------------------------------

    @property
    def _held(self) -> int:
        return len(self._text) - self._at + self._fed_length

    def _decode(self, chunk: bytes, *, final: bool) -> None:
        try:
            text = self._decoder.decode(chunk, final)
        except UnicodeDecodeError as error:
            raise Unreadable("an API server's answer is no UTF-8") from error
        self._fed.append(text)
        self._fed_length += len(text)

    def _gather(self) -> None:
        if self._fed_length:
            self._text = "".join((self._text[self._at :], *self._fed))
            self._loud -= self._at
            self._at = self._fed_length = 0
            self._fed.clear()

    def _need_more(self) -> str:
        """Nothing goes now: there is too little of what is next."""
        if self._is_finished:
            raise Unreadable("an API server's answer ends in the middle, or is no JSON")
        self._wanted = 2 * self._held + 1
        return ""

    def _take(self, end: int) -> str:
        taken = self._text[self._at : end]
        self._at = end
        return taken

    # --- what comes next ---------------------------------------------------------------------------------------------

    def _begin(self) -> str:
        if not begins_list(self._text):
            return self._await_all(self._whole)
        head = head_of(self._text)
        if head is None:
            return self._await_all(self._whole) if self._is_finished else self._need_more()
        if head.members.get("kind") == SECRET:
            return self._await_all(self._whole)
        self._head, self._place = head, head.place
        self._at = len(head.text)
        self._next = self._elements
        self._wanted = 1
        return head.masked(self._objects)

    def _await_all(self, then: Callable[[], str]) -> str:
        self._next, self._wanted = then, math.inf
        return then() if self._is_finished else ""

    def _whole(self) -> str:
        self._next = None
        if not self._text.strip():
            return self._text
        return self._objects.mask(self._take(len(self._text)))

    def _tail(self) -> str:
        self._next = None
        return masked_tail(self._objects, self._head, self._take(len(self._text)))

    def _elements(self) -> str:
        """Some elements: many in which there is nothing, or one by one."""
        out: list[str] = []
        began = self._at
        while self._next == self._elements and self.waits and self._at - began < STEP:
            if (some := self._quiet_ones()) or (some := self._one()):
                out.append(some)
        return "".join(out)

    def _quiet_ones(self) -> str:
        """Elements up to the last border within a step, with the comma behind them, if there is nothing in them."""
        if self._is_first:
            first = _first_member.match(self._text, self._at)
            self._border = "" if first is None else "}," + first[0]
        if not self._border or self._at < self._loud:
            return ""
        border = self._text.rfind(self._border, self._at, self._at + STEP)
        if border < 0:
            border = self._text.find(self._border, self._at, self._at + 8 * STEP)
        if border < 0:
            return ""
        if not self._objects.are_quiet(self._text[self._at : border + 1], self._place):
            self._loud = border + 1
            return ""
        self._is_first, self._wanted = False, 1
        return self._take(border + 2)

    def _one(self) -> str:
        """One element, with what stands behind it."""
        at = self._space_from(self._at)
        if self._is_first and self._text[at : at + 1] == "]":
            return self._close(at)
        if not self._is_finished and self._at >= self._loud and self._border and len(self._text) - at < STEP:
            # It is cheaper to see where it ends than to try.
            self._wanted = max(self._held + 1, STEP if self._held < STEP else 2 * self._held)
            return ""
        end = end_of(self._text, at)
        behind = self._space_from(end) if end is not None else at
        follows = self._text[behind : behind + 1]
        if end is None or not follows:
            return self._need_more()
        if follows not in ",]":
            raise Unreadable("an API server's list is no JSON")
        space, element = self._take(at), self._take(end)
        masked = space + self._objects.mask(element, self._place)
        self._is_first, self._wanted = False, 1
        return masked + (self._close(behind) if follows == "]" else self._take(behind + 1))

    def _close(self, bracket: int) -> str:
        space = self._take(bracket)
        return space + self._await_all(self._tail)

    def _space_from(self, at: int) -> int:
        found = _space.match(self._text, at)
        return at if found is None else found.end()
