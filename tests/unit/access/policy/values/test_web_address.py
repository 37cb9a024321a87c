"""Where secrets may be sent, and browsers."""

import pytest

from access.policy.values.web_address import is_safe_address


@pytest.mark.parametrize(
    ("address", "safe"),
    [
        ("https://a.example/x?y=1", True),
        ("http://127.0.0.1:8080/x", True),
        ("http://[::1]:8080/x", True),
        ("http://localhost/x", True),
        ("http://localhost.evil.example/x", False),
        ("http://127.0.0.1.evil.example/x", False),
        ("https://user@a.example/", False),
        ("https://a.example/#f", False),
        ("https:///x", False),
        ("//a.example/x", False),
        ("https://a.example/ x", False),
        ("https://a.example/\r\nx", False),
        ("https://[::1", False),
        ("file:///etc/passwd", False),
        ("https://a.example:port/", False),
        ("", False),
    ],
)
def test_where_secrets_may_go(address: str, safe: bool) -> None:
    assert is_safe_address(address) is safe
