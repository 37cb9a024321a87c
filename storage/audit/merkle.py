"""RFC 6962 Merkle trees: roots, the frontier that grows them, proofs that others can check. Pure.

    MTH({})     = SHA-256()
    MTH({d(0)}) = SHA-256(0x00 || d(0))
    MTH(D[n])   = SHA-256(0x01 || MTH(D[0:k]) || MTH(D[k:n])),  k the largest power of two smaller than n

Leaf and node hashes differ in their first byte, so that no node can be passed off as a leaf. Proofs are made from leaf
hashes held in memory; a tree too large for that needs stored subtree hashes first.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Self

HASH_BYTES = 32
EMPTY_ROOT = sha256().digest()


def leaf_hash(data: bytes) -> bytes:
    """RFC 6962, section 2.1: SHA-256(0x00 || data)."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """RFC 6962, section 2.1: SHA-256(0x01 || left || right)."""
    return sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True)
class Frontier:
    """The roots of the perfect subtrees that make up a tree of `size` leaves, largest (leftmost) first.

    There is one for each bit set in `size`. It is all that appending needs, and all that the root needs.
    """

    size: int = 0
    subtrees: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if self.size < 0 or len(self.subtrees) != self.size.bit_count():
            raise ValueError(f"A tree of {self.size} leaves is not made of {len(self.subtrees)} perfect subtrees.")

    def extend(self, leaves: Iterable[bytes]) -> Self:
        """The tree with these leaf hashes after the ones it has."""
        size, subtrees = self.size, list(self.subtrees)
        for leaf in leaves:
            carried = leaf
            # As in binary addition: each trailing one of the size is a subtree that the new leaf completes.
            rest = size
            while rest & 1:
                carried = node_hash(subtrees.pop(), carried)
                rest >>= 1
            subtrees.append(carried)
            size += 1
        return type(self)(size, tuple(subtrees))

    def root(self) -> bytes:
        """The tree's root: the subtrees joined from the right."""
        if not self.subtrees:
            return EMPTY_ROOT
        *larger, joined = self.subtrees
        for subtree in reversed(larger):
            joined = node_hash(subtree, joined)
        return joined


def root(leaves: Iterable[bytes]) -> bytes:
    """The root over these leaf hashes."""
    return Frontier().extend(leaves).root()


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The audit path of leaf `index`, from the leaf up. RFC 6962, section 2.1.1. Raises IndexError."""
    if not 0 <= index < len(leaves):
        raise IndexError(f"There is no leaf {index} in a tree of {len(leaves)}.")
    if len(leaves) == 1:
        return []
    k = _split(len(leaves))
    if index < k:
        return [*inclusion_proof(leaves[:k], index), root(leaves[k:])]
    return [*inclusion_proof(leaves[k:], index - k), root(leaves[:k])]


def consistency_proof(leaves: Sequence[bytes], old_size: int) -> list[bytes]:
    """That the tree of the first `old_size` leaves is the beginning of this one. RFC 6962, section 2.1.2.

    Raises IndexError unless 0 < old_size <= len(leaves).
    """
    if not 0 < old_size <= len(leaves):
        raise IndexError(f"A tree of {len(leaves)} leaves cannot be shown to extend one of {old_size}.")
    return _subproof(leaves, old_size, known=True)


def _subproof(leaves: Sequence[bytes], old_size: int, *, known: bool) -> list[bytes]:
    """SUBPROOF(m, D[n], b): `known` says that the verifier has this subtree's old root already."""
    if old_size == len(leaves):
        return [] if known else [root(leaves)]
    k = _split(len(leaves))
    if old_size <= k:
        return [*_subproof(leaves[:k], old_size, known=known), root(leaves[k:])]
    return [*_subproof(leaves[k:], old_size - k, known=False), root(leaves[:k])]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], expected: bytes) -> bool:
    """Whether `leaf` (a leaf hash) is leaf `index` of the tree of `size` leaves whose root is `expected`.

    RFC 9162, section 2.1.3.2, whose trees are those of RFC 6962.
    """
    if not 0 <= index < size:
        return False
    node, last, joined = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if node & 1 or node == last:
            joined = node_hash(sibling, joined)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            joined = node_hash(joined, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and joined == expected


def verify_consistency(old_size: int, old_root: bytes, size: int, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the tree of `size` leaves begins with the tree of `old_size` leaves. RFC 9162, section 2.1.4.2."""
    if not 0 < old_size <= size:
        return False
    if old_size == size:
        return not proof and old_root == new_root
    # A perfect old tree is itself the first node of the path, so the proof leaves it out.
    path = [old_root, *proof] if old_size & (old_size - 1) == 0 else list(proof)
    if not path:
        return False
    node, last = old_size - 1, size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old_joined = new_joined = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            old_joined = node_hash(sibling, old_joined)
            new_joined = node_hash(sibling, new_joined)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            new_joined = node_hash(new_joined, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and old_joined == old_root and new_joined == new_root


def _split(size: int) -> int:
    """The largest power of two smaller than `size` (at least 2)."""
    return 1 << ((size - 1).bit_length() - 1)
