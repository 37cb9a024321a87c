"""CellMasker: how a value is masked by its type, in text and binary. Pure.

What cannot be masked in its type becomes NULL, so that clients can still read the row. What is made of other values is
taken apart by the database's own types; only a type of unknown shape is searched byte by byte, for whatever it could
hold.
"""

import json
import struct
from collections.abc import Callable
from functools import partial

import re2

from proxy.masking.edits import re2_options
from proxy.masking.rules import Masker, MaskingRule
from proxy.pieces import PIECE_BYTES, joined, pieces
from proxy.postgres.cells import parts
from proxy.postgres.cells.json_cells import JsonMasker
from proxy.postgres.cells.types import Shape, TypeFacts, Types
from proxy.postgres.protocol.frames import ProtocolViolation
from proxy.postgres.protocol.values import (
    ELEMENTS,
    FLOAT8,
    JSONB,
    RECORD,
    SEARCHED_AS_TEXT,
    Nature,
    embedded_numbers,
    is_text,
    nature,
    number_text,
)

Cell = bytes | None
Mask = Callable[[bytes], Cell]

#: Card numbers have twelve digits at least, whatever stands between them.
MIN_NUMBER_CHARACTERS = 12
#: In a binary value of unknown shape a length may look like a digit, so anything as long as a card number is hidden.
_LONG_NUMBER = re2.compile(rb"(?:[0-9][ -]?){12}", re2_options(over_bytes=True))
_JSONB_VERSION = b"\x01"

#: A value of unknown shape that is longer than this, and no text, is hidden without a search for numbers.
MAX_SEARCHED_BYTES = 64 * 1024


class CellMasker:
    """One session's."""

    def __init__(self, masker: Masker, types: Types) -> None:
        self._masker = masker
        self._types = types
        self._json = JsonMasker(masker)

    def ruled(self, type_oid: int, rule: MaskingRule, *, binary: bool) -> Mask:
        """How a value is masked whole by the rule of its column."""
        kind = nature(self._base(type_oid))

        def whole(cell: bytes) -> Cell:
            masked = self._masker.whole(rule, cell)
            if kind is Nature.TEXT or masked is None:
                return masked
            if kind is Nature.JSON:
                text = json.dumps(masked.decode()).encode()
                return _JSONB_VERSION + text if binary and self._base(type_oid) == JSONB else text
            return None

        return whole

    def by_content(self, type_oid: int, *, binary: bool) -> Mask | None:
        """How a value is masked by what it holds; None if it can hold nothing."""
        oid = self._base(type_oid)
        facts = self._types.get(oid)
        if facts is not None and facts.shape not in {Shape.BASE, Shape.PSEUDO}:
            return self._made(facts, binary=binary)
        kind = nature(oid)
        if kind is Nature.HARMLESS:
            return None
        if kind is Nature.TEXT:
            return self._text
        if kind is Nature.NUMBER:
            return self._binary_number(oid) if binary else self._number
        if kind is Nature.JSON:
            return self._jsonb if binary and oid == JSONB else self._json.mask
        if kind is Nature.ARRAY:
            return self._array(ELEMENTS[oid], binary=binary)
        if oid == RECORD:
            return _decoded(partial(self._record, ())) if binary else self._text
        return self._opaque if not binary else self._searched(oid)

    def _base(self, type_oid: int) -> int:
        """A domain's values are those of its base."""
        facts = self._types.get(type_oid)
        while facts is not None and facts.shape is Shape.DOMAIN:
            type_oid = facts.inner
            facts = self._types.get(type_oid)
        return type_oid

    # --- what is made of others -------------------------------------------------------------------------------------

    def _made(self, facts: TypeFacts, *, binary: bool) -> Mask | None:
        if facts.shape is Shape.ENUM:
            return self._opaque
        if facts.shape is Shape.ARRAY:
            return self._array(facts.inner, binary=binary)
        if facts.shape is Shape.COMPOSITE:
            if binary:
                return _decoded(partial(self._record, facts.attributes))
            return self._hide if any(map(self._masker.column_rule, facts.attributes)) else self._opaque
        inner = self.by_content(facts.inner, binary=binary)
        if inner is None or not binary:
            return None if inner is None else self._opaque
        return self._all_or_nothing(parts.bounds if facts.shape is Shape.RANGE else parts.ranges, inner)

    def _array(self, element: int, *, binary: bool) -> Mask | None:
        """`{a,b}`: text may be masked where it stands, other elements hide the whole array."""
        mask = self.by_content(element, binary=binary)
        if mask is None or not binary:
            plain = nature(self._base(element)) is Nature.TEXT
            return None if mask is None else self._text if plain else self._hide if mask == self._hide else self._opaque
        return _decoded(lambda cell: parts.array(cell, mask))

    def _record(self, names: tuple[str, ...], cell: bytes) -> Cell:
        """Each field by the type that stands beside it, and by its name's rule if it has one."""
        fields = parts.fields(cell)
        rules = [self._masker.column_rule(name) for name in names]
        if len(rules) != len(fields):
            # The type is another one by now, so no name can be told to be a field's.
            if any(rules):
                return self._hide(cell)
            rules = [None] * len(fields)
        masked: list[Cell] = []
        for field, rule in zip(fields, rules, strict=True):
            mask = self.by_content(field.type_oid, binary=True)
            if rule is not None:
                mask = self.ruled(field.type_oid, rule, binary=True)
            masked.append(field.value if mask is None or field.value is None else mask(field.value))
        return parts.record(cell, fields, masked)

    def _all_or_nothing(self, split: Callable[[bytes], list[bytes]], inner: Mask) -> Mask:
        """A range cannot be without one of its bounds."""

        def each(cell: bytes) -> Cell:
            return cell if all(inner(part) is part for part in split(cell)) else None

        return _decoded(each)

    # --- single values ----------------------------------------------------------------------------------------------

    def _text(self, cell: bytes) -> Cell:
        return self._masker.bytes(cell)

    def _number(self, cell: bytes) -> Cell:
        if len(cell) < MIN_NUMBER_CHARACTERS or not self._masker.masks_number(cell.decode("ascii", "replace")):
            return cell
        return self._hide(cell)

    def _binary_number(self, type_oid: int) -> Mask:
        def number(cell: bytes) -> Cell:
            try:
                text = number_text(cell, type_oid)
            except (struct.error, ArithmeticError, ValueError) as error:
                raise ProtocolViolation("a binary number that is none") from error
            if len(text) < MIN_NUMBER_CHARACTERS or not self._masker.masks_number(text):
                return cell
            return self._hide(cell)

        return number

    def _jsonb(self, cell: bytes) -> Cell:
        if cell[:1] != _JSONB_VERSION:
            return self._unknown(cell)
        masked = self._json.mask(text := cell[1:])
        return cell if masked is text else None if masked is None else _JSONB_VERSION + masked

    def _opaque(self, cell: bytes) -> Cell:
        """A type whose text we must not change: `\\x…` of bytea is looked into, anything else is read as it is."""
        content = _hex(cell)
        return self._hide(cell) if self._masker.edits(cell) or (content and self._masker.edits(content)) else cell

    def _searched(self, type_oid: int) -> Mask:
        if type_oid in SEARCHED_AS_TEXT:
            return self._unknown
        if type_oid in parts.POINTS:
            number = self._binary_number(FLOAT8)
            return self._all_or_nothing(lambda cell: list(parts.floats(cell, type_oid)), number)
        return self._with_numbers(type_oid)

    def _unknown(self, cell: bytes) -> Cell:
        return self._hide(cell) if _LONG_NUMBER.search(cell) or self._masker.edits(cell) else cell

    def _with_numbers(self, type_oid: int) -> Mask:
        """An extension's type: a card number may be in it as the eight bytes of an integer."""

        def searched(cell: bytes) -> Cell:
            if self._unknown(cell) is None:
                return None
            if is_text(cell):
                return cell
            numbers = embedded_numbers(cell, type_oid)
            if len(cell) > MAX_SEARCHED_BYTES or any(map(self._masker.masks_number, numbers)):
                return self._hide(cell)
            return cell

        return searched

    def _hide(self, cell: bytes) -> None:
        """Count what is hidden."""
        edits = self._masker.edits(cell)
        if edits:
            self._masker.count(edits)
        else:
            self._masker.counts["pan"] = self._masker.counts.get("pan", 0) + 1


def _decoded(mask: Mask) -> Mask:
    """A value that does not follow its type's binary form is a fault of the upstream."""

    def checked(cell: bytes) -> Cell:
        try:
            return mask(cell)
        except (struct.error, IndexError) as error:
            raise ProtocolViolation("a binary value that does not fit its type") from error

    return checked


def _hex(cell: bytes) -> bytes | None:
    if not cell.startswith(b"\\x"):
        return None
    try:
        if len(cell) <= PIECE_BYTES:
            return bytes.fromhex(cell[2:].decode("ascii"))
        return joined([bytes.fromhex(bytes(piece).decode("ascii")) for piece in pieces(memoryview(cell)[2:])])
    except ValueError:
        return None
