"""Whom a verifier believes: keys by range of sizes, the second signature, and a quorum of witnesses."""

import dataclasses

import pytest

from audit.checkpoints.checkpoint import FileSigner
from audit.checkpoints.note import parse_any_vkey, sign_note
from audit.checkpoints.trust import Group, LogKey, Trust
from audit.errors import CheckpointError, NoteError
from tests.audit.trust.notes import (
    NOW,
    ORIGIN,
    a_checkpoint,
    cosigned,
    log_key,
    quantum_key,
    signed,
    witness_key,
)

OLD, NEW, NEWEST = log_key(1), log_key(2), log_key(3)
ROTATED = Trust(
    (
        LogKey(parse_any_vkey(OLD.vkey), 0, 10),
        LogKey(parse_any_vkey(NEW.vkey), 11, 20),
        LogKey(parse_any_vkey(NEWEST.vkey), 21),
    )
)
W1, W2, W3 = witness_key(1), witness_key(2), witness_key(3)
TWO_OF_THREE = Trust(
    (LogKey(parse_any_vkey(OLD.vkey)),),
    {f"w{number}": parse_any_vkey(one.vkey) for number, one in enumerate((W1, W2, W3), 1)},
    {"two": Group(2, ("w1", "w2", "w3"))},
    "two",
)


def refuse(trust: Trust, note: bytes, words: str, *, whole: bool = True) -> None:
    with pytest.raises(NoteError, match=words):
        trust.check(note, now=NOW, whole=whole)


@pytest.mark.parametrize(("size", "signer"), [(1, OLD), (10, OLD), (11, NEW), (20, NEW), (21, NEWEST)])
def test_each_key_signs_its_range_when_rotated_twice(size: int, signer: FileSigner) -> None:
    assert ROTATED.check(signed(a_checkpoint(size), signer), now=NOW).size == size


def test_an_old_key_after_the_cut_over_is_refused() -> None:
    refuse(ROTATED, signed(a_checkpoint(11), OLD), "trusted for sizes 0 to 10")
    refuse(ROTATED, signed(a_checkpoint(21), OLD, NEW), "sizes 0 to 10 and sizes 11 to 20")


def test_a_new_key_before_the_cut_over_is_refused() -> None:
    refuse(ROTATED, signed(a_checkpoint(10), NEW), "trusted for sizes 11 to 20")


def test_in_the_overlap_both_sign_and_either_side_verifies() -> None:
    note = signed(a_checkpoint(11), OLD, NEW)
    assert ROTATED.check(note, now=NOW).size == 11
    for signer in (OLD, NEW):
        assert Trust.of_keys([signer.vkey]).check(note, now=NOW).size == 11


def test_a_lost_old_key_needs_no_signature_after_the_cut_over() -> None:
    note = signed(a_checkpoint(11), NEW)
    assert ROTATED.check(note, now=NOW).size == 11
    refuse(Trust.of_keys([OLD.vkey]), note, "not signed by the trusted key")


def test_several_keys_without_ranges_are_each_enough() -> None:
    trust = Trust.of_keys([OLD.vkey, NEW.vkey])
    for signer in (OLD, NEW):
        assert trust.check(signed(a_checkpoint(), signer), now=NOW).size == 5
    refuse(trust, signed(a_checkpoint(), NEWEST), "not signed by the trusted key")


def test_a_wrong_signature_of_a_trusted_key_spoils_the_note() -> None:
    note = signed(a_checkpoint(6), OLD).partition(b"\n\n")[2]
    other = a_checkpoint(5).to_text().encode() + b"\n"
    refuse(Trust.of_keys([OLD.vkey]), other + note, "does not belong")
    right = signed(a_checkpoint(5), NEW)
    refuse(Trust.of_keys([OLD.vkey, NEW.vkey]), right + note, "does not belong")


def test_a_checkpoint_of_another_log_is_refused() -> None:
    theirs, ours = log_key(4, "log.example/b"), Trust.of_keys([log_key(4, "log.example/b").vkey])
    text = a_checkpoint(5).to_text()
    line = signed(a_checkpoint(5, origin="log.example/b"), theirs)
    forged = text.encode() + b"\n" + line.partition(b"\n\n")[2]
    refuse(ours, forged, "does not belong")
    with pytest.raises(CheckpointError, match="another log"):
        ours.check(sign_note(text, vkey=theirs.vkey, sign=theirs.sign), now=NOW)


def test_a_note_with_the_second_signature_verifies_without_its_key() -> None:
    note = cosigned(signed(a_checkpoint(), OLD), quantum_key(1))
    assert Trust.of_keys([OLD.vkey]).check(note, now=NOW).origin == ORIGIN


def test_the_second_signature_is_checked_under_its_key() -> None:
    trust = Trust.of_keys([OLD.vkey, quantum_key(1).vkey])
    note = cosigned(signed(a_checkpoint(), OLD), quantum_key(1))
    assert trust.check(note, now=NOW).size == 5
    line = cosigned(signed(a_checkpoint(6), OLD), quantum_key(1)).splitlines(keepends=True)[-1]
    refuse(trust, signed(a_checkpoint(), OLD) + line, "does not belong")
    refuse(trust, signed(a_checkpoint(), OLD), "lacks an ML-DSA-44 signature")
    refuse(trust, cosigned(signed(a_checkpoint(), OLD), quantum_key(2)), "lacks an ML-DSA-44 signature")


def test_a_receipt_may_lack_the_second_signature_but_not_forge_it() -> None:
    trust = Trust.of_keys([OLD.vkey, quantum_key(1).vkey])
    assert trust.check(signed(a_checkpoint(), OLD), now=NOW, whole=False).size == 5
    line = cosigned(signed(a_checkpoint(6), OLD), quantum_key(1)).splitlines(keepends=True)[-1]
    refuse(trust, signed(a_checkpoint(), OLD) + line, "does not belong", whole=False)
    only = Trust.of_keys([quantum_key(1).vkey])
    refuse(only, signed(a_checkpoint(), OLD), "lacks", whole=False)


def test_a_quorum_is_met_by_as_many_witnesses_as_it_says() -> None:
    note = signed(a_checkpoint(), OLD)
    assert TWO_OF_THREE.check(cosigned(note, W1, W3), now=NOW).size == 5
    refuse(TWO_OF_THREE, note, "quorum two is not met: 0")
    refuse(TWO_OF_THREE, cosigned(note, W2), "quorum two is not met: 1")
    refuse(TWO_OF_THREE, cosigned(note, W2, W2), "quorum two is not met: 1")


def test_a_witness_with_a_swapped_key_does_not_count() -> None:
    swapped = dataclasses.replace(parse_any_vkey(witness_key(9).vkey), name=W2.vkey.partition("+")[0])
    impostor = witness_key(9)
    note = cosigned(signed(a_checkpoint(), OLD), W1, impostor)
    refuse(TWO_OF_THREE, note, "quorum two is not met: 1")
    line = cosigned(signed(a_checkpoint(6), OLD), W2).splitlines(keepends=True)[-1]
    refuse(TWO_OF_THREE, cosigned(signed(a_checkpoint(), OLD), W1) + line, "does not belong")
    trust = dataclasses.replace(TWO_OF_THREE, witnesses={**TWO_OF_THREE.witnesses, "w2": swapped})
    refuse(trust, cosigned(signed(a_checkpoint(), OLD), W1, W2), "quorum two is not met: 1")


def test_a_cosignature_from_the_future_does_not_count() -> None:
    note = cosigned(signed(a_checkpoint(), OLD), W1)
    assert TWO_OF_THREE.check(cosigned(note, W2, time=NOW + 299), now=NOW).size == 5
    refuse(TWO_OF_THREE, cosigned(note, W2, time=NOW + 301), "quorum two is not met: 1")
    refuse(TWO_OF_THREE, cosigned(note, W2, time=0), "quorum two is not met: 1")


def test_groups_may_hold_groups() -> None:
    trust = dataclasses.replace(
        TWO_OF_THREE,
        groups={"any": Group(1, ("w1", "w2")), "all": Group(2, ("any", "w3"))},
        quorum="all",
    )
    note = signed(a_checkpoint(), OLD)
    assert trust.check(cosigned(note, W2, W3), now=NOW).size == 5
    refuse(trust, cosigned(note, W1, W2), "quorum all is not met")
