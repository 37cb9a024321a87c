"""US social security numbers, and what was never issued."""

import pytest

from access.policy.entities import Entity
from proxy.masking.rules import Masker, MaskingRule


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("ssn 078-05-1120", "ssn ***"),
        ("000-05-1120 and 1078-05-11209", "000-05-1120 and 1078-05-11209"),
    ],
)
def test_what_is_masked(text: str, masked: str) -> None:
    masking = Masker([MaskingRule("asked", Entity.SSN)])
    assert masking.text(text) == masked
    assert masking.counts == ({} if text == masked else {"ssn": 1})
    assert masking.text(masked) == masked
