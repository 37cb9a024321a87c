"""So many sign-ins of one address, and more with time."""

from web.door import rates
from web.door.rates import BURST, REFILL_S, Rates


def test_a_burst_and_then_one_at_a_time() -> None:
    now = [0.0]
    taken = Rates(lambda: now[0])
    assert [taken.take("a") for _ in range(BURST + 1)] == [True] * BURST + [False]
    assert taken.take("b")
    now[0] += REFILL_S - 0.1
    assert not taken.take("a")
    now[0] += 0.2
    assert taken.take("a")
    assert not taken.take("a")
    now[0] += REFILL_S * BURST * 10
    assert [taken.take("a") for _ in range(BURST + 1)] == [True] * BURST + [False]


def test_memory_is_bounded() -> None:
    taken = Rates(lambda: 0.0)
    for number in range(rates.MAX_ADDRESSES + 10):
        taken.take(str(number))
    assert len(taken._left) == rates.MAX_ADDRESSES


def test_looking_takes_no_turn() -> None:
    taken = Rates(lambda: 0.0)
    assert not taken.is_empty("a")
    for _ in range(BURST):
        assert taken.take("a")
    assert taken.is_empty("a")
    assert not taken.is_empty("b")


def test_a_network_of_ipv6_is_one_source() -> None:
    taken = Rates(lambda: 0.0)
    assert sum(taken.take(f"2001:db8::{number:x}") for number in range(BURST * 2)) == BURST
    assert not taken.take("2001:db8::ffff%eth0")
    assert taken.take("2001:db8:0:1::1")
    assert sum(taken.take(each) for each in ["192.0.2.1", "::ffff:192.0.2.1"] * BURST) == BURST


def test_another_bucket_has_another_size() -> None:
    now = [0.0]
    taken = Rates(lambda: now[0], burst=3, refill_s=0.5)
    assert [taken.take("corp") for _ in range(5)] == [True, True, True, False, False]
    now[0] = 1.0
    assert [taken.take("corp") for _ in range(3)] == [True, True, False]
