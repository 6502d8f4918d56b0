"""How far the worker has read each spool, and which calls are open: stored in the transaction that logs."""

import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from audit.append_rows import rows_on
from audit.models import open_intent, spool_cursor
from audit.spool.reader import Position

OPEN_COLUMNS: Final = ("producer", "number", "record", "opened", "announced")

_ORDINAL = struct.Struct("<Q")


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where the next frame of a producer begins; ``closed`` once it is gone and read to its end."""

    at: Position = field(default_factory=Position)
    closed: bool = False


class CallKey(NamedTuple):
    """An intent's place: its producer and its frame number there."""

    producer: str
    number: int


class OpenCall(NamedTuple):
    """A call whose outcome has not been read: its ordinal, its record's bytes, and when it began."""

    ordinal: int
    record: bytes
    opened: int
    announced: bool = False


@dataclass(slots=True)
class Progress:
    """What one pass over the spools changes."""

    cursors: dict[str, Cursor] = field(default_factory=dict)
    opened: dict[CallKey, OpenCall] = field(default_factory=dict)
    announced: set[CallKey] = field(default_factory=set)
    closed: set[CallKey] = field(default_factory=set)

    def is_empty(self) -> bool:
        """Return whether nothing changed."""
        return not (self.cursors or self.opened or self.announced or self.closed)

    def add(self, later: "Progress") -> None:
        """Take the changes of the pass after this one into the same."""
        self.cursors |= later.cursors
        self.announced = (self.announced | later.announced) - later.closed
        self.closed |= later.closed - self.opened.keys()
        self.opened = {key: call for key, call in self.opened.items() if key not in later.closed}
        self.opened |= later.opened

    async def store(self, connection: AsyncConnection) -> None:
        """Write the changes in the caller's transaction."""
        for producer, cursor in self.cursors.items():
            await _store_cursor(connection, producer, cursor)
        if self.opened:
            columns = list(zip(*(_row(*item) for item in self.opened.items()), strict=True))
            await (await rows_on(connection)).insert(open_intent, OPEN_COLUMNS, columns)
        if self.announced:
            announce = open_intent.update().where(_is_key()).values(announced=True)
            await connection.execute(announce, _keys(self.announced))
        if self.closed:
            await connection.execute(open_intent.delete().where(_is_key()), _keys(self.closed))


async def load_cursors(connection: AsyncConnection) -> dict[str, Cursor]:
    """Return every producer's stored cursor."""
    rows = (await connection.execute(sa.select(spool_cursor))).mappings()
    return {
        row["producer"]: Cursor(Position(row["file"], row["offset"], row["next_number"]), row["closed"])
        for row in rows
    }


async def load_open_calls(connection: AsyncConnection) -> dict[CallKey, OpenCall]:
    """Return every call whose outcome has not been read."""
    rows = (await connection.execute(sa.select(open_intent))).mappings()
    return {
        CallKey(row["producer"], row["number"]): OpenCall(
            _ORDINAL.unpack_from(row["record"])[0],
            row["record"][_ORDINAL.size :],
            row["opened"],
            row["announced"],
        )
        for row in rows
    }


async def _store_cursor(connection: AsyncConnection, producer: str, cursor: Cursor) -> None:
    values = {
        "file": cursor.at.file,
        "offset": cursor.at.offset,
        "next_number": cursor.at.next_number,
        "closed": cursor.closed,
    }
    moved = spool_cursor.update().where(spool_cursor.c.producer == producer).values(**values)
    if (await connection.execute(moved)).rowcount == 0:
        await connection.execute(spool_cursor.insert().values(producer=producer, **values))


def _row(key: CallKey, call: OpenCall) -> tuple[object, ...]:
    return (*key, _ORDINAL.pack(call.ordinal) + call.record, call.opened, call.announced)


def _keys(keys: Iterable[CallKey]) -> list[dict[str, object]]:
    return [{"the_producer": key.producer, "the_number": key.number} for key in keys]


def _is_key() -> sa.ColumnElement[bool]:
    producer, number = open_intent.c.producer, open_intent.c.number
    return sa.and_(producer == sa.bindparam("the_producer"), number == sa.bindparam("the_number"))
