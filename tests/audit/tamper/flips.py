"""Random bits flipped: in every file of an export, and in every kind of row of the log's database."""

import random
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from audit.checkpoints.checkpoint import verify_checkpoint
from audit.checks.selfcheck import SelfCheck
from audit.models import body, checkpoint, entry, tile
from audit.tree import tiles
from audit.tree.merkle import HASH_SIZE
from audit.tree.tiles import TILE_WIDTH
from audit.verify import verify
from tests.audit.log_store import Store
from tests.audit.tamper.scene import SIZE

ASCII = 128


@dataclass(frozen=True)
class Flip:
    """Where a bit was changed, the first entry it concerns if any, and what was said of it."""

    where: str
    expected: int | None
    seen: bool
    named: frozenset[int | None]

    @property
    def right(self) -> bool:
        """Whether it was seen, and the right entry named."""
        return self.seen and self.expected in self.named


def flip_in_export(folder: Path, vkey: str, chance: random.Random) -> Flip:
    """Flip a bit in one file of an export, verify, and put it back."""
    path = chance.choice(sorted(one for one in folder.rglob("*") if one.is_file() and one.name != "vkey"))
    good = path.read_bytes()
    place = chance.randrange(len(good))
    path.write_bytes(flipped(good, place, chance))
    verdict = verify(folder, vkey)
    path.write_bytes(good)
    name = str(path.relative_to(folder))
    return Flip(name, _first_of_file(name, good, place), not verdict.ok, frozenset({verdict.index}))


async def flip_in_database(store: Store, chance: random.Random) -> Flip:
    """Flip a bit in one row of the log, look at all that is stored, and put it back."""
    column = chance.choice((entry.c.head, body.c.parts, tile.c.hashes, checkpoint.c.note))
    where, first, span = _choose_row(column.table, chance)
    async with store.engine.begin() as connection:
        good = (await connection.execute(sa.select(column).where(*where))).scalar_one()
        data = good.encode() if isinstance(good, str) else bytes(good)
        text = isinstance(good, str)
        place = chance.choice([at for at, byte in enumerate(data) if not text or byte < ASCII])
        changed = flipped(data, place, chance)
        values = {column: changed.decode() if text else changed}
        await connection.execute(sa.update(column.table).where(*where).values(values))
    named = await _look(store)
    async with store.engine.begin() as connection:
        await connection.execute(sa.update(column.table).where(*where).values({column: good}))
    expected = None if first is None else first + place // HASH_SIZE * span
    return Flip(str(column), expected, bool(named), named)


def flipped(data: bytes, place: int, chance: random.Random) -> bytes:
    """The bytes with one bit of one of them changed; text stays ASCII."""
    changed = bytearray(data)
    changed[place] ^= 1 << chance.randrange(7 if changed[place] < ASCII else 8)
    return bytes(changed)


def _choose_row(table: sa.Table, chance: random.Random) -> tuple[list[Any], int | None, int]:
    """Return how to find one row, its first entry, and how many entries each 32 bytes of it stand for."""
    if table is checkpoint:
        return [checkpoint.c.size == SIZE], None, 0
    if table is tile:
        level, number = chance.choice([(0, 0), (0, 1), (0, 2), (1, 0)])
        span = TILE_WIDTH**level
        return [tile.c.level == level, tile.c.number == number], number * TILE_WIDTH * span, span
    index = chance.randrange(1, SIZE)  # the first entry has no parts
    return [table.c.index == index], index, 0


async def _look(store: Store) -> frozenset[int | None]:
    believe = partial(verify_checkpoint, vkey=store.signer.vkey)
    check = SelfCheck(store.engine, believe, store.keys.find_all)
    found = [await check.check_tree()]
    found += [await check.check_chunk(number) for number in range(await check.count_chunks())]
    return frozenset(fault.index for fault in found if fault is not None)


def _first_of_file(name: str, data: bytes, place: int) -> int | None:
    """Return the first entry that the byte at `place` of a file of the export concerns."""
    if name == "checkpoint":
        return None
    kind, number = name.partition(".p/")[0].removeprefix("tile/").split("/")
    if kind == "entries":
        return int(number) * TILE_WIDTH + _owner(data, place)
    span = TILE_WIDTH ** int(kind)
    return (int(number) * TILE_WIDTH + place // HASH_SIZE) * span


def _owner(bundle: bytes, place: int) -> int:
    """Which entry of a bundle a byte belongs to, its length bytes included."""
    end = 0
    for number, one in enumerate(tiles.iterate_bundle(bundle)):
        end += 2 + len(one)
        if place < end:
            return number
    raise AssertionError(place)
