"""GitHub's tokens, typed."""

from collections.abc import Callable


def test_a_token_that_is_typed_waits(typed: Callable[[bytes], bytes]) -> None:
    shown = typed(b"ghp_" + b"a1B2" * 9 + b" ")
    assert b"a1B2a1B2" not in shown
    assert shown.endswith(b" ")
