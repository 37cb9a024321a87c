"""Passwords and tokens beside a label, and prose that speaks of them."""

import pytest

from access.policy.entities import Entity
from proxy.masking.rules import Masker, MaskingRule


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("password = hunter2!", "password = ***"),
        ('api_key: "abc def"', 'api_key: "***"'),
        ("ALTER ROLE app PASSWORD 'x y'", "ALTER ROLE app PASSWORD '***'"),
        ("Authorization: Bearer abcdef0123456789", "Authorization: Bearer ***"),
        ("xoxb-123456789012-abcdef", "***"),
        ("[sudo] password for alice: ", "[sudo] password for alice: "),
        ("reset the password of bob", "reset the password of bob"),
    ],
)
def test_what_is_masked(text: str, masked: str) -> None:
    masking = Masker([MaskingRule("asked", Entity.SECRET)])
    assert masking.text(text) == masked
    assert masking.counts == ({} if text == masked else {"secret": 1})
    assert masking.text(masked) == masked
