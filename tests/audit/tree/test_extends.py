from pathlib import Path

import pytest

from audit.__main__ import main
from audit.checkpoints.trust import Trust
from audit.errors import VerifierInputError
from audit.tree.extends import verify_extends
from tests.audit.test_verify import ENTRIES, SIGNER, flip, write_log

TRUST = Trust.of_keys([SIGNER.vkey])
FORGED = [*ENTRIES[:9], b'{"number":0,"v":1}', *ENTRIES[10:]]


@pytest.fixture(scope="module")
def now(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_log(tmp_path_factory.mktemp("now"), ENTRIES)


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 512, 699, 700])
def test_a_log_extends_every_checkpoint_it_signed(now: Path, tmp_path: Path, size: int) -> None:
    kept = write_log(tmp_path, ENTRIES[:size]) / "checkpoint"
    verdict = verify_extends(now, kept, TRUST)
    assert verdict.ok
    assert verdict.sentence == f"The log of 700 entries extends the one of {size} that was kept."


@pytest.mark.parametrize("size", [10, 256, 300, 700])
def test_a_history_written_anew_does_not(now: Path, tmp_path: Path, size: int) -> None:
    kept = write_log(tmp_path, FORGED[:size]) / "checkpoint"
    verdict = verify_extends(now, kept, TRUST)
    assert (verdict.ok, verdict.sentence) == (
        False,
        f"The log's first {size} entries are not the ones that were signed.",
    )


def test_a_log_that_was_cut_does_not(now: Path, tmp_path: Path) -> None:
    shorter = write_log(tmp_path, ENTRIES[:600])
    verdict = verify_extends(shorter, now / "checkpoint", TRUST)
    assert (verdict.ok, verdict.index) == (False, 600)


@pytest.mark.parametrize("name", ["tile/0/001", "tile/1/000.p/1"])
def test_tiles_that_are_changed_or_missing_prove_nothing(tmp_path: Path, name: str) -> None:
    log = write_log(tmp_path / "now", ENTRIES[:400])
    kept = write_log(tmp_path / "then", ENTRIES[:300]) / "checkpoint"
    path = log / name if (log / name).exists() else log / "tile/0/001.p/144"
    flip(path, 3)
    assert not verify_extends(log, kept, TRUST).ok
    path.unlink()
    assert not verify_extends(log, kept, TRUST).ok


def test_a_kept_note_that_nobody_signed_proves_nothing(now: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.write_bytes((now / "checkpoint").read_bytes().replace(b"\n700\n", b"\n70\n"))
    assert verify_extends(now, kept, TRUST).sentence.startswith("It cannot be compared with what was kept")
    with pytest.raises(VerifierInputError, match="cannot be read"):
        verify_extends(now, tmp_path / "none", TRUST)


def test_the_command_asks_for_both(now: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = write_log(tmp_path, ENTRIES[:300]) / "checkpoint"
    forged = write_log(tmp_path / "forged", FORGED[:300]) / "checkpoint"
    words = ["verify", str(now), "--key", SIGNER.vkey, "--extends"]
    assert main([*words, str(kept)]) == 0
    assert main([*words, str(forged)]) == 1
    assert main([*words, str(tmp_path / "none")]) == 2
    said = capsys.readouterr().out
    assert said.startswith("ok: The log of 700 entries extends the one of 300 that was kept.\nMISMATCH: ")
