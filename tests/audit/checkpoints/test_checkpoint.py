import base64
import stat
from pathlib import Path

import pytest

from audit.checkpoints.checkpoint import (
    Checkpoint,
    FileSigner,
    parse_checkpoint,
    sign_checkpoint,
    verify_checkpoint,
)
from audit.checkpoints.note import sign_note
from audit.errors import CheckpointError, KeyFileError, NoteError

ORIGIN = "log.example/a"
ROOT = base64.b64encode(bytes(32)).decode()
CHECKPOINT = Checkpoint(origin=ORIGIN, size=5, root=bytes(32))


@pytest.fixture
def signer(tmp_path: Path) -> FileSigner:
    return FileSigner.load_or_create(tmp_path / "log.key", ORIGIN)


def test_a_checkpoint_verifies_under_its_key(signer: FileSigner) -> None:
    data = sign_checkpoint(CHECKPOINT, signer)
    assert data.startswith(f"{ORIGIN}\n5\n{ROOT}\n\n\u2014 {ORIGIN} ".encode())
    assert verify_checkpoint(data, signer.vkey) == CHECKPOINT


@pytest.mark.parametrize(
    ("old", "new"), [(b"\n5\n", b"\n6\n"), (ROOT[:3].encode(), b"BAA"), (b"/a\n5", b"/b\n5")]
)
def test_an_edited_checkpoint_is_refused(signer: FileSigner, old: bytes, new: bytes) -> None:
    data = sign_checkpoint(CHECKPOINT, signer).replace(old, new, 1)
    with pytest.raises(NoteError, match="signature"):
        verify_checkpoint(data, signer.vkey)


def test_a_key_signs_for_its_own_log_only(signer: FileSigner) -> None:
    other = Checkpoint(origin="log.example/b", size=5, root=bytes(32))
    with pytest.raises(CheckpointError, match="does not sign"):
        sign_checkpoint(other, signer)
    forged = sign_note(other.to_text(), vkey=signer.vkey, sign=signer.sign)
    with pytest.raises(CheckpointError, match="another log"):
        verify_checkpoint(forged, signer.vkey)


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"{ORIGIN}\n5\n",
        f"\n5\n{ROOT}\n",
        f"{ORIGIN}\n05\n{ROOT}\n",
        f"{ORIGIN}\n-5\n{ROOT}\n",
        f"{ORIGIN}\n\u0665\n{ROOT}\n",
        f"{ORIGIN}\n{'9' * 20}\n{ROOT}\n",
        f"{ORIGIN}\n5\nAAAA\n",
        f"{ORIGIN}\n5\n{ROOT}\n\nextension\n",
    ],
)
def test_a_text_that_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(CheckpointError):
        parse_checkpoint(text)


def test_extension_lines_are_ignored() -> None:
    assert parse_checkpoint(CHECKPOINT.to_text() + "extension\n") == CHECKPOINT


def test_the_key_is_made_once_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "log.key"
    first, second = FileSigner.load_or_create(path, ORIGIN), FileSigner.load_or_create(path, ORIGIN)
    assert first.vkey == second.vkey
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["log.key"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "log.key"
    FileSigner.load_or_create(path, ORIGIN)
    path.chmod(mode)
    with pytest.raises(KeyFileError, match=f"{mode:04o}"):
        FileSigner.load_or_create(path, ORIGIN)


def test_a_key_of_another_log_is_refused(tmp_path: Path) -> None:
    FileSigner.load_or_create(tmp_path / "log.key", ORIGIN)
    with pytest.raises(KeyFileError, match="no key of"):
        FileSigner.load_or_create(tmp_path / "log.key", "log.example/b")


def test_a_damaged_key_is_refused_and_not_shown(tmp_path: Path, signer: FileSigner) -> None:
    path = tmp_path / "log.key"
    whole = path.read_text()
    secret = whole.partition(f"{ORIGIN}+")[2].partition("+")[2].strip()  # base64 has a plus of its own
    for text in (whole[:-9], whole.replace(secret[:4], "BBBB"), whole.replace(secret, "*"), ""):
        path.write_text(text)
        with pytest.raises(KeyFileError) as caught:
            FileSigner.load_or_create(path, ORIGIN)
        assert secret[8:20] not in str(caught.value)


@pytest.mark.parametrize("origin", ["", "two words", "a+b", "line\nbreak"])
def test_an_origin_that_cannot_name_a_key_is_refused(tmp_path: Path, origin: str) -> None:
    with pytest.raises(NoteError):
        FileSigner.load_or_create(tmp_path / "log.key", origin)
