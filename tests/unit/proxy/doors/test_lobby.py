"""Who stays and who goes where too many stand before the door."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.doors.lobby import Lobby, LobbyLimits

pytestmark = pytest.mark.finding("M3")


def lobby(per_source: int = 3, in_all: int = 5) -> Lobby[str]:
    return Lobby(LobbyLimits(per_source, in_all))


def test_nobody_leaves_while_there_is_room() -> None:
    place = lobby()
    assert [place.enter(guest, "a") for guest in ("1", "2", "3")] == [None] * 3
    assert len(place) == 3


def test_the_oldest_silent_one_of_a_full_source_leaves_for_a_new_one() -> None:
    place = lobby()
    for guest in ("1", "2", "3"):
        place.enter(guest, "a")
    place.has_spoken("1")
    assert place.enter("4", "a") == "2"
    assert len(place) == 3
    assert not place.is_silent("2"), "who left is not here"
    assert place.is_silent("4")


def test_who_comes_last_leaves_where_all_others_of_the_source_have_spoken() -> None:
    place = lobby()
    for guest in ("1", "2", "3"):
        place.enter(guest, "a")
        place.has_spoken(guest)
    assert place.enter("4", "a") == "4"
    assert place.enter("5", "b") is None, "another source has its own share"


def test_a_full_house_makes_room_at_the_cost_of_the_largest_silent_source() -> None:
    place = lobby()
    for number, source in enumerate("abbac"):
        place.enter(str(number), source)
    assert place.enter("5", "b") == "1", "b has three then, and that is most"
    assert place.enter("6", "d") == "0", "of those with most, the oldest silent one"
    assert len(place) == 5


def test_a_full_house_in_which_all_have_spoken_lets_its_oldest_go() -> None:
    place = lobby()
    for number, source in enumerate("aabbb"):
        place.enter(str(number), source)
        place.has_spoken(str(number))
    assert place.enter("5", "c") == "2"


def test_a_crowd_that_has_spoken_sends_nobody_else_away_who_is_still_silent() -> None:
    """Four sources full of connections that said a version line, and a fifth that only comes and goes."""
    place = lobby(3, 5)
    for number, source in enumerate("aaabb"):
        place.enter(str(number), source)
        place.has_spoken(str(number))
    assert place.enter("honest", "c") == "0"
    assert place.enter("late", "b") == "3", "b has three then, and that is most"
    assert place.enter("more", "d") == "late", "of those with most, the silent one"
    assert place.is_silent("honest")


def test_a_crowd_of_many_sources_with_one_each_keeps_nobody_out() -> None:
    place = lobby(1, 5)
    for number in range(5):
        place.enter(str(number), f"source {number}")
    assert place.enter("new", "other") == "0"


def test_leaving_twice_and_unknown_guests_do_no_harm() -> None:
    place = lobby()
    place.enter("1", "a")
    place.leave("1")
    place.leave("1")
    place.has_spoken("nobody")
    assert len(place) == 0
    assert [place.enter(guest, "a") for guest in ("2", "3", "4")] == [None] * 3


moves = st.lists(
    st.tuples(st.sampled_from(["enter", "speak", "leave"]), st.integers(0, 40), st.sampled_from("abcd")), max_size=200
)


@given(moves)
def test_the_limits_hold_and_a_source_below_its_share_always_gets_in(made: list[tuple[str, int, str]]) -> None:
    here = dict[int, str]()
    guests: Lobby[int] = Lobby(LobbyLimits(3, 5))
    for move, guest, source in made:
        if move == "enter" and guest not in here:
            share = sum(1 for each in here.values() if each == source)
            leaving = guests.enter(guest, source)
            here[guest] = source
            if leaving is not None:
                del here[leaving]
            assert share >= 3 or leaving != guest
        elif move == "speak":
            guests.has_spoken(guest)
        elif move == "leave":
            guests.leave(guest)
            here.pop(guest, None)
        assert len(guests) == len(here) <= 5
        assert all(list(here.values()).count(each) <= 3 for each in here.values())
