import subprocess
import sys
from pathlib import Path

import pytest

from audit.__main__ import main
from tests.golden.make_entries import FOLDER

LOG = FOLDER / "log"
KEY = f"@{LOG / 'vkey'}"
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


def test_the_verifier_needs_only_the_standard_library_and_cryptography() -> None:
    code = (
        "import runpy, sys; sys.argv = ['audit', 'verify', sys.argv[1], '--key', sys.argv[2]]\n"
        "try: runpy.run_module('audit', run_name='__main__')\n"
        "except SystemExit as end: assert end.code == 0, end.code\n"
        "print(*{name.split('.')[0] for name in sys.modules} - sys.stdlib_module_names)"
    )
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", code, str(LOG), KEY]
    result = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    third_party = set(result.stdout.splitlines()[-1].split())
    assert {name for name in third_party if not name.startswith("__editable__")} <= ALLOWED
