from dataclasses import replace
from uuid import uuid4

import pytest

from audit.body import (
    SealedPart,
    body_digest,
    check_parts,
    decode_parts,
    encode_parts,
    open_part,
    seal_parts,
)
from audit.errors import CanonicalError, EntryTooLargeError, PartError, UnknownSubjectError
from audit.event import Part
from audit.subjects.keyring import MemoryKeyRing, new_key

MEMBER, OTHER = uuid4(), uuid4()
RING = MemoryKeyRing([new_key(None), new_key(MEMBER), new_key(OTHER)])
PARTS = (
    Part(name="call", subject=MEMBER, content={"network": "192.0.2.0/24"}),
    Part(name="decision", subject=None, content={"allow": True}),
)


def test_sealed_parts_open_with_their_subjects_key() -> None:
    for part, sealed in zip(PARTS, seal_parts(PARTS, RING), strict=True):
        assert open_part(sealed, RING.key_for(part.subject)) == part.content


def test_sealed_parts_hide_their_content() -> None:
    assert b"192.0.2" not in encode_parts(seal_parts(PARTS, RING))


def test_equal_contents_have_different_commitments() -> None:
    first, second = seal_parts([PARTS[0], PARTS[0]], RING)
    assert first.commitment != second.commitment


def test_another_key_does_not_open() -> None:
    call, _ = seal_parts(PARTS, RING)
    with pytest.raises(PartError, match="does not open"):
        open_part(call, RING.key_for(OTHER))


@pytest.mark.parametrize("place", [0, 12, 40, -1])
def test_one_flipped_bit_does_not_open(place: int) -> None:
    call, _ = seal_parts(PARTS, RING)
    altered = bytearray(call.sealed)
    altered[place] ^= 1
    with pytest.raises(PartError):
        open_part(replace(call, sealed=bytes(altered)), RING.key_for(MEMBER))


def test_a_commitment_cannot_be_exchanged() -> None:
    call, decision = seal_parts(PARTS, RING)
    with pytest.raises(PartError):
        open_part(replace(call, commitment=decision.commitment), RING.key_for(MEMBER))


def test_a_part_keeps_its_name_and_subject() -> None:
    call, _ = seal_parts(PARTS, RING)
    for relabelled in (replace(call, name="decision"), replace(call, subject=OTHER)):
        with pytest.raises(PartError, match="another part's"):
            open_part(relabelled, RING.key_for(MEMBER))


def test_the_digest_binds_every_part_and_their_order() -> None:
    sealed = seal_parts(PARTS, RING)
    digest = body_digest(sealed)
    check_parts(sealed, digest)
    check_parts((), None)
    for wrong in (sealed[::-1], sealed[:1], (*sealed, sealed[0]), ()):
        with pytest.raises(PartError):
            check_parts(wrong, digest)
    with pytest.raises(PartError):
        check_parts(sealed, None)


def test_a_body_reads_back() -> None:
    sealed = seal_parts(PARTS, RING)
    assert decode_parts(encode_parts(sealed)) == sealed
    assert decode_parts(b"[]") == ()


def test_a_malformed_body_is_refused() -> None:
    good = seal_parts(PARTS, RING)[0].to_dict()
    wrong: list[object] = [
        None,
        {},
        {**good, "name": 1},
        {**good, "key": str(good["key"]).upper()},
        {**good, "commitment": "00"},
        {**good, "sealed": "*"},
        {**good, "sealed": 7},
        {**good, "subject": None},
        {**good, "more": ""},
    ]
    for fields in wrong:
        with pytest.raises(PartError, match="malformed"):
            SealedPart.from_dict(fields)
    for data in (b"{}", encode_parts(seal_parts(PARTS, RING) * 5)):
        with pytest.raises(PartError, match="eight"):
            decode_parts(data)


def test_sealing_refuses_what_cannot_be_kept() -> None:
    with pytest.raises(EntryTooLargeError) as caught:
        seal_parts([PARTS[0]] * 9, RING)
    assert caught.value.field == "parts"
    with pytest.raises(UnknownSubjectError):
        seal_parts([replace(PARTS[0], subject=uuid4())], RING)
    with pytest.raises(CanonicalError):
        seal_parts([replace(PARTS[0], content={"x": 1.5})], RING)
