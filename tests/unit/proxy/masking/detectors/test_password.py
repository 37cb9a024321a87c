"""Passwords in URLs, typed."""

from collections.abc import Callable


def test_a_password_that_is_typed_waits(typed: Callable[[bytes], bytes]) -> None:
    shown = typed(b"postgres://app:s3cret@db.internal/x")
    assert b"s3cr" not in shown
    assert shown.endswith(b"x")
