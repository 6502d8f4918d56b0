import shutil
import subprocess
import sys
from pathlib import Path

import cryptography
import pytest

from audit.__main__ import main
from audit.checkpoints.policy_file import format_policy
from audit.checkpoints.trust import Trust
from audit.tree import merkle, tiles
from audit.tree.range_proof import RangeProof, Shown, format_range
from tests.audit.trust.notes import log_key
from tests.golden.make_entries import FOLDER, fixed_signer

LOG = FOLDER / "log"
KEY = f"@{LOG / 'vkey'}"
OTHER_KEY = log_key(9).vkey
ROOT = Path(__file__).parents[2]
# The last five are cryptography's own compiled parts and the interpreter's start.
ALLOWED = {"audit", "cryptography", "_openssl", "_cffi_backend", "_cython_3", "__main__", "_distutils_hack"}


def test_exit_0_when_all_holds(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(LOG), "--key", KEY]) == 0
    assert capsys.readouterr().out.startswith("ok: All 5 entries")
    assert main(["verify", str(FOLDER / "3.tlog-proof"), "--key", KEY]) == 0


def test_exit_1_and_the_index_on_a_mismatch(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "3.tlog-proof"
    path.write_bytes((FOLDER / path.name).read_bytes().replace(b"extra eyJh", b"extra eyJi"))
    assert main(["verify", str(path), "--key", KEY]) == 1
    assert capsys.readouterr().out.startswith("MISMATCH: index 3: ")


def test_exit_2_on_wrong_use(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(tmp_path / "none"), "--key", KEY]) == 2
    assert "There is no" in capsys.readouterr().err
    for arguments in ([], ["verify"], ["verify", str(LOG)]):
        with pytest.raises(SystemExit) as caught:
            main(arguments)
        assert caught.value.code == 2


ALONE = """
import runpy, sys
sys.path[:0] = sys.argv[1:3]
sys.argv = ["audit", *sys.argv[3:]]
runpy.run_module("audit", run_name="__main__")
"""


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package `audit` with nothing beside it, and a folder with `cryptography` and what that needs."""
    folder = tmp_path_factory.mktemp("alone")
    shutil.copytree(ROOT / "audit", folder / "ours" / "audit", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "theirs").mkdir()
    installed = Path(cryptography.__file__).parents[1]
    for part in (installed / "cryptography", *installed.glob("_cffi_backend*")):
        (folder / "theirs" / part.name).symlink_to(part)
    return folder


def as_policy(folder: Path) -> Path:
    path = folder / "log.policy"
    path.write_text(format_policy(Trust.of_keys([fixed_signer().vkey])), "utf-8")
    return path


def as_stamped(folder: Path) -> Path:
    """The golden log with a stamped checkpoint, its last."""
    shutil.copytree(LOG, folder / "stamped")
    (folder / "stamped" / "timestamp").mkdir()
    shutil.copy(LOG / "checkpoint", folder / "stamped" / "timestamp")
    return folder / "stamped"


def as_range(folder: Path) -> Path:
    """Entries 1 to 3 of the golden log, the second of them by its hash alone."""
    heads = tiles.decode_bundle((LOG / "tile" / "entries" / "000.p" / "5").read_bytes())
    leaves = [merkle.leaf_hash(head) for head in heads]
    hashes = tuple(merkle.root(leaves[low:high]) for low, high in merkle.outside_ranges(1, 3, len(heads)))
    shown = tuple(Shown(leaves[index], None if index == 2 else heads[index]) for index in (1, 2, 3))
    path = folder / "some.range"
    path.write_bytes(format_range(RangeProof(1, hashes, shown, (LOG / "checkpoint").read_bytes())))
    return path


@pytest.mark.parametrize(
    "what", ["log", "strict", "extends", "proof", "range", "stamp", "policy", "mismatch"]
)
def test_it_verifies_where_there_is_no_console(alone: Path, tmp_path: Path, what: str) -> None:
    asked: dict[str, list[str | Path]] = {
        "log": [LOG],
        "strict": [LOG, "--strict"],
        "extends": [LOG, "--extends", LOG / "checkpoint"],
        "proof": [FOLDER / "3.tlog-proof"],
        "range": [as_range(tmp_path)],
        "stamp": [as_stamped(tmp_path)],
        "policy": [LOG],
        "mismatch": [FOLDER / "3.tlog-proof"],
    }
    key = f"@{as_policy(tmp_path)}" if what == "policy" else KEY
    key = OTHER_KEY if what == "mismatch" else key
    # Isolated, and without site-packages: what is not in the two folders is not there.
    command = [sys.executable, "-I", "-S", "-c", ALONE, str(alone / "ours"), str(alone / "theirs")]
    words = ["verify", *map(str, asked[what]), "--key", key]
    ran = subprocess.run([*command, *words], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (1 if what == "mismatch" else 0, ""), ran
    assert ran.stdout.startswith("MISMATCH: " if what == "mismatch" else "ok: ")
    assert (what == "stamp") == ("The first 5 are stamped" in ran.stdout)


def test_the_verifier_needs_only_the_standard_library_and_cryptography() -> None:
    code = (
        "import runpy, sys; sys.argv = ['audit', 'verify', sys.argv[1], '--key', sys.argv[2]]\n"
        "try: runpy.run_module('audit', run_name='__main__')\n"
        "except SystemExit as end: assert end.code == 0, end.code\n"
        "print(*{name.split('.')[0] for name in sys.modules} - sys.stdlib_module_names)"
    )
    command = [sys.executable, "-c", code, str(LOG), KEY]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    third_party = set(result.stdout.splitlines()[-1].split())
    assert {name for name in third_party if not name.startswith("__editable__")} <= ALLOWED
