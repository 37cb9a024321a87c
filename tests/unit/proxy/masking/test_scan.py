"""Values in bytes that come in pieces of which nothing may be kept back."""

import pytest

from proxy.masking.rules import DEFAULT_RULES, Masker
from proxy.masking.scan import Scan


def test_a_value_is_found_where_it_is_complete() -> None:
    scan = Scan(Masker(DEFAULT_RULES))
    assert scan.look(b"order 17, paid ") == ""
    assert scan.look(b"4111111111111111\n") == "pan"


@pytest.mark.parametrize("cut", range(1, 16))
def test_a_value_in_two_pieces_is_found_with_the_second(cut: int) -> None:
    scan = Scan(Masker(DEFAULT_RULES))
    number = b"4111111111111111"
    assert scan.look(b"paid " + number[:cut]) == ""
    assert scan.look(number[cut:] + b" ok") == "pan"


def test_what_only_looks_like_one_is_none() -> None:
    scan = Scan(Masker(DEFAULT_RULES))
    assert [scan.look(piece) for piece in (b"4111111111", b"111112 rows", b"\x04\xff" * 9)] == ["", "", ""]
