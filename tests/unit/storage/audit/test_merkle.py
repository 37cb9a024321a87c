"""Merkle trees against the RFC's definitions, Certificate Transparency's vectors, and what must always hold."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.audit import merkle

#: The leaves of Certificate Transparency's reference tree, and the roots over its first n of them
#: (google/certificate-transparency, merkletree tests; the same vectors stand in transparency-dev/merkle).
CT_LEAVES = [
    bytes.fromhex(leaf)
    for leaf in [
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    ]
]
CT_ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]

trees = st.lists(st.binary(max_size=8).map(merkle.leaf_hash), min_size=1, max_size=70)


def by_definition(data: list[bytes]) -> bytes:
    """MTH of RFC 6962, section 2.1, as it is written there."""
    if not data:
        return sha256().digest()
    if len(data) == 1:
        return sha256(b"\x00" + data[0]).digest()
    k = 1
    while k * 2 < len(data):
        k *= 2
    return sha256(b"\x01" + by_definition(data[:k]) + by_definition(data[k:])).digest()


@pytest.mark.parametrize("size", range(9))
def test_the_roots_of_certificate_transparency(size: int) -> None:
    hashes = [merkle.leaf_hash(leaf) for leaf in CT_LEAVES[:size]]
    assert merkle.root(hashes).hex() == CT_ROOTS[size]


@given(st.lists(st.binary(max_size=8), max_size=70))
def test_a_root_is_what_the_rfc_defines(data: list[bytes]) -> None:
    assert merkle.root(map(merkle.leaf_hash, data)) == by_definition(data)


@given(trees, st.integers(min_value=0))
def test_appending_in_two_steps_is_appending_at_once(leaves: list[bytes], cut: int) -> None:
    cut %= len(leaves) + 1
    frontier = merkle.Frontier().extend(leaves[:cut])
    restored = merkle.Frontier(frontier.size, frontier.subtrees)
    assert restored.extend(leaves[cut:]) == merkle.Frontier().extend(leaves)


def test_a_frontier_has_one_subtree_for_each_bit() -> None:
    with pytest.raises(ValueError, match="3 leaves is not made of 1"):
        merkle.Frontier(3, (b"x" * 32,))


@given(trees, st.integers(min_value=0))
def test_every_leaf_is_proven_in_its_place_and_no_other(leaves: list[bytes], index: int) -> None:
    index %= len(leaves)
    proof, root = merkle.inclusion_proof(leaves, index), merkle.root(leaves)
    assert merkle.verify_inclusion(leaves[index], index, len(leaves), proof, root)
    assert not merkle.verify_inclusion(merkle.leaf_hash(b"another leaf"), index, len(leaves), proof, root)
    assert not merkle.verify_inclusion(leaves[index], index, len(leaves), [*proof, root], root)
    assert not merkle.verify_inclusion(leaves[index], len(leaves), len(leaves), proof, root)
    if proof:
        assert not merkle.verify_inclusion(leaves[index], index, len(leaves), proof[:-1], root)
        assert not merkle.verify_inclusion(leaves[index], index, len(leaves), [root, *proof[1:]], root)


@given(trees, st.integers(min_value=0))
def test_every_tree_extends_its_beginnings(leaves: list[bytes], old_size: int) -> None:
    old_size = old_size % len(leaves) + 1
    proof = merkle.consistency_proof(leaves, old_size)
    old_root, root = merkle.root(leaves[:old_size]), merkle.root(leaves)
    assert merkle.verify_consistency(old_size, old_root, len(leaves), root, proof)
    other = merkle.leaf_hash(b"another root")
    assert not merkle.verify_consistency(old_size, other, len(leaves), root, proof)
    assert not merkle.verify_consistency(old_size, old_root, len(leaves), other, proof)
    assert not merkle.verify_consistency(old_size, old_root, len(leaves), root, [*proof, root])
    if proof:
        assert not merkle.verify_consistency(old_size, old_root, len(leaves), root, proof[:-1])


@pytest.mark.parametrize("index", [-1, 3])
def test_there_is_no_proof_of_a_leaf_that_is_not_there(index: int) -> None:
    with pytest.raises(IndexError):
        merkle.inclusion_proof([b""] * 3, index)


@pytest.mark.parametrize("old_size", [-1, 0, 4])
def test_there_is_no_proof_of_a_beginning_that_is_not_there(old_size: int) -> None:
    with pytest.raises(IndexError):
        merkle.consistency_proof([b""] * 3, old_size)
    assert not merkle.verify_consistency(old_size, b"", 3, b"", [])
