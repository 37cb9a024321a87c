"""What a rule asks of people beyond who they are."""

from typing import Any

import pytest
from pydantic import ValidationError

from access.policy.shapes.proof import Requires


def test_what_is_asked_in_words() -> None:
    assert Requires.model_validate({}).sentence == "a sign-in within the last 12h"
    asked = Requires.model_validate({"sign_in": "1h30m", "mfa": True})
    assert asked.sentence == "a sign-in with a second factor within the last 1h30m"
    asked = Requires.model_validate({"sign_in": "8h", "present": True})
    assert asked.sentence == "a sign-in within the last 8h and a touch of your security key"


@pytest.mark.parametrize(
    "said",
    [
        {"sign_in": "8d"},
        {"sign_in": 3600},
        {"sign_in": "0s"},
        {"present": "sometimes"},
        {"present": "yes"},
        {"mfa": "no"},
        {"touch": True},
    ],
)
def test_what_is_no_demand(said: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Requires.model_validate(said)
