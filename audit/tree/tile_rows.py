"""The tree's tiles as rows: the last tile of each level grows in place, complete ones never change."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from audit.models import tile
from audit.tree.merkle import HASH_SIZE
from audit.tree.tiles import TILE_HEIGHT, TILE_WIDTH, HashesAt, cut_hashes

T = TypeVar("T")


async def grow_tiles(connection: AsyncConnection, size: int, completed: Sequence[Sequence[bytes]]) -> None:
    """Add what ``Frontier.extend`` completed to the tiles of a tree of ``size``; the caller commits."""
    for level, fresh in enumerate(completed[::TILE_HEIGHT]):
        if not fresh:
            return
        number, kept = divmod(size >> (TILE_HEIGHT * level), TILE_WIDTH)
        hashes = b"".join(fresh)
        if kept:
            hashes = (await load_tile(connection, level, number))[: kept * HASH_SIZE] + hashes
            await connection.execute(tile.delete().where(tile.c.level == level, tile.c.number == number))
        width = TILE_WIDTH * HASH_SIZE
        chunks = [hashes[start : start + width] for start in range(0, len(hashes), width)]
        await connection.execute(tile.insert(), [_row(level, number, *item) for item in enumerate(chunks)])


async def compute_with_hashes(connection: AsyncConnection, compute: Callable[[HashesAt], T]) -> T:
    """Run ``compute`` over stored hashes: once to learn which tiles it asks for, once with those tiles.

    Raises:
        TileError: a tile is missing, or shorter than what is asked of it.
    """
    wanted: set[tuple[int, int]] = set()

    def learn(level: int, first: int, count: int) -> Sequence[bytes]:  # noqa: ARG001 - of one tile
        wanted.add((level, first // TILE_WIDTH))
        return ()

    compute(learn)
    found = await _load_tiles(connection, wanted)

    def look_up(level: int, first: int, count: int) -> Sequence[bytes]:
        return cut_hashes(found.get((level, first // TILE_WIDTH), b""), first, count)

    return compute(look_up)


async def load_tile(connection: AsyncConnection, level: int, number: int) -> bytes:
    """Return a tile's stored hashes, as many as there are."""
    wanted = sa.select(tile.c.hashes).where(tile.c.level == level, tile.c.number == number)
    return bytes(await connection.scalar(wanted) or b"")


async def _load_tiles(
    connection: AsyncConnection, places: Collection[tuple[int, int]]
) -> Mapping[tuple[int, int], bytes]:
    columns = sa.tuple_(tile.c.level, tile.c.number)
    wanted = sa.select(tile.c.level, tile.c.number, tile.c.hashes).where(columns.in_(sorted(places)))
    return {(row.level, row.number): bytes(row.hashes) for row in await connection.execute(wanted)}


def _row(level: int, first: int, place: int, hashes: bytes) -> dict[str, object]:
    return {"level": level, "number": first + place, "hashes": hashes}
