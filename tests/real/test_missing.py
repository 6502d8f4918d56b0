import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow  # each starts a pytest of its own

ROOT = Path(__file__).resolve().parents[2]
PROBE = """
import pytest
from tests.real.cache import MissingPartError
from tests.real.missing import require
from tests.real.server import Part

class Nowhere(Part):
    name = "nowhere"
    def fetch(self):
        raise MissingPartError("install the package nowhere")

@pytest.mark.parametrize("number", [1, 2])
def test_needs_it(pytestconfig, number):
    require(pytestconfig, Nowhere())

def test_needs_nothing(): ...
def test_asks_for_a_server(request): request.fixturenames
def test_marked(opa_url): ...
"""


def run(folder: Path, ci: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    (folder / "conftest.py").write_text(
        'pytest_plugins = ["tests.real.missing", "tests.real.fixtures"]\n', "utf-8"
    )
    (folder / "test_probe.py").write_text(PROBE, "utf-8")
    settings = ["-c", str(ROOT / "pyproject.toml"), "--rootdir", str(folder), "-p", "no:cacheprovider"]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *settings, *arguments, str(folder)],
        cwd=ROOT,
        env={**os.environ, "CI": ci},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(("ci", "code", "counted"), [("", 0, "2 skipped"), ("true", 1, "2 failed")])
def test_a_missing_part_is_listed_once_and_fails_in_ci(
    tmp_path: Path, ci: str, code: int, counted: str
) -> None:
    done = run(tmp_path, ci, "-k", "not marked")
    assert (done.returncode, done.stdout.count("\nmissing: nowhere: install the package nowhere")) == (
        code,
        1,
    )
    assert counted in done.stdout


def test_asking_for_a_server_marks_the_test(tmp_path: Path) -> None:
    done = run(tmp_path, "", "-m", "real", "--collect-only", "-q")
    assert "test_marked" in done.stdout
    assert "test_needs_nothing" not in done.stdout
