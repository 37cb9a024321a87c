"""CopyMasker: masks the rows of one COPY … TO STDOUT. Pure.

Cells are masked by their content, and by the rules of the columns they stand in. Refuses rows whose columns are not
those of the table: then no rule could be told to be in its place.
"""

from collections.abc import Sequence

from proxy.errors import PolicyFault
from proxy.masking.rules import Masker, MaskingRule
from proxy.pieces import copied
from proxy.postgres.protocol import messages
from proxy.postgres.protocol.copy_format import CopyOut
from proxy.postgres.protocol.frames import Frame
from proxy.postgres.relay.rows.rows import recorded_row


class CopyMasker:
    """`rules` are the columns' own, in their order; empty where nothing but the content is known."""

    def __init__(self, shape: CopyOut, rules: Sequence[MaskingRule | None], masker: Masker) -> None:
        self._shape = shape
        self._rules = rules
        self._masker = masker
        self._header_comes = shape.header

    def masked(self, chunk: bytes, frames: Sequence[Frame]) -> tuple[bytes, list[list[str | None]]]:
        """The same, with the rows as they are recorded."""
        masked, rows = self.mask(chunk, frames)
        return masked, [recorded_row(row) for row in rows]

    def mask(self, chunk: bytes, frames: Sequence[Frame]) -> tuple[bytes, list[list[bytes | None]]]:
        """Mask the CopyData messages at `frames`, one row each; returns the messages and the masked rows.

        Raises ProtocolViolation if a row does not follow its format, PolicyFault if it does not fit the rules.
        """
        rows = [self._shape.split(copied(chunk, start, end)) for _, start, end in frames]
        cells = [cell for row in rows for cell in row]
        masked = iter(self._masker.cells(cells) if len(rows) > 1 else self._masker.row(cells))
        changed = [[next(masked) for _ in row] for row in rows]
        first = 1 if self._header_comes else 0
        self._header_comes = False
        if self._rules:
            for row in changed[first:]:
                self._by_rules(row)
        return b"".join(
            chunk[start - 5 : end] if new == old else messages.message(b"d", self._shape.join(new))
            for (_, start, end), old, new in zip(frames, rows, changed, strict=True)
        ), changed

    def _by_rules(self, row: list[bytes | None]) -> None:
        if len(row) != len(self._rules):
            raise PolicyFault("A row of this COPY has other columns than its table: name the schema and the columns.")
        for index, rule in enumerate(self._rules):
            if rule is not None:
                row[index] = self._masker.whole(rule, row[index])
