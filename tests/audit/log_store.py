"""Migrated databases, sealed records and a clock for tests of the log."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from uuid import UUID

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession
from uuid_utils.compat import uuid7

from audit import models
from audit.checkpoints.checkpoint import FileSigner
from audit.checkpoints.signing import Checkpointer
from audit.database import create_log_engine, for_writing
from audit.entry_rows import Pending
from audit.event import Event, Outcome, Part, Resource
from audit.events import Action
from audit.log import Log, genesis_record
from audit.record import Record, seal
from audit.sequencer import Sequencer
from audit.subjects.keyring import MemoryKeyRing, new_key
from audit.subjects.subject_keys import KeyStore

ROOT = Path(__file__).parents[2]
ORIGIN = "guildhall.example/log"
START = 1_800_000_000_000_000
KEK = bytes(range(32))


@dataclass
class Clock:
    """Microseconds UTC that move only when told."""

    now: int = START

    def __call__(self) -> int:
        return self.now

    def pass_seconds(self, seconds: float) -> None:
        self.now += round(seconds * 1_000_000)


class Database:
    """The main database as the worker sees it: a read and a write session."""

    def __init__(self, url: str) -> None:
        self.engine = create_async_engine(url)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        async with AsyncSession(self.engine) as session:
            yield session

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        async with AsyncSession(self.engine) as session, session.begin():
            yield session


@dataclass
class Store:
    """One log, its main database, its spools, its key: all in one folder."""

    folder: Path
    engine: AsyncEngine
    main: Database
    keys: KeyStore
    clock: Clock = field(default_factory=Clock)
    signer: FileSigner = field(default_factory=lambda: FileSigner(ORIGIN, Ed25519PrivateKey.generate()))

    @property
    def spools(self) -> Path:
        return self.folder / "spool"

    def log(self) -> Log:
        return Log(self.engine)

    def checkpointer(
        self, log: Log, *, remembers: bool = False, signer: FileSigner | None = None
    ) -> Checkpointer:
        last_signed = self.folder / "last-signed" if remembers else None
        return Checkpointer(self.engine, log, signer or self.signer, last_signed)

    async def begin(self) -> Log:
        """Create the log and hold its epoch."""
        log = self.log()
        await log.create(ORIGIN, genesis_record(profile="embedded", vkey=self.signer.vkey, now=self.clock()))
        await log.take_epoch()
        return log

    def sequencer(self, log: Log, checkpointer: Checkpointer | None = None) -> Sequencer:
        signs = checkpointer or self.checkpointer(log)
        return Sequencer(self.main, log, self.spools, signs, self.clock, sign_every=0)

    async def count(self, table: sa.Table) -> int:
        async with self.engine.connect() as connection:
            return await connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0

    async def close(self) -> None:
        await self.engine.dispose()
        await self.main.engine.dispose()
        await self.keys.close()

    @classmethod
    def at(
        cls,
        folder: Path,
        log_url: str | None = None,
        main_url: str | None = None,
        keys_url: str | None = None,
    ) -> Self:
        """Open what was migrated before; SQLite files in ``folder`` unless URLs are given."""
        clock = Clock()
        keys = KeyStore(keys_url or f"sqlite+aiosqlite:///{folder}/subject.db", KEK, clock)
        engine = create_log_engine(log_url or f"sqlite+aiosqlite:///{folder}/log.db")
        return cls(
            folder, engine, Database(main_url or f"sqlite+aiosqlite:///{folder}/guildhall.db"), keys, clock
        )

    @classmethod
    async def open(
        cls,
        folder: Path,
        log_url: str | None = None,
        main_url: str | None = None,
        keys_url: str | None = None,
    ) -> Self:
        """Migrate and open."""
        store = cls.at(folder, log_url, main_url, keys_url)
        await migrate(for_writing(store.engine), "log")
        await migrate(store.main.engine, "main")
        await migrate(for_writing(store.keys.engine), "keys")
        return store


async def migrate(engine: AsyncEngine, tree: str, revision: str = "head") -> None:
    async with engine.begin() as connection:
        await _run(connection, tree, revision)


async def _run(connection: AsyncConnection, tree: str, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations" / tree))
    config.set_main_option("path_separator", "os")

    def run(given: Connection) -> None:
        config.attributes["connection"] = given
        if revision == "base":
            command.downgrade(config, revision)
        else:
            command.upgrade(config, revision)

    await connection.run_sync(run)


def a_record(
    action: Action = Action.MODEL_INVOKE,
    *,
    time: int = START,
    outcome: Outcome = Outcome.SUCCESS,
    event_id: UUID | None = None,
    request: UUID | None = None,
    actor: UUID | None = None,
) -> Record:
    """Return a sealed record with one part."""
    keys = MemoryKeyRing([new_key(None)])
    event = Event(
        id=event_id or uuid7(),
        action=action,
        actor=actor or uuid7(),
        outcome=outcome,
        resource=Resource(type="route", id=uuid7()),
        request=request,
        parts=(Part(name="call", subject=None, content={"bytes": 12}),),
    )
    return seal(event, time=time, keys=keys)


def pending(count: int) -> list[Pending]:
    return [Pending(a_record(), "gateway") for _ in range(count)]


def id_of(record: Record) -> UUID:
    return UUID(str(record.head_fields["id"]))


TABLES = (models.entry, models.body)
