"""The lines of C2SP tlog-cosignature: what a cosigner says, and when a line says nothing."""

import stat
from pathlib import Path

import pytest

from audit.checkpoints.checkpoint import Checkpoint
from audit.checkpoints.cosignature import FileCosigner, verify_cosignature
from audit.checkpoints.note import (
    ED25519_COSIGNATURE,
    ML_DSA_44_COSIGNATURE,
    make_vkey,
    parse_any_vkey,
    parse_signatures,
)
from audit.errors import KeyFileError, NoteError

NAME = "witness.example/w1"
TEXT = Checkpoint("log.example/a", 5, bytes(range(32))).to_text()
NOW = 1_800_000_000
KINDS = (ED25519_COSIGNATURE, ML_DSA_44_COSIGNATURE)


def cosigner(kind: bytes, name: str = NAME) -> FileCosigner:
    return FileCosigner(name, kind, b"\x07" * 32)


@pytest.mark.parametrize("kind", KINDS)
def test_a_line_tells_who_and_when(kind: bytes) -> None:
    ours = cosigner(kind)
    (line,) = parse_signatures(ours.cosign(TEXT, NOW))
    assert verify_cosignature(line, parse_any_vkey(ours.vkey), TEXT) == NOW


@pytest.mark.parametrize("kind", KINDS)
def test_a_line_under_another_text_is_refused(kind: bytes) -> None:
    ours = cosigner(kind)
    (line,) = parse_signatures(ours.cosign(TEXT, NOW))
    for other in (TEXT.replace("\n5\n", "\n6\n"), TEXT.replace("/a", "/b"), TEXT.replace("AAE", "BBE")):
        assert other != TEXT
        with pytest.raises(NoteError, match="does not belong"):
            verify_cosignature(line, parse_any_vkey(ours.vkey), other)


@pytest.mark.parametrize("kind", KINDS)
def test_its_time_cannot_be_changed(kind: bytes) -> None:
    ours = cosigner(kind)
    (line,) = parse_signatures(ours.cosign(TEXT, NOW))
    for stamped in (
        bytes(7) + b"\1" + line.signature[8:],
        b"\xff" + line.signature[1:],
        line.signature[:8],
    ):
        altered = type(line)(line.name, line.key_id, stamped)
        with pytest.raises(NoteError):
            verify_cosignature(altered, parse_any_vkey(ours.vkey), TEXT)


def test_ml_dsa_signs_the_cosigners_name_too() -> None:
    ours = cosigner(ML_DSA_44_COSIGNATURE)
    (line,) = parse_signatures(ours.cosign(TEXT, NOW))
    key = parse_any_vkey(
        make_vkey("witness.example/w2", parse_any_vkey(ours.vkey).public, ML_DSA_44_COSIGNATURE)
    )
    with pytest.raises(NoteError, match="does not belong"):
        verify_cosignature(type(line)(key.name, key.key_id, line.signature), key, TEXT)


def test_a_line_of_another_key_is_none_of_ours() -> None:
    ours, other = cosigner(ED25519_COSIGNATURE), FileCosigner(NAME, ED25519_COSIGNATURE, b"\x08" * 32)
    (line,) = parse_signatures(other.cosign(TEXT, NOW))
    with pytest.raises(NoteError, match="no cosignature of"):
        verify_cosignature(line, parse_any_vkey(ours.vkey), TEXT)


@pytest.mark.parametrize("kind", KINDS)
def test_the_key_is_made_once_and_kept_for_us_alone(tmp_path: Path, kind: bytes) -> None:
    path = tmp_path / "cosigner.key"
    first = FileCosigner.load_or_create(path, NAME, kind)
    assert FileCosigner.load_or_create(path, NAME, kind).vkey == first.vkey
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    other = next(one for one in KINDS if one != kind)
    with pytest.raises(KeyFileError, match="damaged"):
        FileCosigner.load_or_create(path, NAME, other)
    with pytest.raises(KeyFileError, match="no key of"):
        FileCosigner.load_or_create(path, "witness.example/w2", kind)
    path.chmod(0o640)
    with pytest.raises(KeyFileError, match="0640"):
        FileCosigner.load_or_create(path, NAME, kind)
