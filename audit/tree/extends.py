"""Does an exported log extend a checkpoint that somebody kept? What else would show a history written anew?

A log whose key was stolen can be rewritten whole, and then verifies. It cannot extend what was signed before
(RFC 9162 section 2.1.4: the first tree must be the beginning of the second).
"""

import time
from functools import lru_cache
from pathlib import Path

from audit.checkpoints.checkpoint import Checkpoint
from audit.checkpoints.trust import Trust
from audit.errors import AuditError, VerifierInputError
from audit.tree import tiles
from audit.tree.merkle import HASH_SIZE
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
        if tiles.root_at(known.size, stored.hash_at) != known.root:
            sentence = f"The log's first {known.size} entries are not the ones that were signed."
            return Verdict(ok=False, index=None, sentence=sentence)
    sentence = f"The log of {now.size} entries extends the one of {before.size} that was kept."
    return Verdict(ok=True, index=None, sentence=sentence)


class _Tiles:
    """The hash tiles of an export of ``size`` entries, each read once."""

    def __init__(self, directory: Path, size: int) -> None:
        self._directory, self._size = directory, size
        self._read = lru_cache(maxsize=1024)(self._load)

    def hash_at(self, level: int, index: int) -> bytes:
        """Return hash ``index`` of tile level ``level``; empty when it is not there: no root is of that."""
        number, place = divmod(index, TILE_WIDTH)
        return self._read(level, number)[place * HASH_SIZE : (place + 1) * HASH_SIZE]

    def _load(self, level: int, number: int) -> bytes:
        partial = tiles.tile_path(level, number, tiles.tile_width(level, number, self._size))
        for name in (partial, tiles.tile_path(level, number)):
            if (self._directory / name).is_file():
                return (self._directory / name).read_bytes()
        return b""
