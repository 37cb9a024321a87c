"""JSON web tokens, typed, and longer than what a stream holds back."""

from collections.abc import Callable, Iterable

from proxy.masking.rules import DEFAULT_RULES, Masker
from proxy.masking.stream import StreamMasker


def test_a_token_that_is_typed_waits(typed: Callable[[bytes], bytes]) -> None:
    shown = typed(b"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl ")
    assert b"eyJzd" not in shown
    assert shown.endswith(b" ")


def stream(parts: Iterable[bytes], masker: Masker | None = None) -> bytes:
    masking = StreamMasker(masker or Masker(DEFAULT_RULES))
    return b"".join([*(masking.feed(part) for part in parts), masking.flush(final=True)])


def test_a_token_longer_than_what_is_held() -> None:
    token = b"eyJhbGciOiJIUzI1NiJ9." + b"eyJz" * 3000 + b".sig"
    masker = Masker(DEFAULT_RULES)
    data = b"Bearer " + token + b" next"
    assert stream([data[at : at + 1000] for at in range(0, len(data), 1000)], masker) == b"Bearer *** next"
    assert masker.counts == {"jwt": 1}
