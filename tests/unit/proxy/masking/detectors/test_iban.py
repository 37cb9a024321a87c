"""Bank account numbers, by country, length and check digits."""

import pytest

from access.policy.entities import Entity
from proxy.masking.rules import Masker, MaskingRule


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("to DE89370400440532013000.", "to DE****************3000."),
        ("GB29 NWBK 6016 1331 9268 19", "GB****************6819"),
        ("DE89370400440532013001", "DE89370400440532013001"),
    ],
)
def test_what_is_masked(text: str, masked: str) -> None:
    masking = Masker([MaskingRule("asked", Entity.IBAN)])
    assert masking.text(text) == masked
    assert masking.counts == ({} if text == masked else {"iban": 1})
    assert masking.text(masked) == masked
