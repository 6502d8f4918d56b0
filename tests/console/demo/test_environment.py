import hashlib
import sys
from pathlib import Path

import pytest

from console.demo.environment import EnvironmentUnavailableError, checkout, ensure_environment


def test_a_stamped_environment_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "requirements-mlserver.lock").write_text("nothing==1", "utf-8")
    folder = tmp_path / ".venvs" / "mlserver"
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").touch()
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    stamp = f"{hashlib.sha256(b'nothing==1').hexdigest()} {version}"
    (folder / "lock.sha256").write_text(stamp, "utf-8")
    said: list[str] = []
    assert ensure_environment(tmp_path, said.append) == folder / "bin" / "python"
    assert said == []


def test_a_lock_without_hashes_is_refused_and_leaves_no_stamp(tmp_path: Path) -> None:
    (tmp_path / "requirements-mlserver.lock").write_text("idna==3.10", "utf-8")
    with pytest.raises(EnvironmentUnavailableError, match=r"(?s)uv pip sync.*hash"):
        ensure_environment(tmp_path)
    assert not (tmp_path / ".venvs" / "mlserver" / "lock.sha256").exists()


def test_outside_a_checkout_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentUnavailableError, match="needs a checkout"):
        ensure_environment(tmp_path)


def test_the_lock_is_universal_hashed_and_names_no_address() -> None:
    lock = (checkout() / "requirements-mlserver.lock").read_text("utf-8")
    assert "mlserver==1.7.1" in lock
    assert "mlserver-sklearn==1.7.1" in lock
    assert "sha256:" in lock
    assert "://" not in lock
