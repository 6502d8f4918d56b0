"""The folder outside the checkout where fetched servers are kept, one folder per name and version.

`GUILDHALL_CACHE`, else /var/cache/guildhall for root, else ~/.cache/guildhall. Elasticsearch and PostgreSQL
refuse to run as root, so everything below it can be read by anybody.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests import tools

READ_AND_ENTER = 0o555
READ = 0o444


class MissingPartError(RuntimeError):
    """A part of the tests cannot be had here; the message names what to install or look at."""


def root() -> Path:
    """The cache folder, made when it is not there."""
    named = os.environ.get("GUILDHALL_CACHE")
    own = Path("/var/cache/guildhall") if os.geteuid() == 0 else Path.home() / ".cache" / "guildhall"
    folder = Path(named) if named else own
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def readable_root() -> Path:
    """The cache folder, once an unprivileged user can enter it.

    Raises:
        MissingPartError: one of its parents is closed.
    """
    folder = root().resolve()
    if os.geteuid() == 0:
        closed = [each for each in (folder, *folder.parents) if not each.stat().st_mode & 0o001]
        if closed:
            raise MissingPartError(f"{closed[-1]} is closed to other users: set GUILDHALL_CACHE elsewhere")
    return folder


@contextmanager
def alone(name: str) -> Iterator[None]:
    """Hold a lock on one part of the cache: fetching and testing may run at the same time."""
    with (root() / f"{name}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def keep(name: str, make: Callable[[Path], None]) -> Path:
    """Return the folder `name` of the cache; when absent, `make` fills a new one that then gets its name."""
    folder = readable_root() / name
    with alone(name):
        if not folder.is_dir():
            made = Path(tempfile.mkdtemp(prefix=f"{name}.", dir=folder.parent))
            try:
                make(made)
                _open_to_all(made)
                made.rename(folder)
            finally:
                shutil.rmtree(made, ignore_errors=True)
    return folder


def unpack(archive: Path) -> Callable[[Path], None]:
    """A filler for `keep` that unpacks a .zip or .tar.gz without its top folder."""

    def fill(folder: Path) -> None:
        if archive.suffix == ".zip":
            _unzip(archive, folder)
        else:
            with tarfile.open(archive) as packed:
                packed.extractall(folder, filter="data")
        (top,) = folder.iterdir()
        for part in list(top.iterdir()):
            part.rename(folder / part.name)
        top.rmdir()

    return fill


def maven(artifact: str, file_name: str) -> Path:
    """Return a Maven artifact's file in the cache, fetched by Maven's own client when absent.

    Raises:
        MissingPartError: there is no Maven, or it could not fetch it.
    """
    folder = root() / "downloads"
    with alone(file_name):
        if not (folder / file_name).is_file():
            command = [tool("mvn", "Maven"), "-q", "-B", "dependency:copy", f"-Dartifact={artifact}"]
            with tempfile.TemporaryDirectory(dir=root()) as fresh:
                run(f"fetching {artifact}", [*command, f"-DoutputDirectory={fresh}"])
                folder.mkdir(exist_ok=True)
                (Path(fresh) / file_name).rename(folder / file_name)
    return folder / file_name


def tool(program: str, known_as: str) -> str:
    """Return a program's path; MissingPartError names what to install when it is not on PATH."""
    found = shutil.which(program)
    if found is None:
        raise MissingPartError(f"{known_as} is missing: install it so that `{program}` is on PATH")
    return found


def install_from_debian(find: Callable[[], object | None]) -> None:
    """Install what Debian has of the tests' needs when `find` finds nothing and root may."""
    with alone("debian"):
        install = None if find() else tools.debian_install()
        if install is not None:
            run("installing Debian packages", install)


def run(what: str, command: Sequence[str], **environment: str) -> None:
    """Run a fetching command; its output goes to a log in the cache, which MissingPartError names."""
    log = root() / f"{Path(command[0]).name}.log"
    with log.open("wb") as output:
        done = subprocess.run(
            command, env={**os.environ, **environment}, stdout=output, stderr=subprocess.STDOUT, check=False
        )
    if done.returncode:
        raise MissingPartError(f"{what} failed with {done.returncode}: see {log}")


def _unzip(archive: Path, folder: Path) -> None:
    with zipfile.ZipFile(archive) as packed:
        for member in packed.infolist():
            written = Path(packed.extract(member, folder))
            mode = member.external_attr >> 16 & 0o777
            if mode and not member.is_dir():
                written.chmod(mode)  # zipfile forgets which files can be executed


def _open_to_all(folder: Path) -> None:
    folder.chmod(0o755)
    for path in folder.rglob("*"):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (READ_AND_ENTER if path.is_dir() else READ))
