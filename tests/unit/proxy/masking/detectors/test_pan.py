"""A card number that is typed: its first digits may show, nothing else before it is known what it is."""

from collections.abc import Callable

import pytest

from proxy.masking.cards.brands import is_pan
from proxy.masking.rules import DEFAULT_RULES, Masker
from proxy.masking.stream import StreamMasker

PAN = b"4111111111111111"
FIRST_SHOWN = 6


def test_a_card_typed_digit_by_digit() -> None:
    masker = Masker(DEFAULT_RULES)
    masking = StreamMasker(masker)
    shown = b""
    for at in range(len(PAN)):
        shown += masking.feed(PAN[at : at + 1])
        shown += masking.flush()
        assert shown in (PAN[: min(at + 1, FIRST_SHOWN)], b"411111******1111")
    shown += masking.feed(b"\r\n")
    assert shown == b"411111******1111\r\n"
    assert masker.counts == {"pan": 1}
    assert masking.held == 0


def test_digits_that_wait_are_not_held_for_a_timer() -> None:
    masking = StreamMasker(Masker(DEFAULT_RULES))
    assert masking.feed(b"id 41111111") == b"id "
    assert masking.held == 8
    assert masking.flush() == b"411111"
    assert masking.held == 0
    assert masking.feed(b"0") == b""
    assert masking.held == 3
    assert masking.flush() == b""
    assert masking.held == 0
    assert masking.feed(b" ok\n") == b"110 ok\n"


def test_the_end_releases_what_waited() -> None:
    masking = StreamMasker(Masker(DEFAULT_RULES))
    assert masking.feed(b"41111111") == b""
    assert masking.flush() == b"411111"
    assert masking.flush(final=True) == b"11"
    assert masking.held == 0


def test_a_card_that_goes_on_after_a_flush_shows_nothing_more() -> None:
    masking = StreamMasker(Masker(DEFAULT_RULES))
    masking.feed(PAN)
    assert masking.flush() == b"************1111"
    nineteen = next(rest for rest in range(1000) if is_pan(PAN + b"%03d" % rest))
    assert masking.feed(b"%03d\n" % nineteen) == b"***\n"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        # What puts the cursor back, and character sets of countries, end in a digit of their own.
        (b"\x1b84111111111111111", b"\x1b8************1111"),
        (b"\x1b74111 1111 1111 1111", b"\x1b7**** **** **** 1111"),
        (b"\x1b(44111111111111111 x", b"\x1b(4************1111 x"),
        (b"\x1b74111-1111-1111-11\x1b811", b"\x1b7****-****-****-11\x1b811"),
        # Bytes that are no UTF-8, also in a title.
        (b"4111111111\xff111111", b"**********\x00**1111"),
        (b"4111111111\x1b]0;\xe9t\xe9\x07111111", b"**********\x1b]0;\x00t\x00\x07**1111"),
        (b"4111\xe1\x80 1111 1111 1111", b"****\x00\x00 **** **** 1111"),
    ],
)
def test_what_a_terminal_shows_nothing_of(typed: Callable[[bytes], bytes], text: bytes, shown: bytes) -> None:
    assert Masker(DEFAULT_RULES).bytes(text) == shown
    masking = StreamMasker(Masker(DEFAULT_RULES))
    pieces = [masking.feed(text[at : at + 1]) for at in range(len(text))]
    assert b"".join(pieces) + masking.flush(final=True) == shown
    assert typed(text).count(b"*") >= len(PAN) - FIRST_SHOWN - 5


def test_a_digit_behind_escape_is_one_where_no_sequence_is_read() -> None:
    assert Masker(DEFAULT_RULES).bytes(b"\x1b5555555555554444") == b"\x1b************4444"


def test_bytes_that_are_no_utf_8_stay_beside_a_number() -> None:
    assert Masker(DEFAULT_RULES).bytes(b"\xe9 4111111111111111 \xff") == b"\xe9 ************1111 \xff"
