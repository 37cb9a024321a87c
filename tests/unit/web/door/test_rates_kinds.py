"""Buckets of other sizes than a sign-in's."""

from web.door.rates import Rates


def test_a_bucket_has_the_size_and_the_pace_that_it_was_given() -> None:
    now = [0.0]
    rates = Rates(lambda: now[0], burst=2, refill_s=0.5)
    assert [rates.take("a") for _ in range(3)] == [True, True, False]
    assert rates.is_empty("a")
    assert not rates.is_empty("b")
    now[0] = 0.5
    assert not rates.is_empty("a")
    assert [rates.take("a") for _ in range(2)] == [True, False]
