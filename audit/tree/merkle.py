"""The Merkle tree of RFC 6962 section 2.1 over SHA-256: roots, inclusion proofs and consistency proofs.

Verification follows RFC 9162 sections 2.1.3.2 and 2.1.4.2. Which hashes a proof consists of is computed as
ranges of leaves, so that a proof comes from a list of hashes here and from stored tiles in audit.tree.tiles
by one rule.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from audit.errors import ProofError

HASH_SIZE: Final = 32
EMPTY_ROOT: Final = sha256().digest()

# Leaves from the first number up to, not including, the second.
Range = tuple[int, int]


def leaf_hash(entry: bytes) -> bytes:
    """Hash an entry: SHA-256(0x00 ‖ entry)."""
    return sha256(b"\x00" + entry).digest()


def leaf_hashes(entries: Iterable[bytes]) -> list[bytes]:
    """Hash many entries."""
    return [sha256(b"\x00" + entry).digest() for entry in entries]


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two subtrees: SHA-256(0x01 ‖ left ‖ right)."""
    return sha256(b"\x01" + left + right).digest()


@dataclass(slots=True)
class Frontier:
    """A tree that only grows: its size, and the roots of its perfect subtrees, largest first."""

    size: int = 0
    hashes: list[bytes] = field(default_factory=list)

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash."""
        node, rest = leaf, self.size
        while rest & 1:
            node = node_hash(self.hashes.pop(), node)
            rest >>= 1
        self.hashes.append(node)
        self.size += 1

    def extend(self, leaves: Sequence[bytes]) -> list[list[bytes]]:
        """Add leaf hashes; return, for each height from 0, the roots of the subtrees this completed."""
        completed, kept = list[list[bytes]](), list[bytes]()
        fresh, rest = list(leaves), self.size
        while fresh or rest:
            completed.append(fresh)
            row = [self.hashes.pop(), *fresh] if rest & 1 else fresh
            if len(row) & 1:
                kept.append(row[-1])
            fresh, rest = _join_pairs(row), rest >> 1
        self.hashes = kept[::-1]
        self.size += len(leaves)
        return completed

    def root(self) -> bytes:
        """Return the root hash; of the empty tree SHA-256 of nothing."""
        return join(self.hashes)


def _join_pairs(row: Sequence[bytes]) -> list[bytes]:
    left_and_right = iter(row)
    return [
        sha256(b"\x01" + left + right).digest()
        for left, right in zip(left_and_right, left_and_right, strict=False)
    ]


def join(hashes: Sequence[bytes]) -> bytes:
    """Join the roots of perfect subtrees, largest first, into one root."""
    if not hashes:
        return EMPTY_ROOT
    node = hashes[-1]
    for left in reversed(hashes[:-1]):
        node = node_hash(left, node)
    return node


def root(leaves: Iterable[bytes]) -> bytes:
    """Return the root over leaf hashes."""
    frontier = Frontier()
    frontier.extend(list(leaves))
    return frontier.root()


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """Return the ranges of leaves whose roots prove leaf ``index`` in a tree of ``size``, from leaf to root.

    Raises:
        ProofError: there is no such leaf.
    """
    if not 0 <= index < size:
        raise ProofError(f"There is no entry {index} in a tree of {size}.")
    low, high, ranges = 0, size, list[Range]()
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            ranges.append((middle, high))
            high = middle
        else:
            ranges.append((low, middle))
            low = middle
    return ranges[::-1]


def consistency_ranges(first: int, second: int) -> list[Range]:
    """Return the ranges whose roots prove that the tree of ``second`` extends the one of ``first``.

    Raises:
        ProofError: ``first`` is larger than ``second`` or negative.
    """
    if not 0 <= first <= second:
        raise ProofError(f"A tree of {second} cannot extend one of {first}.")
    if first in {0, second}:
        return []
    low, high, ranges = 0, second, list[Range]()
    while high != first:
        middle = low + _split(high - low)
        if first <= middle:
            ranges.append((middle, high))
            high = middle
        else:
            ranges.append((low, middle))
            low = middle
    return ([(low, high)] if low else []) + ranges[::-1]


def outside_ranges(first: int, last: int, size: int) -> list[Range]:
    """Return the ranges, from left to right, whose roots prove leaves ``first`` to ``last``, both included.

    Together with those leaves they are the whole tree of ``size``: nothing fits between.

    Raises:
        ProofError: there are no such leaves.
    """
    if not 0 <= first <= last < size:
        raise ProofError(f"There are no entries {first} to {last} in a tree of {size}.")
    return _outside(0, size, first, last)


def range_root(first: int, leaves: Sequence[bytes], outside: Sequence[bytes], size: int) -> bytes:
    """Return the root of the tree of ``size`` whose leaves from ``first`` on are ``leaves``.

    Args:
        first: the index of the first leaf.
        leaves: their leaf hashes, without a gap.
        outside: the roots of ``outside_ranges``, in order.
        size: the size of the tree.

    Raises:
        ProofError: there are no such leaves, or the wrong number of roots.
    """
    wanted = outside_ranges(first, first + len(leaves) - 1, size)
    if len(wanted) != len(outside):
        raise ProofError("The range proof has the wrong number of hashes.")
    return _rebuild(0, size, first, leaves, dict(zip(wanted, outside, strict=True)))


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Prove that leaf ``index`` is among ``leaves``.

    Raises:
        ProofError: there is no such leaf.
    """
    return [root(leaves[low:high]) for low, high in inclusion_ranges(index, len(leaves))]


def consistency_proof(leaves: Sequence[bytes], first: int) -> list[bytes]:
    """Prove that the tree over ``leaves`` extends the one over the ``first`` of them.

    Raises:
        ProofError: there are fewer leaves than ``first``.
    """
    return [root(leaves[low:high]) for low, high in consistency_ranges(first, len(leaves))]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], expected: bytes) -> None:
    """Check that the leaf hash ``leaf`` is at ``index`` in the tree of ``size`` with the root ``expected``.

    Raises:
        ProofError: it does not, or the proof has too few or too many hashes.
    """
    if len(proof) != len(inclusion_ranges(index, size)):
        raise ProofError("The inclusion proof has the wrong number of hashes.")
    node, place, last = leaf, index, size - 1
    for sibling in proof:
        if place & 1 or place == last:
            node = node_hash(sibling, node)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            node = node_hash(node, sibling)
        place, last = place >> 1, last >> 1
    if node != expected:
        raise ProofError(f"The inclusion proof does not lead from entry {index} to the root.")


def verify_consistency(
    first: int, second: int, proof: Sequence[bytes], first_root: bytes, second_root: bytes
) -> None:
    """Check that the tree of size ``second`` extends the tree of size ``first``.

    Raises:
        ProofError: it does not, or the proof has too few or too many hashes.
    """
    if len(proof) != len(consistency_ranges(first, second)):
        raise ProofError("The consistency proof has the wrong number of hashes.")
    if first in {0, second}:
        old, new = (EMPTY_ROOT, second_root) if first == 0 else (second_root, second_root)
    else:
        old, new = _climb(first, second, proof, first_root)
    if (old, new) != (first_root, second_root):
        raise ProofError(f"The tree of {second} does not extend the tree of {first}.")


def _climb(first: int, second: int, proof: Sequence[bytes], first_root: bytes) -> tuple[bytes, bytes]:
    path = [first_root, *proof] if first & (first - 1) == 0 else list(proof)
    place, last = first - 1, second - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if place & 1 or place == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        place, last = place >> 1, last >> 1
    return old, new


def _outside(low: int, high: int, first: int, last: int) -> list[Range]:
    if last < low or high <= first:
        return [(low, high)]
    if first <= low and high - 1 <= last:
        return []
    middle = low + _split(high - low)
    return [*_outside(low, middle, first, last), *_outside(middle, high, first, last)]


def _rebuild(
    low: int, high: int, first: int, leaves: Sequence[bytes], outside: Mapping[Range, bytes]
) -> bytes:
    if (found := outside.get((low, high))) is not None:
        return found
    if first <= low and high <= first + len(leaves):
        return root(leaves[low - first : high - first])
    middle = low + _split(high - low)
    left = _rebuild(low, middle, first, leaves, outside)
    return node_hash(left, _rebuild(middle, high, first, leaves, outside))


def _split(count: int) -> int:
    return 1 << ((count - 1).bit_length() - 1)
