"""Failed logins slow down, lock out for a while, and are forgotten."""

import pytest

from proxy.doors import lockouts
from proxy.doors.lockouts import FIRST_LOCK_S, FORGET_S, LONGEST_DELAY_S, LONGEST_LOCK_S, PROMPT_FAILURES, Lockouts

pytestmark = pytest.mark.finding("M3")


def locked(made: Lockouts, key: str, now: float, failures: int) -> float | None:
    """So many failures at once; the seconds of the lock that the last one began."""
    for _ in range(failures - 1):
        assert made.failed(key, now).locked_s is None
    return made.failed(key, now).locked_s


def test_the_first_are_answered_at_once_and_the_next_ever_later() -> None:
    made = Lockouts(20)
    delays = [made.failed("a", 0).delay_s for _ in range(12)]
    assert delays[:PROMPT_FAILURES] == [0.0] * PROMPT_FAILURES
    assert delays[PROMPT_FAILURES : PROMPT_FAILURES + 3] == [0.5, 1.0, 2.0]
    assert delays == sorted(delays)
    assert delays[-1] == LONGEST_DELAY_S


def test_a_lock_ends_by_itself_and_the_next_one_is_longer() -> None:
    made, now = Lockouts(3), 0.0
    lengths: list[float] = []
    for _ in range(6):
        length = locked(made, "a", now, 3)
        assert length is not None
        lengths.append(length)
        assert made.locked_s("a", now + length - 1) == 1
        now += length
        assert made.locked_s("a", now) == 0
    assert lengths == [
        FIRST_LOCK_S,
        2 * FIRST_LOCK_S,
        4 * FIRST_LOCK_S,
        8 * FIRST_LOCK_S,
        LONGEST_LOCK_S,
        LONGEST_LOCK_S,
    ]


def test_many_that_fail_at_once_are_one_lock() -> None:
    """A pool with an old token opens all of its connections before the first one has failed."""
    made = Lockouts(3)
    assert locked(made, "a", 0, 3) == FIRST_LOCK_S
    for _ in range(100):
        late = made.failed("a", 1)
        assert late.locked_s is None
        assert late.delay_s == made.failed("a", 1).delay_s
    assert made.locked_s("a", 1) == FIRST_LOCK_S - 1
    assert locked(made, "a", FIRST_LOCK_S, 3) == 2 * FIRST_LOCK_S, "the next one is the second"


def test_one_that_is_locked_locks_nobody_else() -> None:
    made = Lockouts(3)
    assert locked(made, "a", 0, 3) == FIRST_LOCK_S
    assert made.locked_s("b", 0) == 0
    assert made.failed("b", 0).delay_s == 0


def test_what_is_long_ago_is_forgotten() -> None:
    made = Lockouts(3)
    made.failed("a", 0)
    made.failed("a", 0)
    assert made.failed("a", FORGET_S + 1).locked_s is None
    assert locked(made, "b", 0, 3) == FIRST_LOCK_S
    assert locked(made, "b", FIRST_LOCK_S + FORGET_S + 1, 3) == FIRST_LOCK_S


def test_a_person_can_unlock() -> None:
    made = Lockouts(3)
    locked(made, "a", 0, 3)
    assert made.forget("a")
    assert made.locked_s("a", 0) == 0
    assert not made.forget("a")


def test_it_remembers_no_more_than_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lockouts, "MOST_REMEMBERED", 2)
    made = Lockouts(3)
    locked(made, "a", 0, 3)
    made.failed("b", 1)
    made.failed("c", 2)
    assert made.locked_s("a", 0) == 0, "the oldest gave way"
    assert not made.forget("a")
    assert made.forget("b")
