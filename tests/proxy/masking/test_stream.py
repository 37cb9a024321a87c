"""A stream in pieces is masked as if it had come in one, whatever the pieces and whenever it is flushed."""

import random
from collections.abc import Callable, Iterable
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.masking.card_brands import is_pan
from proxy.masking.rules import DEFAULT_RULES, Masker
from proxy.masking.shadow import parse_run
from proxy.masking.stream import CONTEXT, MAX_HELD, StreamMasker

PAN = b"4111111111111111"

SECRETS = [
    "4111111111111111",
    "5555-5555-5555-4444",
    "3782 822463 10005",
    "6011 1111 1111 1117",
    "\uff12223 \uff10\uff10\uff13\uff11 2200 3222",
    "\x1b[31m4111\x1b[0m1111 1111 1111",
    "41x\b11 1111\u200b1111-1111",
    "6799990100000000019",
    "4.111111111111111e+15",
    "0.4111111111111111",
    "alice@example.com",
    "a@b.co",
    "al\x1b[1mice@exam\x1b[0mple.com",
    "cvv: 123",
    '"cvc" : "1234"',
    "security code 123",
    "postgres://app:s3cret@db.internal/payments",
    "AKIAIOSFODNN7EXAMPLE",
    "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "ghp_" + "a1B2" * 9,
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
    "-----BEGIN RSA PRIVATE KEY-----\nMIIB\nAA==\n-----END RSA PRIVATE KEY-----",
    "-----BEGIN PRIVATE KEY-----",
    "a4111111-1111-4111-8111-111111111111",
    "4111111111111111aaaaaaaaaaaaaaaaaaaaaaaa",
]
FILLER = [" ", "\n", "\t", "-", ".", ",", ":", '"', "@", "://", "0", "4", "17 ", "e+15", "\x1b[0m", "\x1b", "\r", "\b"]
FILLER += ["word", "é", "漢字", "\u200b", "\x00", "\x1f", "-----", "/", "=", "cvv", "card "]

texts = st.lists(st.sampled_from(SECRETS) | st.sampled_from(FILLER) | st.text(max_size=4), max_size=10).map(
    lambda parts: "".join(parts).encode("utf-8", "surrogatepass")
)
cuts = st.lists(st.integers(0, 400), max_size=30)


def pieces(data: bytes, at: list[int]) -> list[bytes]:
    borders = sorted({min(cut, len(data)) for cut in at} | {0, len(data)})
    return [data[first:past] for first, past in pairwise(borders)]


def stream(parts: Iterable[bytes], masker: Masker | None = None, *, flushed: bool = False) -> bytes:
    """What comes out of the parts; `flushed`: with a flush after each."""
    masking = StreamMasker(masker or Masker(DEFAULT_RULES))
    out = [masking.feed(part) + (masking.flush() if flushed else b"") for part in parts]
    return b"".join([*out, masking.flush(final=True)])


def shown_digits(masked: bytes) -> int:
    return len(parse_run(masked.replace(b"*", b""), 0, len(masked)).digits)


# --- without a flush ---------------------------------------------------------------------------------------------


@settings(max_examples=500, deadline=None, derandomize=True)
@given(texts, cuts)
def test_any_split_gives_the_same_bytes_and_counts(data: bytes, at: list[int]) -> None:
    whole, split = Masker(DEFAULT_RULES), Masker(DEFAULT_RULES)
    assert stream(pieces(data, at), split) == whole.bytes(data)
    assert split.counts == whole.counts


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.binary(max_size=300), cuts)
def test_any_split_of_any_bytes(data: bytes, at: list[int]) -> None:
    assert stream(pieces(data, at)) == Masker(DEFAULT_RULES).bytes(data)


def test_every_corpus_line_byte_by_byte(corpus: list) -> None:
    for case in corpus:
        data = case.text.encode()
        assert stream(data[at : at + 1] for at in range(len(data))) == case.masked.encode(), case.name


def test_pans_at_every_chunk_border(make_pan: Callable[[random.Random], str]) -> None:
    source = random.Random(3)
    lines = "".join(f"{n};{make_pan(source)};{'x' * source.randrange(40)}\n" for n in range(3000)).encode()
    masker = Masker(DEFAULT_RULES)
    out = stream([lines[at : at + 512] for at in range(0, len(lines), 512)], masker)
    assert out == Masker(DEFAULT_RULES).bytes(lines)
    assert masker.counts == {"pan": 3000}
