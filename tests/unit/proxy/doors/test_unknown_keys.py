"""Keys of nobody: an agent has ten of them, and who never ends is asked about no more."""

from proxy.doors.unknown_keys import MAX_SOURCES, UnknownKeys


def test_a_burst_and_then_as_time_passes() -> None:
    keys = UnknownKeys(burst=3, refill_s=10)
    for _ in range(3):
        assert keys.may_offer("a", 0)
        keys.was_unknown("a", 0)
    assert not keys.may_offer("a", 9)
    assert keys.may_offer("b", 9)
    assert keys.may_offer("a", 10)
    keys.was_unknown("a", 10)
    assert not keys.may_offer("a", 19)
    keys.forget("a")
    assert keys.may_offer("a", 19)


def test_time_gives_no_more_than_a_burst() -> None:
    keys = UnknownKeys(burst=2, refill_s=1)
    keys.was_unknown("a", 0)
    for _ in range(2):
        keys.was_unknown("a", 1_000)
    assert not keys.may_offer("a", 1_000)


def test_memory_is_bounded() -> None:
    keys = UnknownKeys(burst=1, refill_s=1e9)
    for index in range(MAX_SOURCES + 1):
        keys.was_unknown(str(index), 0)
    assert keys.may_offer("0", 0)
    assert not keys.may_offer("1", 0)
