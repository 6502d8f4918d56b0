"""Kills the writer of a spool outright, many times, and looks for an acknowledged intent that is lost."""

import random
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from audit.spool.reader import Position, list_producers, read_frames
from tests.bench.result import ROOT, Result, Row

KILLS = 300
SHORTEST, LONGEST = 0.01, 0.4
SEED = 20261122


def measure() -> Result:
    """Return how many intents were acknowledged over all kills, and how many of them were lost."""
    chance = random.Random(SEED)  # noqa: S311 -- repeatable moments, no secret
    acknowledged, lost = 0, 0
    folder = ROOT / "var" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    for _ in range(KILLS):
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            told = write_until_killed(Path(scratch), chance.uniform(SHORTEST, LONGEST))
            acknowledged += len(told)
            lost += len(told - found(Path(scratch)))
    return Result(
        "spool-kills",
        [
            Row("kills of a writing process", KILLS, "kills", [KILLS]),
            Row("acknowledged intents", acknowledged, "intents", [acknowledged], floor=KILLS),
            Row("acknowledged and lost", lost, "intents", [lost], floor=0, aim=0, lower_is_better=True),
        ],
    )


def write_until_killed(folder: Path, seconds: float) -> set[int]:
    """Start a writer, kill it so long after its first acknowledgement, return what it was told."""
    command = [sys.executable, "-m", "tests.soak.spool_writer", str(folder)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        first = writer.stdout.readline()
        killer = threading.Timer(seconds, writer.kill)
        killer.start()
        lines = [first, *writer.stdout]
        killer.join()
    return {int(line) for line in lines if line.endswith("\n")}


def found(folder: Path) -> set[int]:
    """Return the numbers of all frames that the worker would read."""
    numbers: set[int] = set()
    for producer in list_producers(folder):
        frames, at = read_frames(folder, producer, Position())
        while frames:
            numbers |= {frame.number for frame in frames}
            frames, at = read_frames(folder, producer, at)
    return numbers
