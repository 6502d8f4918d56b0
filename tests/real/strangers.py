"""Programs of other people that check or replace ours: Go builds them once, strace is the system's own."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path
from typing import ClassVar

from tests.real import cache
from tests.real.server import Part

TESSERA = "github.com/transparency-dev/tessera/cmd/examples/posix-oneshot@v1.0.4"
SOURCES = Path(__file__).parent / "go" / "auditor"
SECONDS = 120.0


class Tessera(Part):
    """`posix-oneshot`: makes a C2SP log of files by Tessera, the transparency.dev project's own library."""

    name: ClassVar[str] = "tessera"

    def fetch(self) -> None:
        _ = self.program

    @property
    def program(self) -> Path:
        """Where it is, compiled when it is not there yet."""

        def install(folder: Path) -> None:
            command = [cache.tool("go", "Go"), "install", "-trimpath", TESSERA]
            cache.run("compiling Tessera", command, GOBIN=str(folder))

        return cache.keep(f"tessera-{TESSERA.rpartition('@')[2]}", install) / "posix-oneshot"

    def make_log(self, folder: Path, entries: Path, key: str) -> None:
        """Make the log of the files in `entries`, in order of their names, signed with `key`."""
        words = [self.program, f"--storage_dir={folder}", f"--entries={entries}/*"]
        run(words, LOG_PRIVATE_KEY=key).check_returncode()


class Auditor(Part):
    """The verifier of tests/real/go/auditor, on libraries that are not ours."""

    name: ClassVar[str] = "go-auditor"

    def fetch(self) -> None:
        _ = self.program

    @property
    def program(self) -> Path:
        """Where it is, compiled when its sources are new."""

        def build(folder: Path) -> None:
            command = [cache.tool("go", "Go"), "build", "-C", str(SOURCES), "-trimpath", "-mod=readonly"]
            cache.run("compiling the auditor", [*command, "-o", str(folder), "."])

        return cache.keep(f"auditor-{_digest(SOURCES)}", build) / "auditor"

    def says(self, *words: object) -> tuple[int, str]:
        """Run one of its commands; return its exit status and what it said."""
        done = run([self.program, *words])
        return done.returncode, done.stdout + done.stderr


class Witnessed(Part):
    """The log and reader of tests/real/go/witnessed, which ask a witness and read cosignatures."""

    name: ClassVar[str] = "go-witnessed"

    def fetch(self) -> None:
        _ = self.program

    @property
    def program(self) -> Path:
        """Where it is, compiled when its sources are new."""
        sources = SOURCES.with_name("witnessed")

        def build(folder: Path) -> None:
            command = [cache.tool("go", "Go"), "build", "-C", str(sources), "-trimpath", "-mod=readonly"]
            cache.run("compiling the witnessed log", [*command, "-o", str(folder), "."])

        return cache.keep(f"witnessed-{_digest(sources)}", build) / "witnessed"

    def says(self, *words: object) -> tuple[int, str]:
        """Run one of its commands; return its exit status and what it said."""
        done = run([self.program, *words])
        return done.returncode, done.stdout + done.stderr


class Strace(Part):
    """strace, where it may trace: it makes system calls fail, or their caller die."""

    name: ClassVar[str] = "strace"

    @property
    def path(self) -> Path:
        """Its program; MissingPartError when there is none."""
        return Path(cache.tool("strace", "strace"))

    def fetch(self) -> None:
        if run([self.path, "-o", os.devnull, "-e", "inject=fsync:error=EIO:when=1", "true"]).returncode:
            raise cache.MissingPartError("strace may not trace here: allow ptrace")


def run(words: list[object], **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a program to its end and return what it said; TimeoutExpired after two minutes."""
    return subprocess.run(
        [str(word) for word in words],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def _digest(folder: Path) -> str:
    found = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        found.update(path.name.encode() + b"\0" + path.read_bytes())
    return found.hexdigest()[:12]
