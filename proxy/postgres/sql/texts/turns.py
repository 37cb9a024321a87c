"""Turns: how often names have come to mean something else in a session, and what was analysed before that. Pure.

What is prepared keeps its text, and the server reads that anew when what it names has changed. Analyses remember the
turn that they were made in.
"""

from collections.abc import Iterable

from proxy.statements import StatementFacts


class Turns:
    """One session's."""

    def __init__(self) -> None:
        self.turn = 0
        #: Labels of tables and functions, and in which turn the name came to mean masked data.
        self._turned: dict[str, int] = {}
        #: In which turn columns came to stand in other places the last time.
        self._moved = 0

    def to_masked(self, labels: Iterable[str]) -> None:
        """What has these labels shows masked columns where there was none."""
        if new := set(labels):
            self.turn += 1
            self._turned.update(dict.fromkeys(new, self.turn))

    def moved(self) -> None:
        """Columns of some relation came to stand in other places."""
        self.turn += 1
        self._moved = self.turn

    def is_outdated(self, turn: int, facts: Iterable[StatementFacts], *, counts_columns: bool) -> bool:
        """Whether what was analysed in that turn, with these facts, may mean something else by now."""
        if turn >= self.turn:
            return False
        if counts_columns and turn < self._moved:
            return True
        return any(self._turned.get(label, 0) > turn for each in facts for label in each.labels)
