"""Which access is meant."""

from typing import Any

import pytest

from client.access.choosing import Target, cheapest, check_kind, duration, duration_s, open_grant, target_of
from client.errors import REFUSED, USAGE, Failed


def grant(role: str, left_s: int, resource: str = "db", connect: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"resource": resource, "role": role, "left_s": left_s, "connect": {"host": "g"} if connect is None else None}


def offer(role: str, decision: str = "reviewed", quorum: int = 1, resource: str = "db") -> dict[str, Any]:
    return {"resource": resource, "role": role, "decision": decision, "quorum": quorum}


def test_a_role_stands_before_an_at_or_in_an_option() -> None:
    assert target_of("db", None) == Target("db")
    assert target_of("read@db", None) == target_of("db", "read") == target_of("read@db", "read") == Target("db", "read")
    for word, role in (("read@db", "admin"), ("@db", None), ("read@", None), ("", None)):
        with pytest.raises(Failed) as failed:
            target_of(word, role)
        assert failed.value.status == USAGE


def test_durations_are_read_and_shown() -> None:
    assert [duration_s(each) for each in ("30m", "2h", "1h30m", "90s", "1d")] == [1800, 7200, 5400, 90, 86_400]
    assert [duration(each) for each in (5400, 7200, 1799, 20, -1)] == ["1h30m", "2h", "29m", "20s", "0s"]
    for typed in ("", "30", "0m", "-1h", "1x", "h", "30m 2h"):
        with pytest.raises(Failed):
            duration_s(typed)


def test_the_grant_that_lasts_longest_is_meant() -> None:
    grants = [grant("read", 5), grant("read", 50), grant("read", 500, "other"), grant("read", 900, connect={})]
    assert (open_grant(grants, Target("db")) or {})["left_s"] == 50
    assert open_grant(grants, Target("db", "admin")) is None
    assert open_grant([], Target("db")) is None


def test_two_roles_are_asked_about() -> None:
    grants = [grant("read", 5), grant("admin", 5)]
    with pytest.raises(Failed, match="admin@db or read@db"):
        open_grant(grants, Target("db"))
    assert (open_grant(grants, Target("db", "read")) or {})["role"] == "read"


def test_what_costs_least_is_asked_for() -> None:
    offers = [offer("a", quorum=2), offer("b"), offer("c"), offer("d", "automatic", 0, "other")]
    assert cheapest(offers, Target("db"))["role"] == "b"
    assert cheapest([*offers, offer("e", "automatic", 1)], Target("db"))["role"] == "e"
    assert cheapest(offers, Target("db", "a"))["role"] == "a"
    for target in (Target("nothing"), Target("db", "z")):
        with pytest.raises(Failed, match="gatepass status") as failed:
            cheapest(offers, target)
        assert failed.value.status == REFUSED


KNOWN = [
    {"resource": "payments-db", "role": "read", "type": "postgres", "decision": "automatic", "quorum": 0},
    {"resource": "web-1", "role": "logs", "type": "ssh", "decision": "automatic", "quorum": 0},
]


@pytest.mark.parametrize(
    ("resource", "kind", "says"),
    [("web-1", "postgres", "`gatepass ssh web-1`"), ("payments-db", "ssh", "`gatepass psql payments-db`")],
)
def test_a_program_of_another_kind_is_told_before_anything_is_asked(resource: str, kind: str, says: str) -> None:
    with pytest.raises(Failed, match=says) as failed:
        check_kind(KNOWN, Target(resource), kind)
    assert failed.value.status == USAGE
    check_kind(KNOWN, Target(resource), None)
    check_kind(KNOWN, Target("nothing"), kind)


def test_what_was_mistyped_is_suggested() -> None:
    with pytest.raises(Failed, match="Did you mean payments-db"):
        cheapest(KNOWN, Target("paymets-db"))
    with pytest.raises(Failed) as failed:
        cheapest(KNOWN, Target("elsewhere"))
    assert "Did you mean" not in str(failed.value)
