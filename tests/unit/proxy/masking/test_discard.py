"""What follows a value whose replacement is out is dropped up to its end, and nothing behind it."""

import re

from proxy.masking.discard import DiscardRun


def test_a_run_is_dropped_over_any_number_of_pieces() -> None:
    discard = DiscardRun(re.compile(rb"[a-z]*"))
    assert discard.feed(b"abc") == b""
    assert not discard.done
    assert discard.feed(b"") == b""
    assert discard.last == b"c"
    assert discard.feed(b"de fg") == b" fg"
    assert discard.done
    assert discard.last == b"e"
    assert discard.finish() == b""
