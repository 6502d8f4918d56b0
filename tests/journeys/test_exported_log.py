"""A log taken away from a running installation is verified offline, and every flipped byte is found."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.journeys.product import Stage, until
from tests.patience import PATIENCE
from tests.real.strangers import Auditor

pytestmark = [pytest.mark.journey, pytest.mark.real]

FLIPPED = 5


@pytest.fixture(params=["embedded", "production"])
def stage(request: pytest.FixtureRequest) -> Stage:
    found: Stage = request.getfixturevalue(request.param)
    return found


def test_an_export_holds_and_names_the_entry_of_a_flipped_byte(
    stage: Stage, tmp_path: Path, go_auditor: Auditor
) -> None:
    folder = exported(stage, tmp_path)
    assert verify(stage, folder) == (0, "ok: ")
    assert go_auditor.says("fsck", folder, f"@{folder / 'vkey'}")[0] == 0
    (bundle,) = (folder / "tile" / "entries").iterdir()
    (entries,) = [bundle] if bundle.is_file() else bundle.iterdir()
    flip(entries, place_of(entries.read_bytes(), FLIPPED))
    assert verify(stage, folder) == (1, f"MISMATCH: index {FLIPPED}: ")
    code, said = go_auditor.says("fsck", folder, f"@{folder / 'vkey'}")
    assert (code, said.startswith(f"MISMATCH: index {FLIPPED}: ")) == (1, True), said


@pytest.mark.parametrize("name", ["checkpoint", "tile/0"])
def test_no_other_file_can_be_changed_unseen(stage: Stage, tmp_path: Path, name: str) -> None:
    folder = exported(stage, tmp_path)
    chosen = folder / name
    if chosen.is_dir():
        chosen = next(path for path in chosen.rglob("*") if path.is_file())
    # Of a checkpoint the text: under one key, lines signed by others are ignored (C2SP signed-note).
    end = chosen.read_bytes().find(b"\n\n") if name == "checkpoint" else len(chosen.read_bytes())
    flip(chosen, end // 2)
    assert verify(stage, folder)[0] == 1


def test_no_signature_of_ours_can_be_changed_unseen_under_the_policy(stage: Stage, tmp_path: Path) -> None:
    folder = exported(stage, tmp_path)
    arguments = ["audit", "verify", str(folder), "--key", f"@{folder / 'policy'}"]
    assert stage.product.cli(*arguments).returncode == 0
    checkpoint = folder / "checkpoint"
    flip(checkpoint, len(checkpoint.read_bytes()) // 2)  # inside the long ML-DSA-44 signature
    assert stage.product.cli(*arguments).returncode == 1


def test_the_log_of_another_installation_does_not_hold_under_this_key(stage: Stage, tmp_path: Path) -> None:
    folder = exported(stage, tmp_path)
    golden = Path(__file__).parents[1] / "golden" / "entries" / "log"
    key = f"@{folder / 'vkey'}"
    ran = stage.product.cli("audit", "verify", str(golden), "--key", key)
    assert ran.returncode == 1, ran.stdout + ran.stderr


def test_elasticsearch_is_counted_against_the_log(production: Stage) -> None:
    def counted() -> bool:
        ran = audit(production, "reconcile", "elasticsearch")
        assert ran.returncode in (0, 1), (
            ran.stdout + ran.stderr
        )  # 1: what was signed last is still on its way
        return ran.returncode == 0

    until(counted, seconds=PATIENCE, what="Elasticsearch holds what the log holds")


def exported(stage: Stage, folder: Path) -> Path:
    copy = folder / "copy"
    ran = audit(stage, "export", str(copy))
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return copy


def audit(stage: Stage, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run an `audit` command as the auditor; the embedded profile needs no token for that."""
    embedded = stage.product.gateway_url == stage.product.url
    return stage.product.cli("audit", *arguments, *([] if embedded else ["--token", stage.token("auditor")]))


def verify(stage: Stage, folder: Path) -> tuple[int, str]:
    """Verify by both commands, which must agree; return exit code and the beginning of what was said."""
    arguments = ["audit", "verify", str(folder), "--key", f"@{folder / 'vkey'}"]
    ran = stage.product.cli(*arguments)
    alone = run_alone([sys.executable, "-m", *arguments])
    assert (ran.returncode, ran.stdout) == (alone.returncode, alone.stdout)
    words = ran.stdout.split(": ")
    return ran.returncode, ": ".join(words[:1] if ran.returncode == 0 else words[:2]) + ": "


def run_alone(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)


def place_of(bundle: bytes, number: int) -> int:
    """Where a byte of entry `number` lies in a C2SP bundle: each entry follows its length in two bytes."""
    place = 0
    for _ in range(number):
        place += 2 + int.from_bytes(bundle[place : place + 2])
    return place + 2 + int.from_bytes(bundle[place : place + 2]) // 2


def flip(path: Path, place: int) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)
