"""What the log is asked: entries, bodies, checkpoints, tiles and proofs. It reads only."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from audit import models
from audit.checkpoints.key_history import KeyPeriod, read_key_history
from audit.tree import tiles
from audit.tree.merkle import HASH_SIZE
from audit.tree.tile_rows import compute_with_hashes
from audit.tree.tiles import TILE_WIDTH, HashesAt

T = TypeVar("T")
_ENTRIES: Final = sa.select(models.entry.c.index, models.entry.c.id, models.entry.c.head, models.entry.c.leaf)
_PUBLISHED: Final = sa.select(models.published.c.size, models.published.c.note, models.published.c.time)
_CHECKPOINTS: Final = sa.select(models.checkpoint.c.size, models.checkpoint.c.note, models.checkpoint.c.time)


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """An entry's place, id and head bytes; the leaf hash is over the head."""

    index: int
    id: UUID
    head: bytes
    leaf: bytes


@dataclass(frozen=True, slots=True)
class StoredCheckpoint:
    """A signed note over the tree of ``size`` entries, signed at ``time`` (microseconds UTC)."""

    size: int
    note: str
    time: int


@dataclass(frozen=True, slots=True)
class StoredRemoval:
    """That a body was removed under retention: by entry number ``entry``, at ``time`` (microseconds UTC)."""

    entry: int
    time: int


class LogReader:
    """Answers questions about one log; each answer comes from one read transaction."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine

    async def entry_by_id(self, entry_id: UUID) -> StoredEntry | None:
        """Return the entry with this event id, or None while it is not in the log."""
        found = await self._select(_ENTRIES.where(models.entry.c.id == entry_id))
        return StoredEntry(**found[0]) if found else None

    async def entries(self, indexes: range) -> Sequence[StoredEntry]:
        """Return the entries at ``indexes`` (step 1), in order, as far as they exist."""
        index = models.entry.c.index
        chosen = _ENTRIES.where(index >= indexes.start, index < indexes.stop).order_by(index)
        return [StoredEntry(**row) for row in await self._select(chosen)]

    async def body(self, index: int) -> bytes | None:
        """Return an entry's stored body (audit.body decodes it), or None once it has been dropped."""
        found = await self._select(sa.select(models.body.c.parts).where(models.body.c.index == index))
        return bytes(next(iter(found[0].values()))) if found else None

    async def removal(self, index: int, retention: str) -> "StoredRemoval | None":
        """Return by which entry, and when, the body at ``index`` was removed; None when it was not."""
        table = models.pruned
        chosen = sa.select(table.c.entry, table.c.time).where(
            table.c.retention == retention, table.c.first_index <= index, table.c.last_index >= index
        )
        found = await self._select(chosen.order_by(table.c.entry.desc()).limit(1))
        return StoredRemoval(**found[0]) if found else None

    async def size(self) -> int:
        """Return how many entries the log has, signed or not; 0 before it is created."""
        found = await self._select(sa.select(models.log_head.c.size))
        return int(next(iter(found[0].values()))) if found else 0

    async def latest_checkpoint(self) -> StoredCheckpoint | None:
        """Return the checkpoint of the largest tree with every line under it, or None before the first."""
        async with self.engine.connect() as connection:
            stored = await _checkpoint(connection, _CHECKPOINTS.order_by(models.checkpoint.c.size.desc()))
            newest = await _checkpoint(connection, _PUBLISHED)
            if stored is None or newest is None or newest.size < stored.size:
                return stored
            return await _with_witnesses(connection, newest)

    async def checkpoint_covering(self, index: int) -> StoredCheckpoint | None:
        """Return the first checkpoint whose tree holds entry ``index``, or None while there is none."""
        size = models.checkpoint.c.size
        async with self.engine.connect() as connection:
            return await _checkpoint(connection, _CHECKPOINTS.where(size > index).order_by(size))

    async def receipt_checkpoint(self, index: int, quorum: int = 1) -> StoredCheckpoint | None:
        """Return the checkpoint a receipt of entry ``index`` carries: Ed25519 and witness lines only.

        It is the first that ``quorum`` witnesses cosigned, with as many lines; the first of all when none is
        yet. So a receipt stays short.
        """
        size = models.cosignature.c.size
        cosigned = sa.select(size).where(size > index).group_by(size).order_by(size)
        async with self.engine.connect() as connection:
            found = await connection.scalar(cosigned.having(sa.func.count() >= quorum).limit(1))
            if found is None:
                first = _CHECKPOINTS.where(models.checkpoint.c.size > index)
                return await _checkpoint(connection, first.order_by(models.checkpoint.c.size))
            chosen = await _checkpoint(connection, _CHECKPOINTS.where(models.checkpoint.c.size == found))
            return await _with_witnesses(connection, chosen, quorum) if chosen else None

    async def timestamp(self) -> tuple[StoredCheckpoint, bytes] | None:
        """Return the largest checkpoint that an authority stamped, with its RFC 3161 answer."""
        tokens, checkpoints = models.timestamp_token, models.checkpoint
        newest = sa.select(checkpoints.c.size, checkpoints.c.note, checkpoints.c.time, tokens.c.token).join(
            checkpoints, checkpoints.c.size == tokens.c.size
        )
        found = await self._select(newest.order_by(tokens.c.size.desc()).limit(1))
        if not found:
            return None
        fields = {name: value for name, value in found[0].items() if name != "token"}
        return StoredCheckpoint(**fields), bytes(found[0]["token"])

    async def key_history(self) -> tuple[KeyPeriod, ...]:
        """Return the keys of the log and the sizes they sign, oldest first."""
        async with self.engine.connect() as connection:
            return await read_key_history(connection)

    async def inclusion(self, index: int, size: int) -> list[bytes]:
        """Prove entry ``index`` in the tree of ``size`` (audit.tree.merkle verifies it).

        Raises:
            ProofError: there is no such entry in that tree.
            TileError: the stored tiles do not reach that size.
        """
        return await self._compute(lambda hashes_at: tiles.inclusion_proof(index, size, hashes_at))

    async def range_hashes(self, first: int, last: int, size: int) -> list[bytes]:
        """Prove that entries ``first`` to ``last`` are all there are between them in the tree of ``size``.

        Raises:
            ProofError: there are no such entries in that tree.
            TileError: the stored tiles do not reach that size.
        """
        return await self._compute(lambda hashes_at: tiles.range_proof(first, last, size, hashes_at))

    async def consistency(self, first: int, second: int) -> list[bytes]:
        """Prove that the tree of ``second`` extends the tree of ``first``.

        Raises:
            ProofError: ``first`` is larger than ``second`` or negative.
            TileError: the stored tiles do not reach that size.
        """
        return await self._compute(lambda hashes_at: tiles.consistency_proof(first, second, hashes_at))

    async def tile(self, level: int, number: int, width: int = TILE_WIDTH) -> bytes | None:
        """Return the first ``width`` hashes of a tile, or None when it does not hold as many."""
        wanted = (models.tile.c.level == level, models.tile.c.number == number)
        found = await self._select(sa.select(models.tile.c.hashes).where(*wanted))
        hashes = bytes(next(iter(found[0].values())))[: width * HASH_SIZE] if found else b""
        return hashes if hashes and len(hashes) == width * HASH_SIZE else None

    async def entry_bundle(self, number: int, width: int = TILE_WIDTH) -> bytes | None:
        """Return the bundle of the ``width`` heads from entry 256 x ``number`` on, or None if not so many."""
        start = number * TILE_WIDTH
        found = await self.entries(range(start, start + width))
        return tiles.encode_bundle([one.head for one in found]) if found and len(found) == width else None

    async def _compute(self, compute: Callable[[HashesAt], T]) -> T:
        async with self.engine.connect() as connection:
            return await compute_with_hashes(connection, compute)

    async def _select(self, statement: sa.Select[Any]) -> Sequence[sa.RowMapping]:
        async with self.engine.connect() as connection:
            found: Sequence[sa.RowMapping] = (await connection.execute(statement)).mappings().all()
        return found


async def _checkpoint(connection: AsyncConnection, statement: sa.Select[Any]) -> StoredCheckpoint | None:
    found = (await connection.execute(statement.limit(1))).mappings().first()
    return StoredCheckpoint(**found) if found else None


async def _with_witnesses(
    connection: AsyncConnection, found: StoredCheckpoint, most: int | None = None
) -> StoredCheckpoint:
    lines = sa.select(models.cosignature.c.line).where(models.cosignature.c.size == found.size)
    added = (await connection.scalars(lines.order_by(models.cosignature.c.witness).limit(most))).all()
    return replace(found, note=found.note + "".join(map(str, added)))
