"""The tree's tiles as rows: the last tile of each level grows in place, complete ones never change."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import takewhile
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from audit.models import tile
from audit.tree.merkle import HASH_SIZE
from audit.tree.tiles import TILE_HEIGHT, TILE_WIDTH, HashesAt, cut_hashes

T = TypeVar("T")


async def grow_tiles(connection: AsyncConnection, size: int, completed: Sequence[Sequence[bytes]]) -> None:
    """Add what ``Frontier.extend`` completed to the tiles of a tree of ``size``; the caller commits."""
    grown = list(takewhile(bool, completed[::TILE_HEIGHT]))
    places = [divmod(size >> (TILE_HEIGHT * level), TILE_WIDTH) for level in range(len(grown))]
    begun = [(level, number) for level, (number, kept) in enumerate(places) if kept]
    found = await _load_tiles(connection, begun) if begun else {}
    if begun:
        await connection.execute(tile.delete().where(_is_one_of(begun)))
    rows = list[dict[str, object]]()
    for level, (fresh, (number, kept)) in enumerate(zip(grown, places, strict=True)):
        hashes = found.get((level, number), b"")[: kept * HASH_SIZE] + b"".join(fresh)
        rows += [_row(level, number, *item) for item in enumerate(_by_tile(hashes))]
    if rows:
        await connection.execute(tile.insert(), rows)


def _by_tile(hashes: bytes) -> Iterator[bytes]:
    width = TILE_WIDTH * HASH_SIZE
    return (hashes[start : start + width] for start in range(0, len(hashes), width))


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
    wanted = sa.select(tile.c.level, tile.c.number, tile.c.hashes).where(_is_one_of(places))
    return {(row.level, row.number): bytes(row.hashes) for row in await connection.execute(wanted)}


def _is_one_of(places: Collection[tuple[int, int]]) -> sa.ColumnElement[bool]:
    return sa.tuple_(tile.c.level, tile.c.number).in_(sorted(places))


def _row(level: int, first: int, place: int, hashes: bytes) -> dict[str, object]:
    return {"level": level, "number": first + place, "hashes": hashes}
