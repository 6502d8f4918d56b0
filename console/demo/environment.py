"""The serving environment: MLServer and scikit-learn in a virtual environment of their own.

MLServer pins an older web framework than ours and must never share our environment. What is installed comes
from requirements-mlserver.lock alone, with hashes; the lock's own hash is stamped into the environment.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from console.processes import child_environment

LOCK = "requirements-mlserver.lock"


class EnvironmentUnavailableError(RuntimeError):
    """The serving environment could not be made; the message says which step failed and how."""


def checkout() -> Path:
    """The folder that holds the locks: the one above the console package."""
    return Path(__file__).resolve().parents[2]


def ensure_environment(root: Path, say: Callable[[str], None] = lambda _: None) -> Path:
    """Make `root/.venvs/mlserver` match the lock and return its Python; does nothing when it already does.

    `say` is called with one sentence before anything slow. Two processes may call this at once.

    Raises:
        EnvironmentUnavailableError: uv is missing, or a step failed (its last lines are in the message).
    """
    folder = root / ".venvs" / "mlserver"
    python, stamp = folder / "bin" / "python", folder / "lock.sha256"
    wanted = _wanted(root / LOCK)
    with _alone(folder.with_name("mlserver.lock")):
        if stamp.is_file() and stamp.read_text("utf-8") == wanted and python.exists():
            return python
        say("Installing MLServer and scikit-learn into .venvs/mlserver (510 MiB, once).")
        _install(root, folder, python)
        stamp.write_text(wanted, "utf-8")
    return python


def _wanted(lock: Path) -> str:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    try:
        return f"{hashlib.sha256(lock.read_bytes()).hexdigest()} {version}"
    except FileNotFoundError as error:
        raise EnvironmentUnavailableError(f"{lock.name} is missing: the demo needs a checkout.") from error


def _install(root: Path, folder: Path, python: Path) -> None:
    uv = _uv()
    _run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(folder)])
    sync = [uv, "pip", "sync", "--quiet", "--require-hashes", "--compile-bytecode"]
    _run([*sync, "--python", str(python), str(root / LOCK)])


def _uv() -> str:
    beside = Path(sys.executable).with_name("uv")
    found = str(beside) if beside.exists() else shutil.which("uv")
    if found is None:
        raise EnvironmentUnavailableError("uv is missing from .venv: run `make run` once, which installs it.")
    return found


def _run(command: Sequence[str]) -> None:
    environment = child_environment(without=["VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME"])
    done = subprocess.run(command, env=environment, capture_output=True, check=False)  # noqa: S603 - fixed words
    if done.returncode:
        said = "\n".join(done.stderr.decode("utf-8", "replace").splitlines()[-8:])
        raise EnvironmentUnavailableError(f"`uv {' '.join(command[1:3])}` failed.\n{said}")


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
