"""What is masked: rules, and a Masker that applies one policy's rules to what one session shows.

Pure: no clock, no sockets, no event loop. It fails closed by raising; it never returns what it could not look at, and
it keeps nothing of what it saw but counts.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fnmatch import fnmatchcase
from functools import lru_cache

from proxy.masking.card_brands import is_pan
from proxy.masking.detectors import FINDERS, Finder
from proxy.masking.entities import DETECTOR_VERSION, REDACTED, Edit, Entity

__all__ = ["DEFAULT_RULES", "DETECTOR_VERSION", "REDACTED", "Entity", "Masker", "MaskingRule"]

#: Inside Masker the name `bytes` is a method's.
Octets = bytes
Cell = bytes | None

#: PCI DSS 4.0.1, 3.4.1: the last four digits at most.
MAX_SHOWN = 4

#: Stands between cells that are scanned together; every finder stops at it.
_CELL_BORDER = b"\x1f\n"


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
            raise ValueError(f"Masking rule {self.name} says neither which entity nor which columns it masks.")
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
    MaskingRule("json-web-tokens", Entity.JWT),
    MaskingRule("private-keys", Entity.PRIVATE_KEY),
    MaskingRule("passwords-in-urls", Entity.PASSWORD),
)

#: For what people type: requests' reasons, SQL literals.
_EVERYTHING = tuple(MaskingRule(entity.value, entity) for entity in FINDERS)


class Masker:
    """Compiled rules of one policy for one session; counts what it masked. Not for use by two threads at once."""

    def __init__(self, rules: Sequence[MaskingRule]) -> None:
        self.rules = tuple(rules)
        #: Masked values by entity, or by rule for columns masked by name alone.
        self.counts: dict[str, int] = {}
        self._finders: list[tuple[Finder, int, Cell]] = []
        seen: set[Entity] = set()
        for rule in self.rules:
            if rule.entity is not None and rule.entity not in seen:
                seen.add(rule.entity)
                replacement = None if rule.replacement is None else rule.replacement.encode()
                self._finders.append((FINDERS[rule.entity], rule.show_last, replacement))
        self._columns = [(glob.casefold(), rule) for rule in self.rules for glob in rule.columns]
        self._column_rules: dict[str, MaskingRule | None] = {}

    # --- text ------------------------------------------------------------------------------------------------------

    def text(self, text: str) -> str:
        """`text` with everything sensitive in it replaced; the same object if there is nothing."""
        data = text.encode("utf-8", "surrogatepass")
        masked = self.bytes(data)
        return text if masked is data else masked.decode("utf-8", "surrogatepass")

    def bytes(self, data: Octets) -> Octets:
        """The same for UTF-8; bytes that are no UTF-8 survive untouched."""
        edits = self.edits(data)
        if not edits:
            return data
        self.count(edits)
        return apply(data, edits)

    def redact(self, text: str) -> str:
        """For what people typed, whatever the policy's rules: every entity that is known, and nothing is counted."""
        return _redactor().text(text)

    # --- rows ------------------------------------------------------------------------------------------------------

    def column_rule(self, name: str) -> MaskingRule | None:
        """The rule that masks a column of this name whole, if one does."""
        if name not in self._column_rules:
            folded = name.casefold()
            self._column_rules[name] = next((rule for glob, rule in self._columns if fnmatchcase(folded, glob)), None)
        return self._column_rules[name]

    def whole(self, rule: MaskingRule, cell: Cell) -> Cell:
        """A cell of a column that `rule` masks by its name; NULL stays NULL."""
        if cell is None:
            return None
        self.counts[rule.kind] = self.counts.get(rule.kind, 0) + 1
        return (REDACTED if rule.replacement is None else rule.replacement).encode()

    def cells(self, cells: Sequence[Cell]) -> list[Cell]:
        """Scan decoded text cells, of one row or many, together; a list is returned itself if nothing was found."""
        joined = _CELL_BORDER.join([cell or b"" for cell in cells])
        edits = self.edits(joined)
        if not edits:
            return cells if isinstance(cells, list) else list(cells)
        self.count(edits)
        masked = list(cells)
        starts: list[int] = []
        at = 0
        for cell in cells:
            starts.append(at)
            at += len(cell or b"") + len(_CELL_BORDER)
        per_cell: dict[int, list[Edit]] = {}
        for edit in edits:
            index = bisect_right(starts, edit.start) - 1
            offset = starts[index]
            per_cell.setdefault(index, []).append(edit._replace(start=edit.start - offset, end=edit.end - offset))
        for index, found in per_cell.items():
            masked[index] = apply(masked[index] or b"", found)
        return masked

    def masks_number(self, digits: str) -> bool:
        """Whether a whole number, as text ("4111111111111111", "4.111111111111111e+15"), is a card number."""
        return _number_is_pan(digits)

    # --- for streams -----------------------------------------------------------------------------------------------

    def edits(self, data: Octets, start: int = 0) -> list[Edit]:
        """What would be replaced in data[start:], in order and without overlaps. Nothing is counted."""
        found: list[Edit] = []
        for finder, shown, replacement in self._finders:
            found.extend(finder(data, start, shown, replacement))
        return found if len(found) < 2 else _disjoint(found)

    def count(self, edits: Iterable[Edit]) -> None:
        """Count edits that were made."""
        for edit in edits:
            self.counts[edit.kind] = self.counts.get(edit.kind, 0) + 1


@lru_cache(maxsize=1)
def _redactor() -> Masker:
    return Masker(_EVERYTHING)


def _disjoint(edits: list[Edit]) -> list[Edit]:
    """Where two overlap, hide what either hides."""
    edits.sort(key=lambda edit: (edit.start, -edit.end))
    kept = [edits[0]]
    for edit in edits[1:]:
        last = kept[-1]
        if edit.start >= last.end:
            kept.append(edit)
        elif edit.end > last.end:
            kept[-1] = Edit(last.start, edit.end, REDACTED.encode(), last.kind)
    return kept


def apply(data: bytes, edits: Sequence[Edit]) -> bytes:
    """`data` with `edits` made, which are in order and disjoint."""
    pieces: list[bytes] = []
    at = 0
    for edit in edits:
        pieces += (data[at : edit.start], edit.replacement)
        at = edit.end
    pieces.append(data[at:])
    return b"".join(pieces)


def _number_is_pan(number: str) -> bool:
    try:
        value = Decimal(number.strip())
    except InvalidOperation:
        return False
    if not value.is_finite() or value != value.to_integral_value():
        return False
    digits = str(abs(int(value)))
    return is_pan(digits.encode())
