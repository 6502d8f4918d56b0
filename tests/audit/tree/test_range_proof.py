import itertools
import random
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.checkpoints.checkpoint import Checkpoint, FileSigner, sign_checkpoint
from audit.checkpoints.trust import Trust
from audit.errors import NoteError, ProofError
from audit.tree import merkle, range_proof
from audit.tree.range_proof import RangeProof, Shown, format_range, parse_range, verify_range
from audit.verify import verify

ORIGIN = "guildhall.test/range"
SIGNER = FileSigner(ORIGIN, Ed25519PrivateKey.generate())
TRUST = Trust.of_keys([SIGNER.vkey])
SIZE = 83


def head(index: int) -> bytes:
    return b'{"number":%d,"v":1}' % index


LEAVES = [merkle.leaf_hash(head(index)) for index in range(SIZE)]


def note(size: int = SIZE) -> bytes:
    return sign_checkpoint(Checkpoint(ORIGIN, size, merkle.root(LEAVES[:size])), SIGNER)


def make(first: int, last: int, *, size: int = SIZE, hidden: frozenset[int] = frozenset()) -> RangeProof:
    outside = merkle.outside_ranges(first, last, size)
    hashes = tuple(merkle.root(LEAVES[low:high]) for low, high in outside)
    places = tuple(
        Shown(LEAVES[index], None if index in hidden else head(index)) for index in range(first, last + 1)
    )
    return RangeProof(first, hashes, places, note(size))


def holds(data: bytes) -> bool:
    try:
        verify_range(data, TRUST, now=0)
    except (ProofError, NoteError):
        return False
    return True


def test_every_range_of_every_tree_up_to_twenty_holds() -> None:
    for size in range(1, 21):
        for first, last in itertools.combinations_with_replacement(range(size), 2):
            assert holds(format_range(make(first, last, size=size))), (first, last, size)


def test_a_range_is_read_back_as_it_was_written() -> None:
    made = make(10, 40, hidden=frozenset({12, 13}))
    found, signed = verify_range(format_range(made), TRUST, now=0)
    assert (found, signed.size) == (made, SIZE)
    assert [index for index, _ in range_proof.heads(found)] == [10, 11, *range(14, 41)]


@pytest.mark.parametrize("place", [0, 5, 30])
def test_a_place_left_out_is_found(place: int) -> None:
    made = make(10, 40)
    kept = made.places[:place] + made.places[place + 1 :]
    for first in (10, 11):
        assert not holds(format_range(RangeProof(first, made.hashes, kept, made.checkpoint)))


def test_a_place_added_moved_or_changed_is_found() -> None:
    made = make(10, 40)
    one, two, *rest = made.places
    for places in ((one, one, two, *rest), (two, one, *rest), (Shown(bytes(32), None), two, *rest)):
        assert not holds(format_range(RangeProof(10, made.hashes, places, made.checkpoint)))


def test_another_beginning_is_found() -> None:
    made = make(10, 40)
    for first in (0, 9, 11, 42, SIZE, 10**18):
        assert not holds(format_range(RangeProof(first, made.hashes, made.places, made.checkpoint)))


def test_hashes_too_few_or_too_many_are_found() -> None:
    made = make(10, 40)
    for hashes in (made.hashes[1:], made.hashes[:-1], (*made.hashes, bytes(32))):
        assert not holds(format_range(RangeProof(10, hashes, made.places, made.checkpoint)))


def test_any_changed_line_is_found() -> None:
    chance = random.Random(20261122)  # noqa: S311 -- repeatable changes, no secret
    data = format_range(make(3, 70, hidden=frozenset(range(20, 40))))
    top = data.index(b"\n\n")
    for _ in range(300):
        place = chance.randrange(top)
        changed = bytes([data[place] ^ (1 << chance.randrange(7))])
        assert not holds(data[:place] + changed + data[place + 1 :]), (
            place,
            data[place : place + 1],
            changed,
        )


def test_lines_out_of_order_are_refused() -> None:
    lines = format_range(make(10, 12)).split(b"\n")
    lines[2], lines[-8] = lines[-8], lines[2]
    with pytest.raises(ProofError):
        parse_range(b"\n".join(lines))


@pytest.mark.parametrize(
    "text", [b"", b"guildhall-range@v1\n", b"guildhall-range@v1\nfirst 0\n\n", b"\xff\n\n"]
)
def test_what_is_no_range_is_refused(text: bytes) -> None:
    with pytest.raises(ProofError):
        parse_range(text)


def test_the_offline_verifier_says_what_a_range_proves(tmp_path: Path) -> None:
    path = tmp_path / "10-40.range"
    path.write_bytes(format_range(make(10, 40, hidden=frozenset({12}))))
    verdict = verify(path, SIGNER.vkey)
    assert verdict.ok
    assert verdict.sentence == (
        f"The entries 10 to 40 of the log {ORIGIN} are all there, 30 of 31 shown, signed at {SIZE} entries."
    )
    stranger = FileSigner(ORIGIN, Ed25519PrivateKey.generate())
    assert not verify(path, stranger.vkey).ok


def test_the_offline_verifier_wants_heads_in_a_range(tmp_path: Path) -> None:
    leaf = merkle.leaf_hash(b"no head")
    signed = sign_checkpoint(Checkpoint(ORIGIN, 1, leaf), SIGNER)
    path = tmp_path / "0-0.range"
    path.write_bytes(format_range(RangeProof(0, (), (Shown(leaf, b"no head"),), signed)))
    verdict = verify(path, SIGNER.vkey)
    assert (verdict.ok, verdict.index) == (False, 0)
