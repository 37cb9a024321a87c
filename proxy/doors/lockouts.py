"""Lockouts: whose logins fail again and again waits longer for each answer, and is then refused for a while.

Kept in memory, by process: it bounds what guessing and faulty programs cost, and a token cannot be guessed anyway. It
never waits and never asks for the time.
"""

from dataclasses import dataclass

#: Failures are forgotten when there was none for so long.
FORGET_S = 600.0
#: The first failures are answered at once; each one after them waits twice as long as the one before.
PROMPT_FAILURES = 3
FIRST_DELAY_S = 0.5
LONGEST_DELAY_S = 4.0
#: Failures after which a source, or a principal, is locked out. A source may be a whole office.
FAILURES_PER_SOURCE = 30
FAILURES_PER_PRINCIPAL = 10
#: For how long the first time; each time after that twice as long.
FIRST_LOCK_S = 300.0
LONGEST_LOCK_S = 3600.0
#: Who is told apart; the one whose last failure is longest ago is forgotten for a new one.
MOST_REMEMBERED = 10_000


@dataclass(frozen=True)
class Failure:
    """What a failed login brings: seconds to wait before its answer, and for how long it locks out, if it does."""

    delay_s: float
    locked_s: float | None = None


@dataclass
class _Record:
    failures: int = 0
    last_at: float = 0.0
    locks: int = 0
    locked_until: float = 0.0


class Lockouts:
    """Of sources, or of principals: `failures` is after how many one is locked out."""

    def __init__(self, failures: int) -> None:
        self._most = failures
        self._records: dict[str, _Record] = {}

    def locked_s(self, key: str, now: float) -> float:
        """For how many seconds more it is locked out; 0 if it is not."""
        record = self._records.get(key)
        return max(0.0, record.locked_until - now) if record is not None else 0.0

    def failed(self, key: str, now: float) -> Failure:
        """Count a failure of somebody who was not locked out when they tried.

        Who is locked out by now tried at the same time as others did: one crowd is one lock-out.
        """
        if self.locked_s(key, now) > 0:
            return Failure(_delay_s(self._most))
        record = self._record(key, now)
        record.failures += 1
        record.last_at = now
        if record.failures < self._most:
            return Failure(_delay_s(record.failures))
        locked_s = min(FIRST_LOCK_S * 2**record.locks, LONGEST_LOCK_S)
        record.failures, record.locks, record.locked_until = 0, record.locks + 1, now + locked_s
        return Failure(_delay_s(self._most), locked_s)

    def anybody(self, now: float) -> bool:
        """Whether anybody is locked out."""
        return any(record.locked_until > now for record in self._records.values())

    def forget(self, key: str) -> bool:
        """Unlock it, and start counting anew; False: there was nothing."""
        return self._records.pop(key, None) is not None

    def _record(self, key: str, now: float) -> _Record:
        """Its record, which is now the last of all; old and superfluous ones are dropped."""
        record = self._records.pop(key, None)
        if record is None or max(record.last_at, record.locked_until) + FORGET_S < now:
            record = _Record()
        if len(self._records) >= MOST_REMEMBERED:
            del self._records[next(iter(self._records))]
        self._records[key] = record
        return record


def _delay_s(failures: int) -> float:
    if failures <= PROMPT_FAILURES:
        return 0.0
    return min(FIRST_DELAY_S * 2.0 ** min(failures - PROMPT_FAILURES - 1, 10), LONGEST_DELAY_S)
