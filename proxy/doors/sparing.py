"""SparingLog: one line a minute for one kind of event from one source, and how many more there were."""

#: The rest of a minute after a line was written, events of its kind and source are only counted.
QUIET_S = 60.0
#: Kinds and sources that are told apart; the one that was heard of longest ago is forgotten for a new one.
MOST_REMEMBERED = 10_000


class SparingLog:
    """Says when to write; the caller writes."""

    def __init__(self) -> None:
        #: When the last line was written, and what was kept back since.
        self._seen: dict[tuple[str, str], tuple[float, int]] = {}

    def due(self, event: str, source: str, now: float) -> int | None:
        """None: keep quiet. A number: write a line, and say that there were so many more since the last one."""
        key = (event, source)
        written_at, kept_back = self._seen.pop(key, (-QUIET_S, 0))
        if len(self._seen) >= MOST_REMEMBERED:
            del self._seen[next(iter(self._seen))]
        if now - written_at < QUIET_S:
            self._seen[key] = (written_at, kept_back + 1)
            return None
        self._seen[key] = (now, 0)
        return kept_back
