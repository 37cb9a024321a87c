"""Where an unfinished value begins at the end of a text, and from where a timer releases nothing."""

import pytest

from proxy.masking.holdback import Holdback
from proxy.masking.registry import DETECTORS

HOLDBACK = Holdback(DETECTORS.values())


@pytest.mark.parametrize(
    ("sent", "held"),
    [
        (b"plain words and ", b"word"),
        (b"a line\n", b""),
        (b"paid ", b"4111 11"),
        (b"two 17, ", b"4111 1111 "),
        (b"the ", b"cvv: "),
        (b"my ", b"security "),
        (b"db ", b"password = 'x y"),
        (b"call ", b"+44 20 "),
        (b"to ", b"GB29 NWBK "),
        (b"", b"-----BEGIN RSA PRIVATE "),
        (b"colour ", b"\x1b[3"),
        (b"mail ", b"alice@exam"),
    ],
)
def test_what_may_go_on_is_held(sent: bytes, held: bytes) -> None:
    assert HOLDBACK.open_from(sent + held, 0) == len(sent)


@pytest.mark.parametrize(
    ("released", "waits"),
    [
        (b"alice@exam", b""),
        (b"4111 11", b"11 1"),
        (b"", b"cvv: 12"),
        (b"", b"AKIAIOSF"),
        (b"", b"ghp_a1B2"),
        (b"", b"postgres://app:s3cret"),
        (b"http://host:8080", b""),
    ],
)
def test_what_a_timer_must_not_release_waits(released: bytes, waits: bytes) -> None:
    assert HOLDBACK.waiting_from(released + waits, 0) == len(released)


def test_nothing_is_held_from_before_the_floor() -> None:
    text = b"4111 1111 1111"
    assert HOLDBACK.open_from(text, 5) == 5
    assert HOLDBACK.waiting_from(text, len(text)) == len(text)


def test_no_detectors_hold_a_word() -> None:
    nothing = Holdback([])
    assert nothing.open_from(b"two wor", 0) == 4
    assert nothing.waiting_from(b"two wor", 0) == 7
