"""The kinds of fault: what each takes, and what is said of a field that does not fit."""

import math
from typing import Any

import pytest

from slack_simulator.faults.catalogue import (
    CATALOGUE,
    COMMON,
    ENVELOPES,
    KINDS,
    FaultKind,
    FaultRefused,
    Field,
    checked_fields,
)

TEXT = Field("method", "text", "which")
CHOICE = Field("envelope", "text", "which", choices=ENVELOPES)
NUMBER = Field("seconds", "number", "how long", lowest=1, highest=9)
WHOLE = Field("times", "whole", "how often", lowest=1, highest=9)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (TEXT, "chat.postMessage"),
        (CHOICE, "events_api"),
        (NUMBER, 1),
        (NUMBER, 1.5),
        (NUMBER, 9),
        (WHOLE, 1),
        (WHOLE, 9),
    ],
)
def test_what_a_field_takes_it_gives_back(field: Field, value: Any) -> None:
    assert field.checked(value) == value


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        (TEXT, "", "method must be a text, not ''"),
        (TEXT, 5, "method must be a text, not 5"),
        (CHOICE, "events", "envelope must be one of slash_commands, interactive, events_api, not 'events'"),
        (CHOICE, ["events_api"], "envelope must be one of"),
        (NUMBER, "1", "seconds must be a number number, not '1'"),
        (NUMBER, True, "seconds must be a number"),
        (NUMBER, math.nan, "seconds must be a number"),
        (NUMBER, math.inf, "seconds must be a number"),
        (NUMBER, 0.5, "seconds must be between 1 and 9, not 0.5"),
        (NUMBER, 9.1, "seconds must be between 1 and 9, not 9.1"),
        (WHOLE, 1.0, "times must be a whole number, not 1.0"),
        (WHOLE, False, "times must be a whole number"),
        (WHOLE, 0, "times must be between 1 and 9, not 0"),
        (WHOLE, 10, "times must be between 1 and 9, not 10"),
    ],
)
def test_what_a_field_does_not_take(field: Field, value: Any, said: str) -> None:
    with pytest.raises(FaultRefused) as refused:
        field.checked(value)
    assert str(refused.value).startswith(said)


KIND = FaultKind(
    "late", "Late.", (Field("seconds", "number", "how long", required=True), Field("again", "whole", "x", default=0))
)


def test_fields_have_their_defaults() -> None:
    """Null is as good as nothing, zero is not; what has no default is not there."""
    assert checked_fields(KIND, {"seconds": 0}) == {"seconds": 0, "again": 0}
    assert checked_fields(KIND, {"seconds": 1, "again": None, "times": None}) == {"seconds": 1, "again": 0}
    assert checked_fields(KIND, {"seconds": 1, "times": 2, "for_s": 3.5}) == {
        "seconds": 1,
        "again": 0,
        "times": 2,
        "for_s": 3.5,
    }


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "late needs seconds: how long"),
        ({"seconds": None}, "late needs seconds: how long"),
        ({"seconds": 1, "second": 1}, "late has no field 'second'; it takes: seconds, again, times, for_s"),
        ({"seconds": 1, "for_s": -1}, "for_s must be between 0 and 86400, not -1"),
    ],
)
def test_fields_that_do_not_fit(given: dict[str, Any], said: str) -> None:
    with pytest.raises(FaultRefused) as refused:
        checked_fields(KIND, given)
    assert str(refused.value) == said


def test_each_kind_is_listed_once() -> None:
    assert list(KINDS) == [kind.kind for kind in CATALOGUE]


@pytest.mark.parametrize("kind", CATALOGUE, ids=lambda kind: kind.kind)
def test_a_kind_s_fields_make_sense(kind: FaultKind) -> None:
    """No name twice, no default that would be refused, and none for what must be given."""
    fields = (*kind.fields, *COMMON)
    assert len({field.name for field in fields}) == len(fields)
    for field in fields:
        assert field.type in {"text", "number", "whole"}
        assert field.default is None or (field.checked(field.default) == field.default and not field.required)


def test_a_kind_as_the_catalogue_shows_it() -> None:
    assert KIND.to_json() == {
        "kind": "late",
        "says": "Late.",
        "fields": [
            {"name": "seconds", "type": "number", "required": True, "says": "how long"},
            {"name": "again", "type": "whole", "required": False, "says": "x", "default": 0},
            *(field.to_json() for field in COMMON),
        ],
    }
    assert CHOICE.to_json()["choices"] == list(ENVELOPES)
