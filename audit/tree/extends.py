"""Does an exported log extend a checkpoint that somebody kept? What else would show a history written anew?

A log whose key was stolen can be rewritten whole, and then verifies. It cannot extend what was signed before
(RFC 9162 section 2.1.4: the first tree must be the beginning of the second).
"""

import time
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from audit.checkpoints.checkpoint import Checkpoint
from audit.checkpoints.trust import Trust
from audit.errors import AuditError, VerifierInputError
from audit.tree import tiles
from audit.tree.tiles import TILE_WIDTH
from audit.verify import Verdict


def verify_extends(directory: Path | str, kept: Path | str, trust: Trust) -> Verdict:
    """Verify that the log exported to ``directory`` begins with the tree that the note in ``kept`` signs.

    Raises:
        VerifierInputError: ``kept`` cannot be read.
    """
    try:
        note = Path(kept).read_bytes()
    except OSError as error:
        raise VerifierInputError(f"The kept checkpoint cannot be read: {error}.") from None
    try:
        before = trust.check(note, now=int(time.time()))
        return _compare(Path(directory), before, trust)
    except (AuditError, OSError) as error:
        return Verdict(ok=False, index=None, sentence=f"It cannot be compared with what was kept: {error}")


def _compare(directory: Path, before: Checkpoint, trust: Trust) -> Verdict:
    now = trust.check((directory / "checkpoint").read_bytes(), now=int(time.time()))
    if now.size < before.size:
        sentence = f"The log was signed at {before.size} entries before, and at {now.size} now."
        return Verdict(ok=False, index=now.size, sentence=sentence)
    stored = _Tiles(directory, now.size)
    for known in (before, now):
        if tiles.root_at(known.size, stored.hashes_at) != known.root:
            sentence = f"The log's first {known.size} entries are not the ones that were signed."
            return Verdict(ok=False, index=None, sentence=sentence)
    sentence = f"The log of {now.size} entries extends the one of {before.size} that was kept."
    return Verdict(ok=True, index=None, sentence=sentence)


class _Tiles:
    """The hash tiles of an export of ``size`` entries, each read once."""

    def __init__(self, directory: Path, size: int) -> None:
        self._directory, self._size = directory, size
        self._read = lru_cache(maxsize=1024)(self._load)

    def hashes_at(self, level: int, first: int, count: int) -> Sequence[bytes]:
        """Return ``count`` hashes of tile level ``level`` from ``first`` on, all of one tile.

        Raises:
            TileError: the export does not hold them.
        """
        return tiles.cut_hashes(self._read(level, first // TILE_WIDTH), first, count)

    def _load(self, level: int, number: int) -> bytes:
        partial = tiles.tile_path(level, number, tiles.tile_width(level, number, self._size))
        for name in (partial, tiles.tile_path(level, number)):
            if (self._directory / name).is_file():
                return (self._directory / name).read_bytes()
        return b""
