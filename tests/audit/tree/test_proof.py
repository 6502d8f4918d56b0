import random
from dataclasses import replace

import pytest

from audit.checkpoints.checkpoint import Checkpoint, sign_checkpoint
from audit.errors import AuditError, NoteError, ProofError
from audit.tree import merkle
from audit.tree.proof import Proof, format_proof, parse_proof, verify
from tests.golden.make_entries import fixed_signer, prove

SIGNER = fixed_signer()
ENTRIES = [b'{"number":%d,"v":1}' % number for number in range(20)]
TEXT = prove(ENTRIES, 7, SIGNER)
PROOF = parse_proof(TEXT)


def test_every_entry_is_proven() -> None:
    for index, entry in enumerate(ENTRIES):
        proven = verify(prove(ENTRIES, index, SIGNER), SIGNER.vkey)
        assert (proven.index, proven.entry, proven.checkpoint.size) == (index, entry, 20)


def test_a_proof_has_the_form_of_the_specification() -> None:
    lines = TEXT.decode().split("\n")
    assert lines[0] == "c2sp.org/tlog-proof@v1"
    assert lines[1].startswith("extra ")
    assert lines[2] == "index 7"
    assert lines[lines.index("") + 1] == SIGNER.name
    assert format_proof(PROOF) == TEXT


def test_a_proof_of_one_leaf_has_no_hashes() -> None:
    assert verify(prove(ENTRIES[:1], 0, SIGNER), SIGNER.vkey).index == 0


def test_an_empty_proof_is_refused_in_a_larger_tree() -> None:
    with pytest.raises(ProofError, match="number of hashes"):
        verify(format_proof(replace(PROOF, hashes=())), SIGNER.vkey)


def test_a_tree_of_size_0_proves_nothing() -> None:
    empty = sign_checkpoint(Checkpoint(SIGNER.name, 0, merkle.EMPTY_ROOT), SIGNER)
    with pytest.raises(ProofError, match="no entry"):
        verify(format_proof(Proof(index=0, hashes=(), checkpoint=empty, extra=b"")), SIGNER.vkey)


@pytest.mark.parametrize(
    "wrong",
    [
        replace(PROOF, extra=ENTRIES[8]),
        replace(PROOF, extra=b""),
        replace(PROOF, extra=None),
        replace(PROOF, index=6),
        replace(PROOF, index=20),
        replace(PROOF, hashes=PROOF.hashes[:-1]),
        replace(PROOF, hashes=(*PROOF.hashes, PROOF.hashes[0])),
        replace(PROOF, hashes=PROOF.hashes[::-1]),
    ],
)
def test_another_leaf_index_or_path_is_refused(wrong: Proof) -> None:
    with pytest.raises(ProofError):
        verify(format_proof(wrong), SIGNER.vkey)


def test_a_checkpoint_of_another_tree_is_refused() -> None:
    for size in (19, 21):
        leaves = [merkle.leaf_hash(entry) for entry in (*ENTRIES, b"more")[:size]]
        note = sign_checkpoint(Checkpoint(SIGNER.name, size, merkle.root(leaves)), SIGNER)
        with pytest.raises(ProofError):
            verify(format_proof(replace(PROOF, checkpoint=note)), SIGNER.vkey)


def test_an_edited_checkpoint_is_refused() -> None:
    with pytest.raises(NoteError, match="signature"):
        verify(TEXT.replace(b"\n20\n", b"\n21\n"), SIGNER.vkey)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n\n",
        TEXT.replace(b"@v1", b"@v2"),
        TEXT.replace(b"index 7", b"index 07"),
        TEXT.replace(b"index 7", b"index -7"),
        TEXT.replace(b"index 7\n", b""),
        TEXT.replace(b"extra ", b"extra  "),
        TEXT.replace(b"\n\n", b"\nAAAA\n\n", 1),
        TEXT.replace(b"\n\n", b"\n" + b"A" * 43 + b"=\n" * 70 + b"\n", 1),
        TEXT.replace(b"\n\n", b"\n\xff\n\n", 1),
        TEXT.replace(b"\n", b"\r\n"),
    ],
)
def test_a_malformed_proof_is_refused(data: bytes) -> None:
    with pytest.raises(ProofError):
        parse_proof(data)


def test_no_flipped_bit_verifies() -> None:
    chance = random.Random(3)  # noqa: S311 -- the same flips in every run
    for _ in range(300):
        altered = bytearray(TEXT)
        altered[chance.randrange(len(TEXT))] ^= 1 << chance.randrange(8)
        with pytest.raises(AuditError):
            verify(bytes(altered), SIGNER.vkey)
