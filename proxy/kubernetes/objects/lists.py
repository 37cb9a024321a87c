"""The outside of a List or a Table: what stands before its elements, and what stands behind them. Pure words, no state.

Only what begins as API servers write it is taken for one: its kind first, or its apiVersion and its items at once (a
List of custom resources, whose members are sorted). Everything else is looked at as a whole.
"""

import re
from dataclasses import dataclass
from typing import Any

from proxy.kubernetes.objects.object_masker import ObjectMasker
from proxy.kubernetes.objects.places import SECRET, Place, columns_of
from proxy.kubernetes.objects.reading import end_of, read
from proxy.kubernetes.objects.unreadable import Unreadable

_begins = re.compile(
    r'\s*\{\s*(?:"kind"\s*:\s*"[A-Za-z0-9]*(?:List|Table)"'
    r'|"apiVersion"\s*:\s*"[^"\\]*"\s*,\s*(?:"items"\s*:\s*\[|"kind"\s*:\s*"[A-Za-z0-9]*(?:List|Table)"))'
)
_opens = re.compile(r"\s*\{")
_name = re.compile(r'\s*"([^"\\]*)"\s*:\s*')
_comma = re.compile(r"\s*,")
_ELEMENTS = ("items", "rows")
#: What closes a head, so that it can be read alone.
_CLOSED = "]}"


@dataclass(frozen=True)
class Head:
    """What stands before the elements."""

    #: As it came, with the bracket that opens the elements.
    text: str
    members: dict[str, Any]

    @property
    def place(self) -> Place:
        """Where the elements stand."""
        whole = Place()
        kind = whole.kind_of(self.members)
        if "rows" in self.members:
            return whole.below(self.members, "rows", kind, "")
        # Of a kind that is named behind them, or by each of them.
        return Place("") if kind is None else whole.below(self.members, "items", kind, "")

    def masked(self, objects: ObjectMasker) -> str:
        """Its text, masked. Raises Unreadable."""
        return objects.mask(self.text + _CLOSED).removesuffix(_CLOSED)


def begins_list(text: str) -> bool:
    """Whether a text begins as a List or a Table does."""
    return _begins.match(text) is not None


def head_of(text: str) -> Head | None:
    """The head at the beginning of `text`; None if it is not all there, or there is none. Raises Unreadable."""
    opened = _opens.match(text)
    at = opened.end() if opened is not None else len(text)
    while (name := _name.match(text, at)) is not None:
        if name[1] in _ELEMENTS and text[name.end() : name.end() + 1] == "[":
            head = text[: name.end() + 1]
            return Head(head, read(head + _CLOSED).value)
        end = end_of(text, name.end())
        comma = _comma.match(text, end) if end is not None else None
        if comma is None:
            return None
        at = comma.end()
    return None


def masked_tail(objects: ObjectMasker, head: Head, text: str) -> str:
    """What stands behind the elements, from the bracket that closes them on, masked.

    Raises Unreadable if it says of the elements what had to be known before they went.
    """
    rest = text.removeprefix("]").lstrip()
    begun = text[: len(text) - len(rest)] + rest[:1]
    if rest[:1] == "}" and not rest[1:].strip():
        return text
    members = read("{" + rest[1:]).value if rest[:1] == "," else {}
    if not members or not members.keys().isdisjoint(head.members):
        raise Unreadable("an API server's list goes on behind its elements as no list does")
    if members.get("kind") == SECRET or objects.tells(columns_of(members)):
        raise Unreadable("an API server's list says behind its elements what they are")
    masked = objects.mask("{" + rest[1:])
    return begun + masked[1:]
