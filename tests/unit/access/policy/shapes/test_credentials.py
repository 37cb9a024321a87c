"""What a role's door accepts."""

import pytest
from pydantic import TypeAdapter, ValidationError

from access.policy.shapes.credentials import ALL, POSTGRES, Accepts, ClientCredential

_ACCEPTS = TypeAdapter[list[ClientCredential]](Accepts)


def test_everything_that_there_is() -> None:
    assert _ACCEPTS.validate_python(["token", "certificate", "key", "browser"]) == list(ALL)
    assert set(ALL) > POSTGRES


@pytest.mark.parametrize(
    ("said", "why"),
    [([], "at least 1 item"), (["token", "token"], "names something twice"), (["password"], "'token', 'certificate'")],
)
def test_what_no_door_accepts(said: list[str], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        _ACCEPTS.validate_python(said)
