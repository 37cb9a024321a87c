"""Durations in the file have a unit."""

import pytest
from pydantic import TypeAdapter, ValidationError

from access.policy.shapes.durations import Seconds

DURATION = TypeAdapter(Seconds)


def test_a_text_is_seconds_and_a_text_again() -> None:
    assert DURATION.validate_python("1h30m") == 5400
    assert DURATION.dump_python(5400, mode="json") == "1h30m"


@pytest.mark.parametrize("said", [90, "90", "", True, "-1h", "0s", None])
def test_what_is_none(said: object) -> None:
    with pytest.raises(ValidationError):
        DURATION.validate_python(said)
