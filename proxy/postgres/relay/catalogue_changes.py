"""CatalogueChanges: what sessions of this process did to each database's catalogue. Pure."""

import time
from collections import Counter
from collections.abc import Callable

#: Host, port and name.
Database = tuple[str, int, str]


class CatalogueChanges:
    """What sessions of this process did to each database's catalogue: the others fetch it again then."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._counts: Counter[Database] = Counter()
        self._open: Counter[Database] = Counter()
        self._clock = clock
        self._until: dict[Database, float] = {}

    def of(self, database: Database) -> int:
        """How often it was changed."""
        return self._counts.get(database, 0)

    def note(self, database: Database) -> None:
        self._counts[database] += 1

    def begin(self, database: Database) -> None:
        """From now on it may change at any time, and nobody tells until `end`."""
        self._open[database] += 1

    def end(self, database: Database) -> None:
        self._open[database] -= 1

    def linger(self, database: Database, seconds: float) -> None:
        """Who was changing it has left, and what it sent may run for so long yet."""
        self._until[database] = self._clock() + seconds

    def is_open(self, database: Database, *, own: bool) -> bool:
        """Whether it may change without a word, by another than the one who asks and has begun himself or not."""
        return self._open.get(database, 0) > own or self._until.get(database, 0.0) > self._clock()
