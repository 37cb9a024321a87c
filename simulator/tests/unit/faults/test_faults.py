"""Faults that are at work: where they strike, how often, until when, and that every strike is recorded."""

from typing import Any

import pytest

from slack_simulator.base.changes import Changes
from slack_simulator.base.clock import Clock
from slack_simulator.base.inspector import Inspector
from slack_simulator.faults.catalogue import FaultRefused
from slack_simulator.faults.faults import Faults


@pytest.fixture
def clock() -> Clock:
    return Clock(lambda: 1000.0)


@pytest.fixture
def inspector(clock: Clock) -> Inspector:
    return Inspector(clock, Changes())


@pytest.fixture
def faults(clock: Clock, inspector: Inspector) -> Faults:
    return Faults(clock, inspector)


def test_nothing_goes_wrong_by_itself(faults: Faults, inspector: Inspector) -> None:
    assert faults.take("duplicate", envelope="events_api") is None
    assert faults.active() == []
    assert inspector.after(0) == []


def test_a_fault_strikes_until_it_is_removed(faults: Faults) -> None:
    fault = faults.add("ephemeral_lost", {})
    assert [faults.take("ephemeral_lost") for _ in range(3)] == [fault] * 3
    assert fault.to_json() == {"id": fault.id, "kind": "ephemeral_lost", "left": None, "struck": 3}
    assert faults.remove(fault.id)
    assert not faults.remove(fault.id)
    assert faults.take("ephemeral_lost") is None


def test_a_fault_strikes_as_often_as_it_was_told_to(faults: Faults) -> None:
    fault = faults.add("duplicate", {"times": 2})
    assert faults.take("duplicate", envelope="interactive") is fault
    assert fault.left == 1
    assert faults.take("duplicate", envelope="interactive") is fault
    assert faults.take("duplicate", envelope="interactive") is None
    assert faults.active() == []


def test_a_fault_is_gone_at_its_time(faults: Faults, clock: Clock) -> None:
    faults.add("duplicate", {"for_s": 10})
    clock.advance(9.9)
    assert faults.take("duplicate") is not None
    clock.advance(0.1)
    assert faults.take("duplicate") is None
    assert faults.active() == []


@pytest.mark.parametrize(
    ("given", "where", "strikes"),
    [
        ({}, {"method": "chat.postMessage"}, True),
        ({"method": "chat.postMessage"}, {"method": "chat.postMessage"}, True),
        ({"method": "chat.postMessage"}, {"method": "chat.update"}, False),
        ({"method": "chat.postMessage"}, {}, True),
    ],
)
def test_a_fault_strikes_where_it_is_meant_to(
    faults: Faults, given: dict[str, Any], where: dict[str, Any], strikes: bool
) -> None:
    faults.add("api_error", given)
    assert (faults.take("api_error", **where) is not None) is strikes
    assert faults.take("api_latency", **where) is None, "another kind"


def test_the_first_that_fits_strikes(faults: Faults) -> None:
    elsewhere = faults.add("api_error", {"method": "chat.update"})
    first, second = faults.add("api_error", {"times": 1}), faults.add("api_error", {})
    assert faults.active() == [elsewhere, first, second]
    assert [faults.take("api_error", method="chat.delete") for _ in range(2)] == [first, second]
    assert elsewhere.struck == 0


def test_no_id_is_given_twice(faults: Faults) -> None:
    first = faults.add("duplicate", {})
    faults.clear()
    assert faults.add("duplicate", {}).id != first.id


def test_a_ghost_haunts_the_connections_that_are_open(faults: Faults) -> None:
    """And none that opens later; one that is named, alone."""
    faults.add("ghost", {}, [1, 2])
    assert faults.take("ghost", connection=2) is not None
    assert faults.take("ghost", connection=3) is None
    faults.clear()
    faults.add("ghost", {"connection": 2}, [1, 2])
    assert faults.take("ghost", connection=2) is not None
    assert faults.take("ghost", connection=1) is None


@pytest.mark.parametrize(
    ("kind", "given", "connections", "said"),
    [
        ("ghost", {}, [], "no such connection is open; open are: none"),
        ("ghost", {"connection": 3}, [1, 2], "no such connection is open; open are: 1, 2"),
        ("earthquake", {}, [], "there is no fault 'earthquake'; there are: api_ratelimited, "),
        ("duplicate", {"method": "x"}, [], "duplicate has no field 'method'"),
        ("api_refuses", {}, [], "api_refuses needs error"),
    ],
)
def test_what_is_refused_is_not_switched_on(
    faults: Faults, inspector: Inspector, kind: str, given: dict[str, Any], connections: list[int], said: str
) -> None:
    with pytest.raises(FaultRefused) as refused:
        faults.add(kind, given, connections)
    assert str(refused.value).startswith(said)
    assert faults.active() == []
    assert inspector.after(0) == []


def test_all_of_it_is_recorded(faults: Faults, inspector: Inspector) -> None:
    fault = faults.add("api_error", {"times": 2})
    faults.take("api_error", method="chat.update")
    faults.clear()
    entries = inspector.after(0)
    assert [(one.kind, one.name, one.ok, one.detail["did"], one.detail["id"]) for one in entries] == [
        ("fault", "api_error", True, "added", fault.id),
        ("fault", "api_error", False, "struck", fault.id),
        ("fault", "api_error", True, "removed", fault.id),
    ]
    assert (entries[1].detail["left"], entries[1].detail["method"]) == (1, "chat.update")
