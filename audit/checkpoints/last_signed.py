"""A log that signed one tree never signs another that does not extend it.

The last checkpoint is kept twice: in the log's database, and in a file that no database backup holds. So a
database restored to an earlier state cannot sign its second history.
"""

import os
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection

from audit.checkpoints.checkpoint import Checkpoint
from audit.checkpoints.trust import Trust
from audit.errors import AuditError, NoteError, ProofError, TileError
from audit.spool.files import sync_directory
from audit.tree import merkle, tiles
from audit.tree.tile_rows import compute_with_hashes


class ForkRefusedError(AuditError):
    """The tree does not extend the one that was signed last; the log must begin anew under another origin."""


class LastSigned:
    """The second place of the last checkpoint; without a path it remembers nothing."""

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def read(self) -> str | None:
        """Return the note kept here, or None before the first."""
        if self._path is None or not self._path.exists():
            return None
        return self._path.read_text("utf-8")

    def write(self, note: str) -> None:
        """Keep ``note`` durably; called before the note is published anywhere."""
        if self._path is None:
            return
        fresh = self._path.with_name(f"{self._path.name}.new")
        with fresh.open("w", encoding="utf-8") as file:
            file.write(note)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path)
        sync_directory(self._path.parent)

    def set_aside(self, name: str) -> None:
        """Keep the note under another name from now on, because another log begins."""
        if self._path is not None and self._path.exists():
            self._path.replace(self._path.with_name(name))
            sync_directory(self._path.parent)


async def refuse_fork(connection: AsyncConnection, note: str, fresh: Checkpoint, trust: Trust) -> None:
    """Check that ``fresh`` extends the checkpoint in ``note`` in the stored tiles.

    Raises:
        ForkRefusedError: it does not, or the note is not signed with the log's key of its size.
    """
    try:
        last = trust.check(note.encode(), now=0, whole=False)
        if fresh.size < last.size:
            raise ForkRefusedError(f"The log has {fresh.size} entries, but {last.size} were signed.")
        for known in (last, fresh):
            await _check_root(connection, known)
        await _check_extension(connection, last, fresh)
    except (NoteError, ProofError, TileError) as error:
        raise ForkRefusedError(f"The last signed checkpoint cannot be extended: {error}") from error


async def _check_root(connection: AsyncConnection, known: Checkpoint) -> None:
    root = await compute_with_hashes(connection, lambda hashes_at: tiles.root_at(known.size, hashes_at))
    if root != known.root:
        raise ForkRefusedError(f"The tree's first {known.size} entries are not the ones that were signed.")


async def _check_extension(connection: AsyncConnection, last: Checkpoint, fresh: Checkpoint) -> None:
    """Check that one and the same set of hashes leads to both roots.

    Each root is computed from the largest tiles there are: where a tile was altered after its parent, both
    roots can be had from hashes that contradict each other.
    """
    proof = await compute_with_hashes(
        connection, lambda hashes_at: tiles.consistency_proof(last.size, fresh.size, hashes_at)
    )
    merkle.verify_consistency(last.size, fresh.size, proof, last.root, fresh.root)
