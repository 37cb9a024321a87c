"""International telephone numbers, in the ways people write them."""

import pytest

from access.policy.entities import Entity
from proxy.masking.rules import Masker, MaskingRule


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("call +44 20 7946 0958 now", "call +** ** **** **58 now"),
        ("+1 (415) 555-0132", "+* (***) ***-**32"),
        ("1 + 12345678", "1 + 12345678"),
    ],
)
def test_what_is_masked(text: str, masked: str) -> None:
    masking = Masker([MaskingRule("asked", Entity.PHONE)])
    assert masking.text(text) == masked
    assert masking.counts == ({} if text == masked else {"phone": 1})
    assert masking.text(masked) == masked
