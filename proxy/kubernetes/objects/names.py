"""Names that say what stands beside them: keys of maps, names of environment variables, heads of a table's columns.

A name tells by the policy's rules for columns ("cvv"), or because a detector takes it for a label ("card code: 907").
"""

import re
from collections.abc import Iterable
from fnmatch import translate

from proxy.masking.edits import REDACTED
from proxy.masking.rules import Masker

#: Answers that are remembered; then all are forgotten and found out again.
_REMEMBERED = 4096
#: A longer name is not remembered.
_LONGEST = 128
#: Values that stand for any: a code of three digits, what a password may be, and an AWS secret of forty characters.
_PROBES = ("907", "Zq7vK2mXw9Tb4nR8", "Zq7vK2mXw9Tb4nR8sLp3Zq7vK2mXw9Tb4nR8sLp3")
_ENDS = tuple(f": {probe}".encode() for probe in _PROBES)


class Names:
    """Tells names of one session, and hides what stands beside them."""

    def __init__(self, masker: Masker) -> None:
        self._masker = masker
        #: Looks without counting: what is probed is no value of anybody's.
        self._probe = Masker(masker.rules)
        globs = [translate(glob.casefold()) for rule in masker.rules for glob in rule.columns]
        self._columns = re.compile("|".join(globs)) if globs else None
        self._told: dict[str, bool] = {}

    def tells(self, name: str) -> bool:
        """Whether what stands beside `name` is to be looked at together with it."""
        told = self._told.get(name)
        return self.any_tells([name]) if told is None else told

    def any_tells(self, names: Iterable[str]) -> bool:
        """Whether one of them tells; all that are not known are found out in one go."""
        asked = list(names)
        unknown = [name for name in asked if name not in self._told]
        if not unknown:
            return any(map(self._told.__getitem__, asked))
        found = dict(zip(unknown, self._found_out(unknown), strict=True))
        answer = any(found.get(name) or self._told.get(name, False) for name in asked)
        if len(self._told) + len(found) > _REMEMBERED:
            self._told.clear()
        self._told.update((name, tells) for name, tells in list(found.items())[:_REMEMBERED] if len(name) <= _LONGEST)
        return answer

    def _found_out(self, names: list[str]) -> list[bool]:
        cells: list[bytes | None] = [f"{name}: {probe}".encode() for name in names for probe in _PROBES]
        seen = self._probe.cells(cells)
        if seen is cells:
            return [self._is_column(name) for name in names]
        # That the name itself is masked tells nothing of what stands beside it.
        hidden = [not (cell or b"").endswith(end) for cell, end in zip(seen, _ENDS * len(names), strict=True)]
        each = len(_PROBES)
        return [any(hidden[at * each : (at + 1) * each]) or self._is_column(name) for at, name in enumerate(names)]

    def _is_column(self, name: str) -> bool:
        """Whether a rule is there for columns of this name. `Masker.column_rule` says which, and forgets no name."""
        return self._columns is not None and self._columns.match(name.casefold()) is not None

    def beside(self, name: str, value: str) -> str:
        """What to show of `value`, which is text or a number's text, for what `name` says of it; itself: all of it."""
        rule = self._masker.column_rule(name)
        if rule is not None:
            return (self._masker.whole(rule, value.encode()) or b"").decode()
        label = f"{name}: "
        masked = self._masker.text(label + value)
        if masked.endswith(f": {value}"):
            return value
        return masked.removeprefix(label) if masked.startswith(label) else REDACTED
