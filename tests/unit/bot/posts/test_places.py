"""Places: busy ones and resting ones are left alone, the one until it is left, the other until its time."""

from bot.posts.places import Places
from storage.outbox import Resting


def test_a_busy_place_takes_nothing_until_it_is_left() -> None:
    places = Places()
    places.take("C1")
    assert places.resting(0.0) == Resting(posting={"C1"}, updating={"C1"})
    places.leave("C1")
    assert places.resting(0.0) == Resting(posting=set(), updating=set())


def test_a_place_rests_from_one_way_of_showing_until_its_time() -> None:
    places = Places()
    places.rest("C1", updating=False, until=10.0)
    places.rest("C2", updating=True, until=20.0)
    assert places.resting(9.9) == Resting(posting={"C1"}, updating={"C2"})
    assert places.next_wake_s(9.0, 60.0) == 1.0
    assert places.resting(10.0) == Resting(posting=set(), updating={"C2"})
    assert places.next_wake_s(10.0, 2.0) == 2.0
