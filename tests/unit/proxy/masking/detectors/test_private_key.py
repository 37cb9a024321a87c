"""Private keys, typed, and longer than what a stream holds back."""

from collections.abc import Callable, Iterable

from proxy.masking.rules import DEFAULT_RULES, Masker
from proxy.masking.stream import StreamMasker


def test_a_key_that_is_typed_waits(typed: Callable[[bytes], bytes]) -> None:
    shown = typed(b"-----BEGIN RSA PRIVATE KEY-----\nMIIBsecret\n-----END RSA PRIVATE KEY-----\n")
    assert b"MIIB" not in shown
    assert shown.endswith(b"\n")


def stream(parts: Iterable[bytes], masker: Masker | None = None) -> bytes:
    masking = StreamMasker(masker or Masker(DEFAULT_RULES))
    return b"".join([*(masking.feed(part) for part in parts), masking.flush(final=True)])


def test_a_private_key_in_pieces() -> None:
    body = b"\n".join([b"MIIEpAIBAAKCAQEA" * 4] * 60)
    key = b"-----BEGIN RSA PRIVATE KEY-----\n" + body + b"\n-----END RSA PRIVATE KEY-----"
    data = b"cat key\n" + key + b"\n$ "
    for size in (1, 7, 64, 1000):
        assert stream(data[at : at + size] for at in range(0, len(data), size)) == b"cat key\n***\n$ "
