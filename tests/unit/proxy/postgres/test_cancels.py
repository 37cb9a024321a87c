"""Which process a cancel key belongs to."""

from typing import Any, cast

import pytest

from proxy.place import ALONE, Place
from proxy.postgres.cancels import Cancels
from proxy.postgres.protocol.startup import PROTOCOL_3_0, CancelRequest
from proxy.postgres.relay.relay import Relay

RELAY = cast("Relay", object())


@pytest.mark.parametrize("place", [ALONE, Place(0, 2), Place(1, 2), Place(63, 64)])
def test_a_key_says_which_process_made_it(place: Place) -> None:
    cancels = Cancels(place)
    for _ in range(200):
        with cancels.key(RELAY, PROTOCOL_3_0, 7) as (process, secret):
            assert (process, len(secret)) == (7, 4)
            assert cancels.owner(CancelRequest(process, secret)) == place.index
            assert cancels.find(CancelRequest(process, secret)) is RELAY
            assert cancels.find(CancelRequest(process, bytes(4))) is None
        assert cancels.find(CancelRequest(process, secret)) is None


@pytest.mark.parametrize("secret", [b"", b"\0", b"\xff" * 4, b"\xff" * 256])
def test_any_secret_has_an_owner(secret: bytes) -> None:
    assert Cancels(Place(0, 3)).owner(CancelRequest(1, secret)) in range(3)


def test_keys_are_not_used_twice_at_once() -> None:
    cancels = Cancels(ALONE)
    stacks: list[Any] = [cancels.key(RELAY, PROTOCOL_3_0, 7) for _ in range(100)]
    assert len({stack.__enter__()[1] for stack in stacks}) == 100
    for stack in stacks:
        stack.__exit__(None, None, None)
