"""How long a proof by index takes in a log of a million entries on SQLite."""

import random
import statistics
import tempfile
import time
from pathlib import Path
from typing import Final

from audit.reader import LogReader
from audit.tree.proof import Proof, format_proof
from console import runtime
from tests.audit.log_store import Store
from tests.bench.many_heads import placed
from tests.bench.result import ROOT, Result, Row, median_row

SIZE = 1_000_000
AT_ONCE: Final = 20_000
PROOFS: Final = 400
ROUNDS: Final = 5


def measure() -> Result:
    """Build the log through its own append, then ask for proofs of entries anywhere in it."""
    folder = ROOT / "var" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        return Result("proof", rows(runtime.run(_rounds(Path(scratch)))))


async def _rounds(folder: Path) -> list[list[float]]:
    store = await Store.open(folder)
    log = await store.begin()
    for first in range(0, SIZE - 1, AT_ONCE):
        await log.append(list(placed(first, min(first + AT_ONCE, SIZE - 1))))
    await store.checkpointer(log).sign(store.clock())
    chance = random.Random(7)  # noqa: S311 - which entries, not a secret
    reader = LogReader(store.engine)
    found = [[await _seconds(reader, chance.randrange(SIZE)) for _ in range(PROOFS)] for _ in range(ROUNDS)]
    await store.close()
    return found


async def _seconds(reader: LogReader, index: int) -> float:
    began = time.perf_counter()
    signed = await reader.latest_checkpoint()
    assert signed is not None
    (entry,) = await reader.entries(range(index, index + 1))
    hashes = await reader.inclusion(index, signed.size)
    format_proof(Proof(index, tuple(hashes), signed.note.encode(), entry.head))
    return time.perf_counter() - began


def rows(rounds: list[list[float]]) -> list[Row]:
    """Return the rows of the result."""
    half = [statistics.median(one) * 1e3 for one in rounds]
    most = [sorted(one)[len(one) * 99 // 100] * 1e3 for one in rounds]
    return [
        median_row(f"proof by index at {SIZE:,} entries, median", "ms", half),
        median_row("the same, 99 of 100", "ms", most, floor=20, lower_is_better=True),
    ]
