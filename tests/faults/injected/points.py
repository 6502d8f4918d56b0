"""Every system call of a batch that writes, as a place where a process dies or is told no."""

import re
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
CALLS = ("write", "pwrite64", "fdatasync", "fsync", "rename", "unlink", "ftruncate")
ACTIONS = ("signal=KILL", "error=EIO", "error=ENOSPC")
CALLED = re.compile(r"^(\d+) +(\w+)\(", re.MULTILINE)
FASTER = "--seccomp-bpf"
SECONDS = 60.0


@dataclass(frozen=True)
class Point:
    """The nth such call of a thread, and what becomes of it."""

    side: str
    call: str
    number: int
    action: str

    def __str__(self) -> str:
        return f"{self.side}: {self.action} at {self.call} {self.number}"


def count_calls(strace: Path, side: str, folder: Path) -> dict[str, int]:
    """Run one side without a fault; return the most calls that one thread makes of each kind."""
    _, text = trace(strace, side, folder, [FASTER])
    found = Counter(CALLED.findall(text))
    return {call: max((n for (_, name), n in found.items() if name == call), default=0) for call in CALLS}


def list_points(side: str, counted: dict[str, int]) -> list[Point]:
    """Return every point of one side."""
    return [
        Point(side, call, number, action)
        for call, most in counted.items()
        for number in range(1, most + 1)
        for action in ACTIONS
    ]


def inject(strace: Path, point: Point, folder: Path) -> bool:
    """Run one side with the fault; return whether it was met."""
    fault = ["-e", f"inject={point.call}:{point.action}:when={point.number}"]
    # strace 6.1 injects no signal when seccomp chooses what it sees; without it, every call stops.
    chooses = [] if point.action.startswith("signal") else [FASTER]
    status, text = trace(strace, point.side, folder, [*chooses, *fault])
    return status == -signal.SIGKILL or "(INJECTED)" in text


def trace(strace: Path, side: str, folder: Path, words: list[str]) -> tuple[int, str]:
    """Run one side under strace to its end, however it ends; return its status and what was traced."""
    output = folder / "trace"
    listed = ",".join(CALLS)
    tracing = [str(strace), "-f", "-qq", "-o", str(output), "-e", f"trace={listed}", *words]
    program = [sys.executable, "-B", "-m", f"tests.faults.injected.{side}", str(folder)]
    done = subprocess.run([*tracing, *program], cwd=ROOT, capture_output=True, timeout=SECONDS, check=False)
    return done.returncode, output.read_text()
