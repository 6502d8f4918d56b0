"""How much of hashlib's speed the offline verifier keeps, on one core, and how little memory it takes."""

import subprocess
import sys
import tempfile
import time
from hashlib import sha256
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.checkpoints.checkpoint import Checkpoint, FileSigner, sign_checkpoint
from audit.tree import tiles
from audit.tree.merkle import Frontier, leaf_hash
from audit.tree.tiles import TILE_WIDTH
from audit.verify import verify
from tests.bench.many_heads import heads
from tests.bench.result import ROOT, Result, Row, median_row

SIZES: Final = (100_000, 1_000_000)
ROUNDS = 5
SIGNER: Final = FileSigner("guildhall.bench/log", Ed25519PrivateKey.generate())
PEAK: Final = (
    "import resource, sys; from audit.__main__ import main; code = main(sys.argv[1:]); "
    "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss); sys.exit(code)"
)


def measure() -> Result:
    """Take both in turns, by processor time: what else runs on the machine then matters least."""
    folder = ROOT / "var" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        small, large = (export(Path(scratch) / str(size), size) for size in SIZES)
        rounds = [(_hashing(large), _verifying(large), _verifying(large, strict=True)) for _ in range(ROUNDS)]
        return Result("verify", rows(rounds, _peak(small), _peak(large)))


def export(folder: Path, size: int) -> Path:
    """Write a signed log of ``size`` entries as an export lays it out."""
    tree = Frontier()
    levels: list[list[bytes]] = []
    for index, first in enumerate(range(0, size, TILE_WIDTH)):
        entries = heads(first, min(first + TILE_WIDTH, size))
        _write(folder / tiles.bundle_path(index, len(entries)), tiles.encode_bundle(entries))
        completed = tree.extend([leaf_hash(entry) for entry in entries])
        for level, nodes in enumerate(completed[:: tiles.TILE_HEIGHT]):
            levels += [[]] if level == len(levels) else []
            levels[level] += nodes
    for level, nodes in enumerate(levels):
        for first in range(0, len(nodes), TILE_WIDTH):
            tile = nodes[first : first + TILE_WIDTH]
            _write(folder / tiles.tile_path(level, first // TILE_WIDTH, len(tile)), b"".join(tile))
    _write(folder / "checkpoint", sign_checkpoint(Checkpoint(SIGNER.name, size, tree.root()), SIGNER))
    return folder


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _hashing(folder: Path) -> float:
    """Return the seconds of processor time to hash every entry, read and cut beforehand."""
    spent = 0.0
    for path in sorted((folder / "tile" / "entries").rglob("*")):
        if path.is_file():
            entries, _ = tiles.cut_bundle(path.read_bytes(), TILE_WIDTH)
            began = time.thread_time()
            for entry in entries:
                sha256(b"\x00" + entry).digest()
            spent += time.thread_time() - began
    return spent


def _verifying(folder: Path, *, strict: bool = False) -> float:
    began = time.thread_time()
    assert verify(folder, SIGNER.vkey, strict=strict).ok
    return time.thread_time() - began


def _peak(folder: Path) -> float:
    """Return the most memory a verifier of its own process took, in MiB."""
    words = [sys.executable, "-c", PEAK, "verify", str(folder), "--key", SIGNER.vkey]
    said = subprocess.run(words, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return int(said.split()[-1]) / 1024


def rows(rounds: list[tuple[float, float, float]], small: float, large: float) -> list[Row]:
    """Return the rows of the result."""
    size, most = SIZES[-1], small * 1.2
    usual = [hashing / verifying for hashing, verifying, _ in rounds]
    strict = [hashing / closely for hashing, _, closely in rounds]
    return [
        median_row("entries verified, on one core", "1/s", [size / verifying for _, verifying, _ in rounds]),
        median_row("entries hashed, on one core", "1/s", [size / hashing for hashing, _, _ in rounds]),
        median_row("verifying, of hashing", "ratio", usual, floor=0.35, aim=0.45),
        median_row("verifying with --strict, of hashing", "ratio", strict),
        median_row(f"most memory at {SIZES[0]:,} entries", "MiB", [small]),
        median_row(f"most memory at {size:,} entries", "MiB", [large], floor=most, lower_is_better=True),
    ]
