"""What follows a value whose replacement is out is dropped up to its end, and nothing behind it."""

import re

from proxy.masking.discard import CONTEXT, DiscardRun


def test_a_run_is_dropped_over_any_number_of_pieces() -> None:
    discard = DiscardRun(re.compile(rb"[a-z]*"))
    assert discard.feed(b"abc") == b""
    assert not discard.done
    assert discard.feed(b"") == b""
    assert discard.last == b"abc"
    assert discard.feed(b"de fg") == b" fg"
    assert discard.done
    assert discard.last == b"abcde"
    assert discard.finish() == b""


def test_what_is_kept_to_look_back_at_is_bounded() -> None:
    discard = DiscardRun(re.compile(rb"[a-z]*"))
    for _ in range(10):
        discard.feed(b"x" * CONTEXT + b"y")
    assert discard.last == b"x" * (CONTEXT - 1) + b"y"
