"""AWS access keys, typed."""

from collections.abc import Callable


def test_a_key_that_is_typed_waits(typed: Callable[[bytes], bytes]) -> None:
    shown = typed(b"AKIAIOSFODNN7EXAMPLE ")
    assert b"IOSF" not in shown
    assert shown.endswith(b" ")
