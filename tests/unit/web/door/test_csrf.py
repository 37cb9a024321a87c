"""A form was made by a page of ours for this browser, or it was not."""

import pytest

from web.door.csrf import is_ours, token
from web.settings import Origin

OURS = Origin("https", "gate.example.com", 443)
SECRET = b"s" * 32


def test_ours() -> None:
    assert is_ours("https://gate.example.com", OURS, token(SECRET), SECRET)
    assert SECRET.hex() not in token(SECRET)


@pytest.mark.parametrize(
    ("origin", "given"),
    [
        (None, token(SECRET)),
        ("null", token(SECRET)),
        ("https://gate.example.com:8443", token(SECRET)),
        ("http://gate.example.com", token(SECRET)),
        ("https://gate.example.com.evil.example", token(SECRET)),
        ("https://gate.example.com", token(b"t" * 32)),
        ("https://gate.example.com", ""),
        ("https://gate.example.com", None),
        ("https://gate.example.com", "ü\ud800"),
    ],
)
def test_not_ours(origin: str | None, given: object) -> None:
    assert not is_ours(origin, OURS, given, SECRET)
