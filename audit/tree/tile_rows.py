"""The tree's tiles as rows: the last tile of each level grows in place, complete ones never change."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import takewhile
from typing import Final, TypeVar

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from audit.append_rows import rows_on
from audit.models import tile
from audit.tree.merkle import HASH_SIZE
from audit.tree.tiles import TILE_HEIGHT, TILE_WIDTH, HashesAt, cut_hashes

T = TypeVar("T")
TILE_COLUMNS: Final = ("level", "number", "hashes")


class GrowingTiles:
    """Adds to the tiles for the one writer of the log, and remembers the last of each level.

    What is remembered belongs to a size. A transaction that came to nothing leaves one that the log has not
    got; once the log has it, it is what was grown last.
    """

    def __init__(self) -> None:
        self._size = 0
        self._begun: dict[int, bytes] = {}

    async def grow(
        self, connection: AsyncConnection, size: int, completed: Sequence[Sequence[bytes]]
    ) -> None:
        """Add what ``Frontier.extend`` completed to the tiles of a tree of ``size``; the caller commits."""
        grown = [b"".join(fresh) for fresh in takewhile(bool, completed[::TILE_HEIGHT])]
        places = [divmod(size >> (TILE_HEIGHT * level), TILE_WIDTH) for level in range(len(grown))]
        begun = {level: number for level, (number, kept) in enumerate(places) if kept}
        await self._recall(connection, size, begun)
        if begun:
            await connection.execute(tile.delete().where(_is_one_of(begun.items())))
        rows = list[tuple[int, int, bytes]]()
        for level, (fresh, (number, kept)) in enumerate(zip(grown, places, strict=True)):
            hashes = self._begun.get(level, b"")[: kept * HASH_SIZE] + fresh
            rows += [(level, number + place, part) for place, part in enumerate(_by_tile(hashes))]
            self._begun[level] = rows[-1][-1]
        if rows:
            self._size = size + len(completed[0])
            await (await rows_on(connection)).insert(tile, TILE_COLUMNS, list(zip(*rows, strict=True)))

    async def _recall(self, connection: AsyncConnection, size: int, begun: Mapping[int, int]) -> None:
        """Have the stored hashes of those that are ``begun`` at ``size``, by level."""
        if self._size != size:
            self._begun = {}
        if missing := [(level, number) for level, number in begun.items() if level not in self._begun]:
            found = await _load_tiles(connection, missing)
            self._begun |= {level: hashes for (level, _), hashes in found.items()}


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
