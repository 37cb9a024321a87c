"""A watch: events as JSON documents, each with a newline behind it (Kubernetes API concepts, "Efficient detection").

An event goes on as soon as it is whole. Bookmarks and errors are events like others. Refused (`Unreadable`): an event
of more than 8 MiB, for objects have at most some 1.5 MiB in etcd, and one that ends in the middle.
"""

import re

from proxy.kubernetes.objects.depth import depth
from proxy.kubernetes.objects.object_masker import ObjectMasker
from proxy.kubernetes.objects.places import Place, columns_of
from proxy.kubernetes.objects.reading import read
from proxy.kubernetes.objects.unreadable import Unreadable

MAX_EVENT = 8 * 1024 * 1024
#: Only the first Table of a watch defines its columns.
_defines = re.compile(r'"columnDefinitions"\s*:\s*\[\s*\{')


class Watch:
    """One watch, from the API server's bytes to masked ones."""

    def __init__(self, objects: ObjectMasker) -> None:
        self._objects = objects
        self._place = Place()
        #: Of the line that is not whole.
        self._line: list[bytes] = []
        #: Lines of the event that is not whole, and how many of its brackets are open.
        self._lines: list[str] = []
        self._open = 0
        self._held = 0

    def feed(self, chunk: bytes) -> bytes:
        """The events that `chunk` completes, masked. Its work grows with the chunk. Raises Unreadable."""
        *ended, rest = chunk.split(b"\n")
        out: list[bytes] = []
        for line in ended:
            self._hold(len(line) + 1)
            event = self._event(b"".join((*self._line, line, b"\n")))
            self._line.clear()
            if event is not None:
                out.append(event)
        if rest:
            self._hold(len(rest))
            self._line.append(rest)
        return b"".join(out)

    def finish(self) -> bytes:
        """What is left at the end: an event without its newline. Raises Unreadable if it is not whole."""
        event = self._event(b"".join(self._line)) if self._line else b""
        self._line.clear()
        if event is None or self._lines:
            raise Unreadable("a watch of the API server's ended in the middle of an event")
        return event

    def _hold(self, count: int) -> None:
        self._held += count
        if self._held > MAX_EVENT:
            raise Unreadable(f"an event of the API server's has more than {MAX_EVENT >> 20} MiB")

    def _event(self, line: bytes) -> bytes | None:
        """The event that ends with `line`, masked; None if none does."""
        try:
            text = line.decode()
        except UnicodeDecodeError as error:
            raise Unreadable("an event of the API server's is no UTF-8") from error
        self._lines.append(text)
        self._open += depth(text)
        if self._open > 0:
            return None
        event = "".join(self._lines)
        self._lines.clear()
        self._open = self._held = 0
        return self._masked(event).encode()

    def _masked(self, event: str) -> str:
        if not event.strip():
            return event
        if _defines.search(event) is not None:
            self._learn(event)
        return self._objects.mask(event, self._place)

    def _learn(self, event: str) -> None:
        """Remember the columns of a Table, for those that follow it."""
        value = read(event).value
        table = value.get("object") if isinstance(value, dict) else None
        if isinstance(table, dict) and (columns := columns_of(table)):
            self._place = Place(columns=columns)
