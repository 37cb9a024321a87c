"""Masks one document that was read: in Secrets every value, elsewhere what is known by its content or by its name.

It changes the document in place. A string becomes a string and a number a number, so that typed clients still read what
is masked: 0 stands for a number, and base64 of "***" where clients decode base64. Names of members stay unless they
are sensitive themselves.
"""

import base64
import binascii
import re
from typing import Any, cast

from access.policy.entities import Entity
from proxy.kubernetes.objects.names import Names
from proxy.kubernetes.objects.places import ANYWHERE, SECRET, Place
from proxy.kubernetes.objects.reading import Document, Number, read
from proxy.kubernetes.objects.unreadable import Unreadable
from proxy.kubernetes.objects.writing import write
from proxy.masking.edits import REDACTED
from proxy.masking.rules import Masker

#: What was applied last, as JSON: the object once more, and of a Secret its values (kubectl, kapp).
APPLIED = frozenset({"kubectl.kubernetes.io/last-applied-configuration", "kapp.k14s.io/original"})
#: The same compressed, which nobody can look at (Rancher's objectset, Banzai's objectmatcher).
OPAQUE = frozenset({"objectset.rio.cattle.io/applied", "banzaicloud.com/last-applied"})
_COPIES = APPLIED | OPAQUE
#: Members whose values may be base64: of a ConfigMap and of what is like one.
ENCODED = ("data", "binaryData")

#: What Secrets' values are counted as.
COUNTED = "secret"
#: A value that decodes to the one that stands for what is masked.
_REDACTED_BASE64 = base64.b64encode(REDACTED.encode()).decode()
_base64 = re.compile(r"[A-Za-z0-9+/\r\n]{4,}={0,2}\s*")
#: Shorter numbers are no card's.
_FEW_DIGITS = 11

Container = dict[Any, Any] | list[Any]


def is_card(masker: Masker, literal: str) -> bool:
    """Whether a number of JSON is a card's."""
    return (len(literal) > _FEW_DIGITS or "e" in literal or "E" in literal) and masker.masks_number(literal)


class Walk:
    """One way through one document."""

    def __init__(self, masker: Masker, names: Names, document: Document) -> None:
        self._masker = masker
        self._names = names
        self._document = document
        self._changed = False
        self._waiting: list[tuple[Container, Place]] = []
        #: Strings that are searched together, and where they stand.
        self._cells: list[bytes | None] = []
        self._slots: list[tuple[Container, Any, str | None]] = []
        self._objects: list[dict[str, Any]] = []

    def mask(self, place: Place = ANYWHERE) -> bool:
        """Mask the document, which stands at `place`; whether anything was. Raises Unreadable."""
        self._waiting.append((self._document.root, place))
        try:
            while self._waiting:
                container, place = self._waiting.pop()
                if isinstance(container, dict):
                    self._object(container, place)
                else:
                    self._array(container, place)
            self._search()
            self._search_keys()
        except (UnicodeEncodeError, RecursionError) as error:
            raise Unreadable("an API server's answer holds text that cannot be looked at") from error
        return self._changed

    # --- what stands in what -----------------------------------------------------------------------------------------

    def _object(self, members: dict[str, Any], place: Place) -> None:
        self._objects.append(members)
        kind = place.kind_of(members)
        if kind == SECRET:
            self._secret(members)
        else:
            self._encoded(members)
        named = members.get("name")
        says = named if isinstance(named, str) and "value" in members and self._names.tells(named) else ""
        for key, value in members.items():
            under = place.under or ("" if place.is_schema or not self._names.tells(key) else key)
            if key == "value":
                under = under or says
            if type(value) is str and not under and key not in _COPIES:
                # As `_string` would; most members are such.
                self._slots.append((members, key, None))
                self._cells.append(value.encode())
            elif isinstance(value, (dict, list)):
                self._waiting.append((cast("Container", value), place.below(members, key, kind, under)))
            else:
                self._scalar(members, key, value, under)

    def _array(self, elements: list[Any], place: Place) -> None:
        for index, value in enumerate(elements):
            if isinstance(value, (dict, list)):
                self._waiting.append((cast("Container", value), place))
                continue
            head = place.heads[index] if index < len(place.heads) else ""
            self._scalar(elements, index, value, place.under or (head if head and self._names.tells(head) else ""))

    def _scalar(self, container: Container, key: Any, value: Any, under: str) -> None:
        if isinstance(value, Number):
            literal = value.literal
            if under and self._names.beside(under, literal) != literal:
                self._put(container, key, self._document.zero())
            elif is_card(self._masker, literal):
                self._count(Entity.PAN.value)
                self._put(container, key, self._document.zero())
        elif isinstance(value, str):
            self._string(container, key, value, under)

    def _string(self, container: Container, key: Any, value: str, under: str) -> None:
        if under and (masked := self._names.beside(under, value)) != value:
            self._put(container, key, masked)
        elif key in OPAQUE and value:
            self._hide(container, key)
        elif key in APPLIED and value:
            self._applied(container, key, value, ANYWHERE)
        else:
            self._slots.append((container, key, None))
            self._cells.append(value.encode())

    # --- secrets and copies ------------------------------------------------------------------------------------------

    def _secret(self, secret: dict[str, Any]) -> None:
        if "data" in secret:
            secret["data"] = self._hidden(secret["data"], _REDACTED_BASE64)
        if "stringData" in secret:
            secret["stringData"] = self._hidden(secret["stringData"], REDACTED)
        metadata: Any = secret.get("metadata")
        annotations: Any = cast("dict[str, Any]", metadata).get("annotations") if isinstance(metadata, dict) else None
        if not isinstance(annotations, dict):
            return
        for key, value in cast("dict[str, Any]", annotations).items():
            if isinstance(value, str) and (key in APPLIED or value.lstrip()[:1] == "{"):
                self._applied(cast("dict[str, Any]", annotations), key, value, Place(SECRET))

    def _hidden(self, value: Any, form: str) -> Any:
        """`value` with nothing left of it but its shape."""
        match value:
            case dict():
                return {key: self._hidden(each, form) for key, each in cast("dict[str, Any]", value).items()}
            case list():
                return [self._hidden(each, form) for each in cast("list[Any]", value)]
            case None | bool():
                return value
            case _:
                self._count(COUNTED)
                self._changed = True
                return self._document.zero() if isinstance(value, Number) else form

    def _applied(self, container: Container, key: Any, text: str, place: Place) -> None:
        """An object within a string; hidden whole if it cannot be read."""
        try:
            document = read(text)
            if Walk(self._masker, self._names, document).mask(place):
                self._put(container, key, write(document) + text[len(text.rstrip()) :])
        except Unreadable:
            self._hide(container, key)

    def _encoded(self, members: dict[str, Any]) -> None:
        """Text in base64, which is searched as what it is."""
        for name in ENCODED:
            values: Any = members.get(name)
            if not isinstance(values, dict):
                continue
            for key, value in cast("dict[str, Any]", values).items():
                text = _decoded(value) if isinstance(value, str) else None
                if text is not None:
                    self._slots.append((cast("dict[str, Any]", values), key, _REDACTED_BASE64))
                    self._cells.append(text)

    # --- what is found -----------------------------------------------------------------------------------------------

    def _search(self) -> None:
        masked = self._masker.cells(self._cells)
        if masked is self._cells:
            return
        for (container, key, form), before, after in zip(self._slots, self._cells, masked, strict=True):
            if after is not None and after != before:
                self._put(container, key, after.decode() if form is None else form)

    def _search_keys(self) -> None:
        """Names of members, last: the slots know their values by them."""
        keys = list(set[str]().union(*self._objects))
        cells: list[bytes | None] = [key.encode() for key in keys]
        masked = self._masker.cells(cells)
        if masked is cells:
            return
        forms = {key: (form or b"").decode() for key, form in zip(keys, masked, strict=True)}
        for members in self._objects:
            if any(forms[key] != key for key in members):
                self._changed = True
                _rename(members, forms)

    def _hide(self, container: Container, key: Any) -> None:
        self._count(COUNTED)
        self._put(container, key, REDACTED)

    def _put(self, container: Container, key: Any, value: str) -> None:
        container[key] = value
        self._changed = True

    def _count(self, kind: str) -> None:
        self._masker.counts[kind] = self._masker.counts.get(kind, 0) + 1


def _decoded(value: str) -> bytes | None:
    """The text that `value` is in base64, if it is one."""
    if not _base64.fullmatch(value):
        return None
    try:
        text = base64.b64decode(value)
        text.decode()
    except (binascii.Error, ValueError):
        return None
    return text


def _rename(members: dict[str, Any], forms: dict[str, str]) -> None:
    """Give members their names' masked forms; two that would be the same are told apart by a number."""
    pairs = list(members.items())
    members.clear()
    kept = {key for key, _ in pairs if forms[key] == key}
    for key, value in pairs:
        name, number = forms[key], 1
        while name != key and (name in members or name in kept):
            number += 1
            name = f"{forms[key]}-{number}"
        members[name] = value
