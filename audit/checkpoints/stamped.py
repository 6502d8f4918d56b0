"""The stamped checkpoint of an export: an earlier tree of the same log, which an authority dated.

Whether the stamp itself holds is asked of ``openssl ts -verify``, under the authority's own certificate; here
the checkpoint it is over is checked to be signed, and to be a beginning of the exported log.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from audit.checkpoints.checkpoint import Checkpoint
from audit.checkpoints.trust import NO_QUORUM, Trust
from audit.errors import CheckpointError, TileError
from audit.tree import tiles
from audit.tree.tiles import TILE_WIDTH

FOLDER = "timestamp"


def check_stamped(directory: Path, trust: Trust, whole: Checkpoint) -> Checkpoint | None:
    """Return the stamped checkpoint of a verified export, None when it has none.

    Raises:
        NoteError: it is not signed as the policy asks, or is no beginning of this log.
    """
    path = directory / FOLDER / "checkpoint"
    if not path.exists():
        return None
    believed = replace(trust, quorum=NO_QUORUM)  # what is stamped is the tree, before any witness saw it
    stamped = believed.check(path.read_bytes(), now=0, whole=False)
    if stamped.size > whole.size or _root(directory, stamped.size, whole.size) != stamped.root:
        raise CheckpointError(f"The stamped checkpoint of {stamped.size} entries is of another history.")
    return stamped


def _root(directory: Path, size: int, whole: int) -> bytes:
    def hashes_at(level: int, first: int, count: int) -> Sequence[bytes]:
        number = first // TILE_WIDTH
        width = tiles.tile_width(level, number, whole)
        names = (tiles.tile_path(level, number, width), tiles.tile_path(level, number))
        for path in (directory / name for name in names):
            if path.is_file():
                return tiles.cut_hashes(path.read_bytes(), first, count)
        raise TileError(f"The tile {names[0]} is missing.")

    return tiles.root_at(size, hashes_at)
