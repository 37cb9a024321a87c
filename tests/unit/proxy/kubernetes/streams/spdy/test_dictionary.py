"""The dictionary of SPDY/3 has the sum that every peer's first block begins with."""

import zlib

from proxy.kubernetes.streams.spdy.dictionary import DICTIONARY


def test_it_is_the_one_of_the_protocol() -> None:
    assert (len(DICTIONARY), zlib.adler32(DICTIONARY)) == (1423, 0xE3C6A7C2)
    assert DICTIONARY.startswith(b"\0\0\0\x07options\0\0\0\x04head")
    assert DICTIONARY.endswith(b",enq=0.")
