"""A verifier on other people's libraries accepts what we export, and nothing that was changed."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from audit.checkpoints.checkpoint import FileSigner
from audit.verify import verify
from tests.audit.test_verify import ENTRIES, SIGNER, flip, write_log
from tests.golden.make_entries import FOLDER, PROVEN, prove
from tests.real.strangers import Auditor

pytestmark = pytest.mark.real
SIZES = (1, 2, 255, 256, 257, 511, 512, 513, 700)


def tile(log: Path) -> None:
    flip(log / "tile/0/001", 40)


def high_tile(log: Path) -> None:
    flip(log / "tile/1/000.p/2", 40)


def entry(log: Path) -> None:
    flip(log / "tile/entries/002.p/188", 40)


def checkpoint(log: Path) -> None:
    flip(log / "checkpoint", 40)


def short_tile(log: Path) -> None:
    path = log / "tile/0/002.p/188"
    path.write_bytes(path.read_bytes()[:-32])


def long_tile(log: Path) -> None:
    path = log / "tile/0/002.p/188"
    path.write_bytes(path.read_bytes() + bytes(32))


def no_bundle(log: Path) -> None:
    (log / "tile/entries/001").unlink()


def other_history(log: Path) -> None:
    kept = (log / "checkpoint").read_bytes()
    write_log(log, [*ENTRIES[:9], b'{"number":0,"v":1}', *ENTRIES[10:]])
    (log / "checkpoint").write_bytes(kept)


@pytest.mark.parametrize("size", SIZES)
def test_it_accepts_our_logs(tmp_path: Path, go_auditor: Auditor, size: int) -> None:
    log = write_log(tmp_path, ENTRIES[:size])
    code, said = go_auditor.says("fsck", log, f"@{log / 'vkey'}")
    assert (code, said.partition(",")[0]) == (0, f"ok: {size} entries of {SIGNER.name}")


@pytest.mark.parametrize(
    "change",
    [tile, high_tile, entry, checkpoint, short_tile, long_tile, no_bundle, other_history],
)
def test_it_refuses_what_we_refuse(
    tmp_path: Path, go_auditor: Auditor, change: Callable[[Path], None]
) -> None:
    log = write_log(tmp_path, ENTRIES)
    change(log)
    verdict = verify(log, SIGNER.vkey)
    code, said = go_auditor.says("fsck", log, SIGNER.vkey)
    assert (verdict.ok, code) == (False, 1), said
    assert said.startswith("MISMATCH: ")


@pytest.mark.parametrize("kept", SIZES)
def test_it_proves_that_a_log_extends_a_kept_checkpoint(
    tmp_path: Path, go_auditor: Auditor, kept: int
) -> None:
    log = write_log(tmp_path / "now", ENTRIES)
    old = write_log(tmp_path / "then", ENTRIES[:kept]) / "checkpoint"
    assert go_auditor.says("consistency", log, SIGNER.vkey, old) == (
        0,
        f"ok: the log of 700 entries extends the one of {kept}\n",
    )


def test_it_sees_that_a_log_was_rewritten_with_the_stolen_key(tmp_path: Path, go_auditor: Auditor) -> None:
    old = write_log(tmp_path / "then", ENTRIES[:300]) / "checkpoint"
    forged = [*ENTRIES[:9], b'{"number":0,"v":1}', *ENTRIES[10:]]
    log = write_log(tmp_path / "now", forged)
    assert go_auditor.says("fsck", log, SIGNER.vkey)[0] == 0
    assert go_auditor.says("consistency", log, SIGNER.vkey, old)[0] == 1
    shutil.rmtree(log)
    code, said = go_auditor.says("consistency", write_log(log, ENTRIES[:200]), SIGNER.vkey, old)
    assert (code, said) == (1, "MISMATCH: the log was signed at 300 entries before, now at 200\n")


def test_it_reads_our_receipts(tmp_path: Path, go_auditor: Auditor) -> None:
    for index in (0, 255, 256, 699):
        path = tmp_path / "receipt"
        path.write_bytes(prove(ENTRIES, index, SIGNER))
        assert go_auditor.says("proof", SIGNER.vkey, path) == (
            0,
            f"ok: entry {index} of {SIGNER.name}, signed at 700 entries\n",
        )
        other = path.read_bytes().replace(b"extra eyJ", b"extra eyK")
        path.write_bytes(other)
        assert go_auditor.says("proof", SIGNER.vkey, path)[0] == 1


def test_it_reads_the_golden_receipt_and_log(go_auditor: Auditor) -> None:
    key = f"@{FOLDER / 'log' / 'vkey'}"
    assert go_auditor.says("proof", key, FOLDER / f"{PROVEN}.tlog-proof")[0] == 0
    assert go_auditor.says("fsck", FOLDER / "log", key)[0] == 0


def test_it_trusts_no_other_key(tmp_path: Path, go_auditor: Auditor) -> None:
    log = write_log(tmp_path / "log", ENTRIES)
    stranger = FileSigner.load_or_create(tmp_path / "key", SIGNER.name)
    assert go_auditor.says("fsck", log, stranger.vkey)[0] == 1


def test_wrong_use_is_told_apart_from_a_log_that_does_not_hold(go_auditor: Auditor) -> None:
    assert [go_auditor.says(*words)[0] for words in ((), ("fsck",), ("nonsense", "a", "b"))] == [2, 2, 2]
