import hashlib
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.errors import ProofError
from audit.tree import merkle
from audit.tree.merkle import Frontier

# The tree of RFC 6962's reference implementation: eight inputs and the roots of their first n.
INPUTS = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LEAVES = [merkle.leaf_hash(str(number).encode()) for number in range(130)]


def recursive_root(leaves: Sequence[bytes]) -> bytes:
    """RFC 6962 section 2.1, word for word."""
    if len(leaves) < 2:
        return leaves[0] if leaves else hashlib.sha256().digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return merkle.node_hash(recursive_root(leaves[:split]), recursive_root(leaves[split:]))


def test_known_roots() -> None:
    leaves = [merkle.leaf_hash(bytes.fromhex(data)) for data in INPUTS]
    assert [merkle.root(leaves[: size + 1]).hex() for size in range(8)] == ROOTS
    assert merkle.root([]) == merkle.EMPTY_ROOT == hashlib.sha256().digest()


def test_a_frontier_grows_to_the_same_roots() -> None:
    frontier = Frontier()
    for size, leaf in enumerate(LEAVES):
        assert frontier.size == size
        assert frontier.root() == recursive_root(LEAVES[:size])
        frontier.append(leaf)


def test_every_leaf_of_every_small_tree_is_proven() -> None:
    for size in range(1, 33):
        root = merkle.root(LEAVES[:size])
        for index in range(size):
            proof = merkle.inclusion_proof(LEAVES[:size], index)
            merkle.verify_inclusion(LEAVES[index], index, size, proof, root)


def test_every_pair_of_small_trees_is_consistent() -> None:
    roots = [merkle.root(LEAVES[:size]) for size in range(33)]
    for second in range(33):
        for first in range(second + 1):
            proof = merkle.consistency_proof(LEAVES[:second], first)
            merkle.verify_consistency(first, second, proof, roots[first], roots[second])


@given(st.data())
def test_an_altered_inclusion_proof_never_verifies(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, len(LEAVES)))
    index = data.draw(st.integers(0, size - 1))
    root, proof = merkle.root(LEAVES[:size]), merkle.inclusion_proof(LEAVES[:size], index)
    place = data.draw(st.integers(0, len(proof) - 1))
    bit = data.draw(st.integers(0, 255))
    flipped = (int.from_bytes(proof[place], "big") ^ (1 << bit)).to_bytes(32, "big")
    wrong = [
        (LEAVES[index], index, size, [*proof[:place], flipped, *proof[place + 1 :]], root),
        (LEAVES[index], index, size, proof[:-1], root),
        (LEAVES[index], index, size, proof[1:], root),
        (LEAVES[index], index, size, [*proof, proof[-1]], root),
        (LEAVES[index], index, size, [], root),
        (LEAVES[index - 1], index, size, proof, root),
        (LEAVES[index], index ^ 1, size, proof, root),
        (LEAVES[index], index, size, proof, LEAVES[0]),
    ]
    for arguments in wrong:
        with pytest.raises(ProofError):
            merkle.verify_inclusion(*arguments)


@given(st.data())
def test_an_altered_consistency_proof_never_verifies(data: st.DataObject) -> None:
    second = data.draw(st.integers(3, len(LEAVES)))
    first = data.draw(st.integers(1, second - 1))
    old, new = merkle.root(LEAVES[:first]), merkle.root(LEAVES[:second])
    proof = merkle.consistency_proof(LEAVES[:second], first)
    place = data.draw(st.integers(0, len(proof) - 1))
    wrong = [
        (first, second, [*proof[:place], LEAVES[0][::-1], *proof[place + 1 :]], old, new),
        (first, second, proof[:-1], old, new),
        (first, second, [*proof, proof[-1]], old, new),
        (first, second, proof, new, new),
        (first, second, proof, old, old),
        (first, second, proof, merkle.node_hash(old, old), new),
    ]
    for arguments in wrong:
        with pytest.raises(ProofError):
            merkle.verify_consistency(*arguments)


def test_an_empty_proof_holds_only_for_a_tree_of_one_leaf() -> None:
    merkle.verify_inclusion(LEAVES[0], 0, 1, [], LEAVES[0])
    for size in (2, 3, 4, 130):
        with pytest.raises(ProofError, match="number of hashes"):
            merkle.verify_inclusion(LEAVES[0], 0, size, [], LEAVES[0])


@pytest.mark.parametrize(("index", "size"), [(0, 0), (1, 1), (-1, 4), (4, 4), (0, -1)])
def test_a_leaf_outside_the_tree_has_no_proof(index: int, size: int) -> None:
    with pytest.raises(ProofError, match="no entry"):
        merkle.verify_inclusion(LEAVES[0], index, size, [], LEAVES[0])


def test_a_shrunken_tree_is_not_consistent() -> None:
    for first, second in ((5, 4), (-1, 4)):
        with pytest.raises(ProofError, match="cannot extend"):
            merkle.verify_consistency(first, second, [], LEAVES[0], LEAVES[0])


def test_equal_and_empty_trees() -> None:
    root = merkle.root(LEAVES)
    merkle.verify_consistency(130, 130, [], root, root)
    merkle.verify_consistency(0, 130, [], merkle.EMPTY_ROOT, root)
    for first, old in ((130, LEAVES[0]), (0, root)):
        with pytest.raises(ProofError):
            merkle.verify_consistency(first, 130, [], old, root)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 600), st.lists(st.integers(0, 300), max_size=4))
def test_growing_by_many_at_once_is_growing_one_by_one(start: int, steps: list[int]) -> None:
    many, one = Frontier(), Frontier()
    many.extend([merkle.leaf_hash(b"%d" % number) for number in range(start)])
    for number in range(start):
        one.append(merkle.leaf_hash(b"%d" % number))
    for step in steps:
        fresh = [merkle.leaf_hash(b"%d" % number) for number in range(one.size, one.size + step)]
        before = one.size
        completed = many.extend(fresh)
        for leaf in fresh:
            one.append(leaf)
        assert (many.size, many.hashes) == (one.size, one.hashes)
        for height, nodes in enumerate(completed):
            assert len(nodes) == (one.size >> height) - (before >> height)
