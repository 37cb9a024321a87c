"""The root over a recording's segments."""

from hashlib import sha256

import pytest

from storage.recordings import segments

HASHES = [sha256(bytes([number])).hexdigest() for number in range(3)]


def test_the_root_is_the_merkle_root_over_the_segments_hashes_in_order() -> None:
    leaves = [sha256(b"\x00" + bytes.fromhex(digest)).digest() for digest in HASHES]
    left = sha256(b"\x01" + leaves[0] + leaves[1]).digest()
    assert segments.root(HASHES) == sha256(b"\x01" + left + leaves[2]).hexdigest()
    assert segments.root(HASHES) != segments.root(HASHES[::-1])
    assert segments.root([]) == sha256().hexdigest()


@pytest.mark.parametrize("digest", ["", "ab", "x" * 64])
def test_what_is_no_sha256_has_no_root(digest: str) -> None:
    with pytest.raises(ValueError, match=r"SHA-256|hexadecimal"):
        segments.root([digest])
