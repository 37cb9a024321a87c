"""A card number that is typed: its first digits may show, nothing else before it is known what it is."""

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
