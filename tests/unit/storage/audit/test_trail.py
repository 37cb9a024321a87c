"""What an event's bytes are: one way to write each, and nothing that is not JSON."""

from datetime import datetime, timedelta, timezone

import pytest

from storage.audit import trail


def test_a_time_is_utc_to_the_microsecond() -> None:
    noon = datetime(2026, 11, 22, 12, tzinfo=timezone(timedelta(hours=2)))
    assert trail.moment(noon) == "2026-11-22T10:00:00.000000Z"
    with pytest.raises(ValueError, match="aware"):
        trail.moment(datetime(2026, 11, 22))  # noqa: DTZ001 - the point of it


@pytest.mark.parametrize("detail", [{"x": float("nan")}, {"x": float("inf")}])
def test_what_is_not_json_is_refused(detail: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="JSON"):
        trail.canonical(detail)


def test_the_same_event_has_the_same_bytes_in_whatever_order_it_is_told() -> None:
    assert trail.canonical({"b": 1, "a": {"d": 2, "c": None}}) == trail.canonical({"a": {"c": None, "d": 2}, "b": 1})
    assert trail.canonical({"b": "Grüße", "a": [1]}) == '{"a":[1],"b":"Grüße"}'.encode()


def test_a_lone_surrogate_is_written_as_its_escape() -> None:
    assert trail.canonical({"a": "\ud800"}) == b'{"a":"\\ud800"}'
