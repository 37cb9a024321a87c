"""Pieces of something longer: one that holds a byte of what is masked is known by what stands around it."""

import pytest

from proxy.masking.rules import DEFAULT_RULES, Masker
from proxy.postgres.large_objects.window import AROUND_BYTES, is_open, pieces

TEXT = b"paid with 4111111111111111 on Monday; write to ada@example.com today"
NUMBER = (TEXT.index(b"4"), TEXT.index(b" on"))
ADDRESS = (TEXT.index(b"ada"), TEXT.index(b" today"))


@pytest.mark.finding("pg-F11")
@pytest.mark.parametrize("size", [1, 2, 5, 16, 40])
def test_a_piece_that_touches_a_value_is_known_wherever_it_is_cut(size: int) -> None:
    masker = Masker(DEFAULT_RULES)
    for start in range(len(TEXT) - size + 1):
        end = start + size
        touched = [name for name, (a, b) in {"pan": NUMBER, "email": ADDRESS}.items() if start < b and end > a]
        found = [edit.kind for edit in pieces(masker, TEXT[:start], TEXT[start:end], TEXT[end:])]
        assert found == touched, (start, end)
    assert masker.counts == {}


@pytest.mark.finding("pg-F11")
@pytest.mark.parametrize("cut", range(NUMBER[0] + 1, NUMBER[1]))
def test_a_value_under_way_leaves_the_end_open(cut: int) -> None:
    assert is_open(TEXT[:cut])
    assert is_open(bytes(AROUND_BYTES * 2) + TEXT[:cut])


@pytest.mark.parametrize("data", [b"", b"a line of text.\n", b"\0\xff\xfe a word, "])
def test_what_nothing_goes_on_from_is_not_open(data: bytes) -> None:
    assert not is_open(data)
