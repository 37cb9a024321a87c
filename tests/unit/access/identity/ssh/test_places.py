"""Who may wait, and who makes room: no source and no network has all places, and a crowd gives way to who has less."""

from collections.abc import Sequence
from uuid import UUID, uuid4

import pytest

from access.identity.ssh.places import (
    MAX_IN_ALL,
    MAX_PER_NETWORK,
    MAX_PER_SOURCE,
    Full,
    Place,
    network_of,
    room_for,
)


def held(*sources: str) -> list[Place]:
    return [Place(uuid4(), source) for source in sources]


def of(places: Sequence[Place], login: UUID | None) -> str | None:
    return next((each.source for each in places if each.login == login), None)


@pytest.mark.parametrize(
    ("source", "network"),
    [
        ("203.0.113.9", "203.0.113.0/24"),
        ("2001:db8:1:2::/64", "2001:db8:1::/48"),
        ("127.0.0.1", "127.0.0.0/24"),
        ("unknown", "unknown"),
    ],
)
def test_a_network_is_what_one_holder_has(source: str, network: str) -> None:
    assert network_of(source) == network


def test_there_is_room_while_shares_are_not_full() -> None:
    assert room_for([], "203.0.113.9") is None
    assert room_for(held(*["203.0.113.9"] * (MAX_PER_SOURCE - 1)), "203.0.113.9") is None


def test_a_source_has_its_share_and_no_more() -> None:
    with pytest.raises(Full, match="4 logins from your address wait"):
        room_for(held(*["203.0.113.9"] * MAX_PER_SOURCE), "203.0.113.9")


def test_a_network_with_many_addresses_has_its_share_and_no_more() -> None:
    crowd = held(*(f"2001:db8:1:{number:x}::/64" for number in range(MAX_PER_NETWORK)))
    with pytest.raises(Full, match="Many logins wait"):
        room_for(crowd, "2001:db8:1:ffff::/64")
    assert room_for(crowd, "2001:db8:2::/64") is None


def test_within_a_network_who_has_most_makes_room() -> None:
    greedy = [f"203.0.113.{number}" for number in range(1, 6) for _ in range(MAX_PER_SOURCE)]
    crowd = held(*greedy)
    assert room_for(crowd, "203.0.113.200") == crowd[0].login


def test_of_all_the_network_with_most_makes_room() -> None:
    crowd = held(
        *(f"198.51.{number}.7" for number in range(MAX_IN_ALL - MAX_PER_NETWORK)),
        *(f"2001:db8:1:{number:x}::/64" for number in range(MAX_PER_NETWORK)),
    )
    assert len(crowd) == MAX_IN_ALL
    assert of(crowd, room_for(crowd, "203.0.113.9")) == "2001:db8:1:0::/64"
    assert of(crowd, room_for(crowd, "198.51.3.8")) == "2001:db8:1:0::/64"


def test_who_has_as_much_as_anybody_sends_nobody_away() -> None:
    crowd = held(*(f"198.51.{number}.7" for number in range(MAX_IN_ALL)))
    with pytest.raises(Full):
        room_for(crowd, "203.0.113.9")
    with pytest.raises(Full):
        room_for(crowd, "198.51.3.8")
