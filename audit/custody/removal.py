"""One removal: which bodies go, and what its tombstone says of them for ever.

The tombstone's head names the class, the range, how many were removed and how many were held, and a digest.
The digest is SHA-256 over, for each removed entry in order, its index (8 bytes, big-endian) and the 32 bytes
of its head's ``body`` (zeros where a head has none): whoever has the heads, which stay, can compute it, and
so prove what was there and is gone. A second digest binds the runs, which are kept beside the log: no body
may be missing that its tombstone does not speak of.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from audit.errors import AuditError
from audit.event import Event, Resource
from audit.events import Action
from audit.head import Head
from audit.models import body, prune_cursor, pruned
from audit.record import Record, seal
from audit.subjects.keyring import MemoryKeyRing

NO_BODY: Final = bytes(32)
RUNS: Final = "runs:"


class RemovalError(AuditError):
    """What was to be removed is no longer what was read; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entry past its retention: its place, its head's ``body`` digest, and whether a hold keeps it."""

    index: int
    digest: bytes
    held: bool


@dataclass(frozen=True, slots=True)
class Removal:
    """Bodies of one class that go in one transaction with their tombstone, which has the index ``entry``.

    Attributes:
        candidates: every entry of the class between the first and the last, held ones included.
        next_index: where the class is to be looked at next.
    """

    retention: str
    candidates: Sequence[Candidate]
    next_index: int
    releases: int
    change_id: UUID
    time: int

    @property
    def removed(self) -> Sequence[Candidate]:
        """The entries whose bodies go."""
        return [one for one in self.candidates if not one.held]

    def runs(self) -> list[tuple[int, int]]:
        """Return the removed entries as runs, first and last index; none spans a held entry of the class."""
        found: list[tuple[int, int]] = []
        open_run = False
        for one in self.candidates:
            if one.held:
                open_run = False
            elif open_run:
                found[-1] = (found[-1][0], one.index)
            else:
                found.append((one.index, one.index))
                open_run = True
        return found

    def tombstone(self) -> Record:
        """Return the ``log.prune`` that comes before the removal."""
        removed = self.removed
        flags = (
            f"class:{self.retention}",
            f"range:{removed[0].index}-{removed[-1].index}",
            f"removed:{len(removed)}",
            f"held:{len(self.candidates) - len(removed)}",
            f"digest:{digest_of(removed)}",
            f"{RUNS}{digest_of_runs(self.runs())}",
        )
        event = Event(
            action=Action.LOG_PRUNE,
            actor=None,
            request=self.change_id,
            resource=Resource(type="log", id=None),
            flags=flags,
        )
        return seal(event, time=self.time, keys=MemoryKeyRing())

    async def store(self, connection: AsyncConnection) -> None:
        """Remove the bodies and remember which; the tombstone is the newest entry of the same transaction.

        Raises:
            RemovalError: a body is gone already.
        """
        if self.removed:
            entry = await connection.scalar(sa.text("SELECT size - 1 FROM log_head"))
            await self._remember(connection, int(entry or 0))
            for first, last in self.runs():
                await self._delete(connection, first, last)
        await self.move(connection)

    async def move(self, connection: AsyncConnection) -> None:
        """Remember how far this class was looked at."""
        values = {"next_index": self.next_index, "releases": self.releases}
        chosen = prune_cursor.update().where(prune_cursor.c.retention == self.retention)
        if (await connection.execute(chosen.values(**values))).rowcount == 0:
            await connection.execute(prune_cursor.insert().values(retention=self.retention, **values))

    async def _remember(self, connection: AsyncConnection, entry: int) -> None:
        shared = {"entry": entry, "retention": self.retention, "time": self.time}
        rows = [{"first_index": first, "last_index": last, **shared} for first, last in self.runs()]
        await connection.execute(pruned.insert(), rows)

    async def _delete(self, connection: AsyncConnection, first: int, last: int) -> None:
        chosen = (body.c.retention == self.retention, body.c.index >= first, body.c.index <= last)
        expected = sum(first <= one.index <= last for one in self.removed)
        if (await connection.execute(body.delete().where(*chosen))).rowcount != expected:
            raise RemovalError(f"The bodies {first} to {last} are not those that were read.")


def digest_of(removed: Iterable[Candidate]) -> str:
    """Return the tombstone's digest, hex."""
    digest = hashlib.sha256()
    for one in removed:
        digest.update(one.index.to_bytes(8, "big") + one.digest)
    return digest.hexdigest()


def digest_of_runs(runs: Iterable[tuple[int, int]]) -> str:
    """Return hex SHA-256 over each run's first and last index, 8 bytes big-endian each, in order."""
    ends = (first.to_bytes(8, "big") + last.to_bytes(8, "big") for first, last in runs)
    return hashlib.sha256(b"".join(ends)).hexdigest()


def candidate(index: int, head: bytes, *, held: bool) -> Candidate:
    """Read what the tombstone needs of an entry.

    Raises:
        HeadError: the stored head is malformed.
    """
    committed = Head.parse(head).body
    return Candidate(index, NO_BODY if committed is None else bytes.fromhex(committed), held)
