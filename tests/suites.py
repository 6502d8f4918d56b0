"""What `make test` runs: each suite is a name and the commands that must all answer 0."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "var" / "test"
NO_TESTS_COLLECTED = 5
MEMORY = Path("/dev/shm")  # noqa: S108 - pytest makes the folder, for its user alone
SCRATCH_BYTES = 2 * 1024**3
ROOM_KILOBYTES = 9 * 1024 * 1024

NEEDS_NOTHING = "not real and not browser and not journey"
CODE = ("audit", "console", "policy", "sso", "migrations", "tests", "docs")

Command = tuple[str, ...]
Write = Callable[[str], None]


@dataclass(frozen=True)
class Suite:
    """A named list of commands; for pytest, where it leaves its counts, and its tests their files."""

    name: str
    commands: tuple[Command, ...]
    junit: Path | None = None
    scratch: Path | None = None


@dataclass
class Outcome:
    """What one suite did: seconds it took and the exit status of each of its commands, in order."""

    suite: Suite
    seconds: float = 0.0
    statuses: list[int] = field(default_factory=list)

    @property
    def green(self) -> bool:
        """Whether every command answered 0."""
        return not any(self.statuses)


def has_room() -> bool:
    """Whether two sets of real servers (Elasticsearch, Keycloak, MLServer) fit into memory."""
    found = re.search(r"^MemAvailable: +(\d+) kB$", Path("/proc/meminfo").read_text(), re.MULTILINE)
    return found is not None and int(found[1]) >= ROOM_KILOBYTES


def tool(name: str, *arguments: str) -> Command:
    """Return the command line of a tool of this environment."""
    return (str(Path(sys.executable).parent / name), *arguments)


def module(name: str, *arguments: str) -> Command:
    """Return the command line of a Python module of this environment."""
    return (sys.executable, "-m", name, *arguments)


def pytest(name: str, expression: str, *arguments: str) -> Suite:
    """Return the suite of all tests whose markers match the expression."""
    junit = RESULTS / f"{name}.xml"
    folder = scratch(name)
    where = (f"--junitxml={junit}", *([f"--basetemp={folder}"] if folder else []))
    command = module("pytest", "-q", "--durations=5", "-m", expression, *where, *arguments)
    return Suite(name, (command,), junit, folder)


def scratch(name: str) -> Path | None:
    """Return where a suite's tests keep their files: in memory, so that none waits for a slow disk.

    None where memory is no place for files.
    """
    if not os.access(MEMORY, os.W_OK) or shutil.disk_usage(MEMORY).free < SCRATCH_BYTES:
        return None
    return MEMORY / f"guildhall-tests-{os.getpid()}-{name}"


def lint() -> Suite:
    """Return the checks that read the code without running it."""
    checks = (
        tool("ruff", "check", "."),
        tool("ruff", "format", "--check", "."),
        tool("mypy", "--explicit-package-bases", *CODE),
        tool("lint-imports", "--no-logo"),
        tool("djlint", "--lint", "--quiet", "console/templates"),
    )
    return Suite("lint", checks)


def rego(opa: Path) -> Suite:
    """Return the checks of the policies by OPA itself."""
    folder = "policy/rego"
    checks = ((str(opa), "check", "--strict", folder), (str(opa), "fmt", "--fail", "--list", folder))
    return Suite("rego", (*checks, (str(opa), "test", folder)))


def docs() -> Suite:
    """Return the documentation build, where a warning is an error."""
    build = tool("sphinx-build", "-W", "--keep-going", "-q", "-b", "html", "docs", "docs/_build/html")
    return Suite("docs", (module("docs.generate", "--check"), build))


def run(suite: Suite, write: Write) -> Outcome:
    """Run every command of a suite, streaming its output line by line, and go on after one that fails."""
    outcome = Outcome(suite)
    began = time.monotonic()
    if suite.junit:
        suite.junit.parent.mkdir(parents=True, exist_ok=True)
        suite.junit.unlink(missing_ok=True)
    for command in suite.commands:
        outcome.statuses.append(_stream(suite.name, command, write))
    if suite.scratch:
        shutil.rmtree(suite.scratch, ignore_errors=True)
    outcome.seconds = time.monotonic() - began
    return outcome


def _stream(name: str, command: Command, write: Write) -> int:
    shown = shlex.join(part.replace(f"{ROOT}/", "") for part in command)
    write(f"$ {shown}")
    try:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, "TEST_SUITE": name},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
    except OSError as error:
        write(f"could not start: {error.strerror}")
        return 127
    with process:
        for line in process.stdout or ():
            write(line.decode(errors="replace").rstrip())
    if process.returncode:
        write(f"exit status {process.returncode}: {shown}")
    return process.returncode


def writer(name: str, lock: threading.Lock) -> Write:
    """Return a writer of whole lines that begin with the suite's name: two suites share one screen."""

    def write(line: str) -> None:
        with lock:
            os.write(1, f"[{name}] {line}\n".encode())

    return write
