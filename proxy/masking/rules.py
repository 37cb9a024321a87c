"""What is masked: rules, and a Masker that applies one policy's rules to what one session shows.

Pure: no clock, no sockets, no event loop. It fails closed by raising; it never returns what it could not look at, and
it keeps nothing of what it saw but counts.
"""

import operator
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fnmatch import fnmatchcase
from functools import lru_cache

from access.policy.entities import Entity
from proxy.masking.cards.brands import MAX_DIGITS, MIN_DIGITS, is_article_number, is_pan
from proxy.masking.cards.pans import whole_pan
from proxy.masking.detector import Detector
from proxy.masking.edits import CELL_BORDER, REDACTED, Edit, without_borders, without_broken
from proxy.masking.hints import Hints, hint_set
from proxy.masking.normalise import NormalisedView
from proxy.masking.registry import DETECTORS
from proxy.pieces import PIECE_BYTES, joined

#: Inside Masker the name `bytes` is a method's.
Octets = bytes
Cell = bytes | None

#: PCI DSS 4.0.1, 3.4.1: the last four digits at most.
MAX_SHOWN = 4


@dataclass(frozen=True)
class MaskingRule:
    """What to look for, by content (`entity`) or by column name (`columns`), and what to show instead.

    Raises ValueError if it names neither, or would show more than four digits.
    """

    name: str
    entity: Entity | None = None
    #: Globs over column names, case-insensitive, e.g. "cvv", "*_cvc".
    columns: tuple[str, ...] = ()
    #: None: the entity's own form, "***" for a column's rule.
    replacement: str | None = None
    #: How many digits of a card number stay visible at its end.
    show_last: int = MAX_SHOWN

    def __post_init__(self) -> None:
        if self.entity is None and not self.columns:
            raise ValueError(f"Masking rule {self.name} names neither an entity nor a column; give it one.")
        if not 0 <= self.show_last <= MAX_SHOWN:
            raise ValueError(f"Masking rule {self.name} shows {self.show_last} digits; PCI DSS 3.4.1 allows 0 to 4.")

    @property
    def kind(self) -> str:
        """What its hits are counted as."""
        return self.entity.value if self.entity is not None else self.name


DEFAULT_RULES: tuple[MaskingRule, ...] = (
    MaskingRule("card-numbers", Entity.PAN),
    MaskingRule(
        "card-verification-codes",
        Entity.CVV,
        columns=(
            "cvv",
            "cvv2",
            "cvc",
            "cvc2",
            "cvn",
            "csc",
            "*_cvv",
            "*_cvv2",
            "*_cvc",
            "*_cvc2",
            "cvv_*",
            "cvc_*",
            "*security_code*",
        ),
    ),
    MaskingRule("email-addresses", Entity.EMAIL),
    MaskingRule("aws-keys", Entity.AWS_KEY),
    MaskingRule("github-tokens", Entity.GITHUB_TOKEN),
    MaskingRule("gatepass-tokens", Entity.GATEPASS_TOKEN),
    MaskingRule("json-web-tokens", Entity.JWT),
    MaskingRule("private-keys", Entity.PRIVATE_KEY),
    MaskingRule("passwords-in-urls", Entity.PASSWORD),
)

#: Stands for an escape sequence, as its first byte does where none is read.
_BORDER = b"\x1b"

#: For what people type: requests' reasons, SQL literals.
_EVERYTHING = tuple(MaskingRule(entity.value, entity) for entity in DETECTORS)


class Masker:
    """Compiled rules of one policy for one session; counts what it masked. Not for two threads at once."""

    def __init__(self, rules: Sequence[MaskingRule]) -> None:
        self.rules = tuple(rules)
        #: Masked values by entity, or by rule for columns that are masked by name alone.
        self.counts: dict[str, int] = {}
        by_entity: dict[Entity, MaskingRule] = {}
        for rule in self.rules:
            if rule.entity is not None:
                by_entity.setdefault(rule.entity, rule)
        self._searches = [_Search(DETECTORS[entity], rule) for entity, rule in by_entity.items()]
        self._pan = next((search for search in self._searches if search.kind == Entity.PAN), None)
        self._hints = _hints(tuple(by_entity))
        self._columns = [(glob.casefold(), rule) for rule in self.rules for glob in rule.columns]
        self._by_column: dict[str, MaskingRule | None] = {}

    # --- text --------------------------------------------------------------------------------------------------------

    def text(self, text: str) -> str:
        """`text` with everything sensitive in it replaced; the same object if there is nothing."""
        data = text.encode("utf-8", "surrogatepass")
        masked = self.bytes(data)
        return text if masked is data else masked.decode("utf-8", "surrogatepass")

    def bytes(self, data: Octets) -> Octets:
        """The same for UTF-8; what is no UTF-8 survives untouched."""
        edits = self.edits(data)
        if not edits:
            return data
        self.count(edits)
        return apply(data, edits)

    def redact(self, text: str) -> str:
        """For what people typed, whatever the policy says: every entity that is known. Nothing is counted."""
        return _redactor().text(text)

    # --- rows --------------------------------------------------------------------------------------------------------

    def column_rule(self, name: str) -> MaskingRule | None:
        """The rule that masks a column of this name whole, if one does; the first in the policy's order."""
        if name not in self._by_column:
            folded = name.casefold()
            self._by_column[name] = next((rule for glob, rule in self._columns if fnmatchcase(folded, glob)), None)
        return self._by_column[name]

    def whole(self, rule: MaskingRule, cell: Cell) -> Cell:
        """What to show for a cell of a column that `rule` masks by its name; NULL stays NULL.

        A rule for card numbers shows a cell that is one, and nothing else, in their own form.
        """
        if cell is None:
            return None
        self.counts[rule.kind] = self.counts.get(rule.kind, 0) + 1
        if rule.replacement is not None:
            return rule.replacement.encode()
        number = self._card_numbers([cell]).get(0) if rule.entity is Entity.PAN else None
        return REDACTED.encode() if number is None else number

    def cells(self, cells: Sequence[Cell]) -> list[Cell]:
        """Scan decoded text cells, of one row or of many, together; a list is returned itself if nothing was found.

        Many at once are far cheaper than one by one. None is NULL. Nothing is found across the border of two cells.
        """
        numbers = self._card_numbers(cells)
        together = CELL_BORDER.join(
            [b"" if cell is None or index in numbers else cell for index, cell in enumerate(cells)]
        )
        if _has_borders(cells, together):
            masked_apart = [None if cell is None else self.bytes(cell) for cell in cells]
            return cells if isinstance(cells, list) and masked_apart == cells else masked_apart
        edits = self._edits(together, 0)
        if not edits and not numbers:
            return cells if isinstance(cells, list) else list(cells)
        self.count(edits)
        masked: list[Cell] = (
            [apply(together, edits)] if len(cells) == 1 else [*apply(together, edits).split(CELL_BORDER)]
        )
        if numbers:
            self.counts[Entity.PAN.value] = self.counts.get(Entity.PAN.value, 0) + len(numbers)
            for index, form in numbers.items():
                masked[index] = form
        if None in cells:
            return [None if cell is None else form for cell, form in zip(cells, masked, strict=True)]
        return masked

    def row(self, cells: list[Cell]) -> list[Cell]:
        """`cells` of one row: each by itself where one is long, for to join them is a long copy."""
        if max((len(cell) for cell in cells if cell is not None), default=0) <= PIECE_BYTES:
            return self.cells(cells)
        masked = [self.cells([cell])[0] for cell in cells]
        return cells if all(map(operator.is_, masked, cells)) else masked

    def _card_numbers(self, cells: Sequence[Cell]) -> dict[int, Octets]:
        """Masked forms, by index, of the cells that are a card number and nothing else."""
        if self._pan is None:
            return {}
        whole = self._pan.whole_pan
        return {
            index: form
            for index, cell in enumerate(cells)
            if cell is not None and MIN_DIGITS <= len(cell) <= MAX_DIGITS and (form := whole(cell)) is not None
        }

    def masks_number(self, digits: str) -> bool:
        """Whether a whole number, as text ("4111111111111111", "4.111111111111111e+15"), is a card number to mask."""
        return self._pan is not None and _is_card_number(digits)

    # --- for streams -------------------------------------------------------------------------------------------------

    def edits(self, data: Octets, start: int = 0, *, behind: int | None = None) -> list[Edit]:
        """What would be replaced in data[start:], in order and without overlaps. Nothing is counted.

        Bytes before `start` are looked at as context. `behind`: where a value ended of which more may come, in data or
        so far before it.
        """
        edits = self._edits(without_broken(without_borders(data)), start, behind)
        return [_with_borders(data, edit) for edit in edits] if CELL_BORDER in data else edits

    def _edits(self, data: Octets, start: int, behind: int | None = None) -> list[Edit]:
        hints = self._hints(data)
        found: list[Edit] = []
        searches = [self._searches[index] for index in hints.worth]
        readings = [search.readings_of(hints) for search in searches]
        views = _readings(data, start, count) if (count := max(readings, default=0)) else []
        for search, count in zip(searches, readings, strict=True):
            if not count:
                found += search.find(data, start)
                continue
            for view in views[:count]:
                found += [view.in_data(edit) for edit in search.find(view.text, view.start)]
        if behind is not None:
            found += [edit for search in self._searches for edit in search.more(data, behind) if edit.end > start]
        return found if len(found) < 2 else _disjoint(found)

    def count(self, edits: Iterable[Edit]) -> None:
        """Count edits that were made."""
        counts = self.counts
        for edit in edits:
            if not edit.is_part:
                counts[edit.kind] = counts.get(edit.kind, 0) + 1


class _Search:
    """A detector as one rule wants it."""

    def __init__(self, detector: Detector, rule: MaskingRule) -> None:
        self.kind = rule.kind
        self._reads_escapes = detector.reads_escapes
        self._hint_is_common = detector.hint_is_common
        self._find = detector.find
        self._more = detector.more
        self._shown = rule.show_last
        self._replacement = None if rule.replacement is None else rule.replacement.encode()

    def readings_of(self, hints: Hints) -> int:
        """How many of `_readings` it is given; none: the text as it stands, where nothing is hidden from it."""
        if self._reads_escapes:
            return 0
        return 2 * hints.common_hidden if self._hint_is_common else 3 * hints.rare_hidden

    def find(self, data: bytes, start: int) -> Iterable[Edit]:
        return self._find(data, start, self._shown, self._replacement)

    def more(self, data: bytes, behind: int) -> Iterable[Edit]:
        """More of a value that ended at `behind`."""
        return () if self._more is None else self._more(data, behind, self._replacement)

    def whole_pan(self, cell: bytes) -> bytes | None:
        return whole_pan(cell, self._shown, self._replacement)


@lru_cache(maxsize=16)
def _hints(entities: tuple[Entity, ...]) -> Callable[[bytes], Hints]:
    """Compiled once for every session that looks for the same entities."""
    return hint_set([DETECTORS[entity] for entity in entities])


@lru_cache(maxsize=1)
def _redactor() -> Masker:
    return Masker(_EVERYTHING)


def _readings(data: bytes, start: int, count: int) -> list[NormalisedView]:
    """Escape sequences as nothing, and as what stands between two words: the short ones, too, or not.

    Always all: which of them is meant may not depend on what stands elsewhere, for of a stream that may come later.
    """
    views = [NormalisedView(data, start), NormalisedView(data, start, _BORDER)]
    if count > len(views):
        views.append(NormalisedView(data, start, _BORDER, short=True))
    return views


def _has_borders(cells: Sequence[Cell], together: bytes) -> bool:
    """Whether there are more borders in the joined cells than those between them."""
    if len(cells) == 1:
        return CELL_BORDER in together
    return bool(cells) and together.count(CELL_BORDER) != len(cells) - 1


def _disjoint(edits: list[Edit]) -> list[Edit]:
    """Where two overlap, hide what either hides."""
    edits.sort()
    kept: list[Edit] = []
    end = 0
    for edit in edits:
        if edit.start >= end:
            kept.append(edit)
        elif edit.start == kept[-1].start:
            kept[-1] = edit
        elif edit.end > end:
            # Of the second kind, which says how it may go on in a stream.
            kept[-1] = Edit(kept[-1].start, edit.end, REDACTED.encode(), edit.kind)
        else:
            continue
        end = edit.end
    return kept


def _with_borders(data: bytes, edit: Edit) -> Edit:
    """An edit of text that was searched without borders, which leaves those of `data` as they are."""
    if not edit.aligned or CELL_BORDER not in data[edit.start : edit.end]:
        return edit
    was, now = (text.decode("utf-8", "surrogateescape") for text in (data[edit.start : edit.end], edit.replacement))
    border = CELL_BORDER.decode()
    kept = "".join(border if before == border else after for before, after in zip(was, now, strict=True))
    return edit._replace(replacement=kept.encode("utf-8", "surrogateescape"))


def apply(data: bytes, edits: Sequence[Edit]) -> bytes:
    """`data` with `edits` made, which are in order and disjoint."""
    is_long = len(data) > PIECE_BYTES
    kept = memoryview(data) if is_long else data
    pieces: list[bytes | memoryview] = []
    at = 0
    for edit in edits:
        pieces += (kept[at : edit.start], edit.replacement)
        at = edit.end
    pieces.append(kept[at:])
    return joined(pieces) if is_long else b"".join(pieces)


def _is_card_number(number: str) -> bool:
    try:
        value = Decimal(number.strip())
    except InvalidOperation:
        return False
    if not value.is_finite() or abs(value) >= 10**MAX_DIGITS or value != value.to_integral_value():
        return False
    digits = str(abs(int(value))).encode()
    return is_pan(digits) and not is_article_number(digits)
