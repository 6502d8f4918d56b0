"""A log whose entries are old enough to be pruned, and approvals written as the console writes them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession
from uuid_utils.compat import uuid7

from audit import history, outbox
from audit.canonical import decode_map
from audit.custody.authority import JOB, RETENTION, job_state, retention_state
from audit.custody.holds import ROW_KIND, Hold, hold_of
from audit.custody.prune import Pass, Pruner
from audit.custody.retention import MICROSECONDS_A_DAY
from audit.entry_rows import Pending
from audit.event import Event, Resource
from audit.events import Action
from audit.log import Log
from audit.models import LegalHold, PruneJob, RetentionRow, RowVersion
from audit.reader import LogReader
from audit.record import Record, seal
from audit.sequencer import Sequencer
from audit.subjects.keyring import MemoryKeyRing
from tests.audit.log_store import Store, a_record


@dataclass
class Kept:
    """One log with its worker's parts."""

    store: Store
    log: Log
    reader: LogReader
    sequencer: Sequencer

    @classmethod
    async def begin(cls, store: Store) -> "Kept":
        log = await store.begin()
        return cls(store, log, LogReader(store.engine), store.sequencer(log))

    def pruner(self, at_once: int = 5_000) -> Pruner:
        return Pruner(self.store.main, self.log, self.reader, self.store.clock, at_once=at_once)

    async def grow(self, count: int, actor: UUID | None = None) -> None:
        """Append calls of now, and sign."""
        now = self.store.clock()
        await self.append([a_record(time=now, actor=actor) for _ in range(count)])

    async def append(self, records: Sequence[Record]) -> None:
        """Append, and sign."""
        await self.log.append([Pending(record, "gateway") for record in records])
        await self.sequencer.sign()

    def pass_days(self, days: int) -> None:
        self.store.clock.now += days * MICROSECONDS_A_DAY

    async def keep(self, name: str, days: int) -> RetentionRow:
        """Approve a retention."""
        row = RetentionRow(id=uuid7(), name=name, days=days, change_id=uuid7(), created=self.store.clock())
        await self.write(row, Action.RETENTION_UPDATE, RETENTION, retention_state(row))
        return row

    async def ask(self, name: str, before: int) -> PruneJob:
        """Approve a removal."""
        row = PruneJob(id=uuid7(), name=name, before=before, change_id=uuid7(), created=self.store.clock())
        await self.write(row, Action.CHANGE_EXECUTE, JOB, job_state(row))
        return row

    async def hold(self, **conditions: Any) -> Hold:
        """Put entries under hold; its entry is in the log then."""
        made = await self.insert_hold(**conditions)
        await self.sequencer.run_once()
        return made

    async def insert_hold(self, **conditions: Any) -> Hold:
        """Put entries under hold."""
        async with self.store.main.write() as session:
            return await self.add_hold(session, **conditions)

    async def add_hold(self, session: AsyncSession, **conditions: Any) -> Hold:
        """Put entries under hold once the session commits."""
        row = LegalHold(
            id=uuid7(), reason="A matter.", created=self.store.clock(), created_by=uuid7(), **conditions
        )
        made = hold_of(row)
        session.add(row)
        await session.flush()
        await self._record(session, row.id, Action.HOLD_CREATE, ROW_KIND, made.row())
        return made

    async def release(self, hold: Hold) -> None:
        """End a hold; its entry is in the log then."""
        await self.insert_release(hold)
        await self.sequencer.run_once()

    async def insert_release(self, hold: Hold) -> None:
        """End a hold."""
        async with self.store.main.write() as session:
            row = await session.get_one(LegalHold, hold.id)
            row.released = self.store.clock()
            session.add(row)
            await self._record(session, row.id, Action.HOLD_RELEASE, ROW_KIND, None)

    async def do(self, statement: str) -> None:
        """Do what a database superuser can."""
        async with self.store.main.write() as session:
            await session.exec(sa.text(statement))  # type: ignore[call-overload]

    async def make_up_the_end(self, hold: Hold, event_id: UUID, row: str | None = None) -> None:
        """Insert a version of a hold's row that no act wrote, hashed as it should be."""
        now = self.store.clock()
        made_up = RowVersion(
            kind=ROW_KIND,
            row_id=hold.id,
            valid_from=now,
            recorded_at=now,
            event_id=event_id,
            row=row,
            row_hash=history.hash_stated(ROW_KIND, hold.id, row, now, None),
        )
        async with self.store.main.write() as session:
            session.add(made_up)

    async def write(self, row: SQLModel, action: Action, kind: str, state: dict[str, object]) -> None:
        async with self.store.main.write() as session:
            session.add(row)
            await session.flush()
            await self._record(session, row.id, action, kind, state)  # type: ignore[attr-defined]
            await session.flush()
            session.expunge(row)
        await self.sequencer.run_once()

    async def prune_all(self, at_once: int = 5_000) -> list[Pass]:
        """Remove everything that may go now."""
        pruner, done = self.pruner(at_once), []
        for permit in (await pruner.permits())[0]:
            while (step := await pruner.step(permit)).more:
                done.append(step)
        await self.sequencer.sign()
        return done

    async def heads(self) -> list[dict[str, object]]:
        """Return every head."""
        return [decode_map(one.head) for one in await self.reader.entries(range(await self.reader.size()))]

    async def bodies(self) -> list[int]:
        """Return the indexes whose details are there."""
        return [at for at in range(await self.reader.size()) if await self.reader.body(at) is not None]

    async def _record(
        self, session: AsyncSession, row_id: UUID, action: Action, kind: str, state: dict[str, object] | None
    ) -> None:
        event_id, now = uuid7(), self.store.clock()
        row_hash = await history.append_row(
            session,
            kind=kind,
            row_id=row_id,
            row=state,
            valid_from=now,
            valid_to=None,
            recorded_at=now,
            event_id=event_id,
        )
        event = Event(
            id=event_id,
            action=action,
            actor=uuid7(),
            resource=Resource(type=kind, id=row_id),
            state=history.state_digest([row_hash]),
        )
        await outbox.append(session, seal(event, time=now, keys=MemoryKeyRing()))
