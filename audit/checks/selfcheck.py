"""The stored log against itself: is every row still what the tree was made of, and the tree what was signed?

A database administrator can drop the triggers and change rows. The tree tells, but only to whoever looks: the
worker looks at the newest entries when it starts, and slowly at all others (audit.checks.patrol).
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from audit.body import SealedPart
from audit.checkpoints.checkpoint import Checkpoint
from audit.checks.removals import load_removed
from audit.checks.rowcheck import Fault, Keys, check_entry, check_seals, read_parts
from audit.errors import AuditError, TileError
from audit.models import body, checkpoint, entry, log_head, published
from audit.tree import merkle, tiles
from audit.tree.merkle import HASH_SIZE
from audit.tree.tile_rows import compute_with_hashes, load_tile
from audit.tree.tiles import TILE_WIDTH

Believe = Callable[[bytes], Checkpoint]
"""Returns the checkpoint in a signed note, or raises AuditError when it is not signed as it must be."""

FindKeys = Callable[[set[UUID | None]], Awaitable[Keys]]
_SIGNED: Final = sa.select(checkpoint.c.note).order_by(checkpoint.c.size.desc()).limit(1)
_PUBLISHED: Final = sa.select(published.c.note)
_ROWS: Final = sa.select(entry, body.c.parts).join(body, body.c.index == entry.c.index, isouter=True)


class SelfCheck:
    """Compares what the log's database holds; it only reads, beside the worker that writes."""

    def __init__(self, engine: AsyncEngine, believe: Believe, find_keys: FindKeys | None = None) -> None:
        """Without ``find_keys`` bodies are compared with their heads, but their seals are not opened."""
        self._engine = engine
        self._believe = believe
        self._find_keys = find_keys

    async def count_chunks(self) -> int:
        """Return how many chunks of 256 entries there are, the last one perhaps not full."""
        async with self._engine.connect() as connection:
            return -(-await _size(connection) // TILE_WIDTH)

    async def check_tree(self) -> Fault | None:
        """Compare size, frontier, tiles and the last checkpoint with each other."""
        async with self._engine.connect() as connection:
            row = (await connection.execute(sa.select(log_head.c.size, log_head.c.frontier))).one_or_none()
            if row is None:
                return None
            size = int(row.size)
            try:
                return await _check_frontier(connection, size, bytes(row.frontier)) or (
                    await _check_ends(connection, size) or await self._check_signed(connection, size)
                )
            except TileError as error:
                return Fault("tile_missing", None, f"The tree of {size} entries lacks hashes: {error}")

    async def check_chunk(self, number: int) -> Fault | None:
        """Compare the entries from 256 x ``number`` on, and their bodies, with their tile and its parents."""
        async with self._engine.connect() as connection:
            width = tiles.tile_width(0, number, await _size(connection))
            if not width:
                return None
            chunk = range(number * TILE_WIDTH, number * TILE_WIDTH + width)
            rows, runs = await _load_rows(connection, chunk), await load_removed(connection, chunk)
            hashes = await load_tile(connection, 0, number)
            above = await _check_parents(connection, number) if width == TILE_WIDTH else None
        gone = {(index, run.retention) for run in runs for index in chunk if run.first <= index <= run.last}
        return (
            _check_rows(rows, chunk, hashes) or await self._check_bodies(list(rows.values()), gone) or above
        )

    async def _check_bodies(self, rows: Sequence[sa.RowMapping], gone: set[tuple[int, str]]) -> Fault | None:
        found: dict[int, tuple[SealedPart, ...]] = {}
        for row in rows:
            parts = read_parts(row, may_be_gone=(row["index"], row["retention"]) in gone)
            if isinstance(parts, Fault):
                return parts
            found[int(row["index"])] = parts
        if self._find_keys is None:
            return None
        keys = await self._find_keys({part.subject for parts in found.values() for part in parts})
        faults = (check_seals(index, parts, keys) for index, parts in found.items())
        return next((fault for fault in faults if fault is not None), None)

    async def _check_signed(self, connection: AsyncConnection, size: int) -> Fault | None:
        for latest in (_SIGNED, _PUBLISHED):
            note = await connection.scalar(latest)
            fault = None if note is None else await self._check_note(connection, str(note), size)
            if fault is not None:
                return fault
        return None

    async def _check_note(self, connection: AsyncConnection, note: str, size: int) -> Fault | None:
        try:
            signed = self._believe(note.encode())
        except AuditError as error:
            return Fault("checkpoint_changed", None, f"The stored checkpoint does not hold: {error}")
        if signed.size > size:
            return Fault("log_cut", size, f"The log has {size} entries, but {signed.size} were signed.")
        root = await compute_with_hashes(connection, lambda hashes_at: tiles.root_at(signed.size, hashes_at))
        sentence = f"The tree's first {signed.size} entries are not the ones that were signed."
        return None if root == signed.root else Fault("tree_changed", None, sentence)


async def _check_frontier(connection: AsyncConnection, size: int, stored: bytes) -> Fault | None:
    found = await compute_with_hashes(connection, lambda hashes_at: tiles.frontier_at(size, hashes_at).hashes)
    same = b"".join(found) == stored
    return None if same else Fault("frontier_changed", None, "The tree's frontier is not that of its tiles.")


async def _check_ends(connection: AsyncConnection, size: int) -> Fault | None:
    last = await connection.scalar(sa.select(sa.func.max(entry.c.index)))
    following = 0 if last is None else int(last) + 1
    if following < size:
        return Fault("entry_missing", following, f"Entry {following} of {size} is missing.")
    beyond = f"Entry {size} is stored, but the log has {size} entries."
    return Fault("entry_beyond", size, beyond) if following > size else None


async def _check_parents(connection: AsyncConnection, number: int) -> Fault | None:
    """Compare a full tile with its hash in the tile above, and so on while that one is full by it."""
    level = 0
    while True:
        stored = await load_tile(connection, level, number)
        above, place = divmod(number, TILE_WIDTH)
        parent = (await load_tile(connection, level + 1, above))[place * HASH_SIZE : (place + 1) * HASH_SIZE]
        if merkle.root(_split(stored)) != parent:
            first = number * TILE_WIDTH ** (level + 1)
            return Fault("tile_changed", first, f"Tile {number} of level {level} is not what is above it.")
        if place + 1 < TILE_WIDTH:
            return None
        level, number = level + 1, above


def _check_rows(rows: Mapping[int, sa.RowMapping], chunk: range, hashes: bytes) -> Fault | None:
    for place, index in enumerate(chunk):
        if index not in rows:
            return Fault("entry_missing", index, f"Entry {index} is missing.")
        fault = check_entry(rows[index], hashes[place * HASH_SIZE : (place + 1) * HASH_SIZE])
        if fault is not None:
            return fault
    return None


async def _load_rows(connection: AsyncConnection, chunk: range) -> dict[int, sa.RowMapping]:
    chosen = _ROWS.where(entry.c.index >= chunk.start, entry.c.index < chunk.stop).order_by(entry.c.index)
    return {int(row["index"]): row for row in (await connection.execute(chosen)).mappings()}


async def _size(connection: AsyncConnection) -> int:
    return int(await connection.scalar(sa.select(log_head.c.size)) or 0)


def _split(hashes: bytes) -> Sequence[bytes]:
    return [hashes[at : at + HASH_SIZE] for at in range(0, len(hashes), HASH_SIZE)]
