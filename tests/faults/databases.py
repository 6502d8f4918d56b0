"""The databases of an installation while nothing runs: copied, put back, and searched byte by byte."""

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from tests.real.postgres import PostgresServer

KEPT = ("guildhall.db", "keys/subject.db")


class Databases(Protocol):
    """Where an installation's databases lie: copied and put back while nothing runs, and searched."""

    @property
    def urls(self) -> dict[str, str]:
        """The settings under `database`."""
        ...

    async def keep(self) -> None:
        """Copy the main database and the key store."""
        ...

    async def put_back(self) -> None:
        """Put the copies in the place of both."""
        ...

    async def places(self) -> list[Path]:
        """Return the folders and files of all databases that are in use."""
        ...


@dataclass
class SqliteFiles:
    """Files in the data folder."""

    data: Path
    urls: dict[str, str] = field(default_factory=dict)

    async def keep(self) -> None:
        for name in KEPT:
            self._copy(self.data / name, self.data.parent / "backup" / name)

    async def put_back(self) -> None:
        for name in KEPT:
            for beside in ("-wal", "-shm"):
                (self.data / f"{name}{beside}").unlink(missing_ok=True)
            self._copy(self.data.parent / "backup" / name, self.data / name)

    async def places(self) -> list[Path]:
        return []

    def _copy(self, source: Path, target: Path) -> None:
        target.parent.mkdir(exist_ok=True, parents=True)
        shutil.copy(source, target)


@dataclass
class PostgresDatabases:
    """Three databases of one server: records, log, keys."""

    server: PostgresServer
    urls: dict[str, str]

    async def keep(self) -> None:
        for name in self._kept():
            await self._run(f"CREATE DATABASE {name}_copy TEMPLATE {name}")

    async def put_back(self) -> None:
        for name in self._kept():
            await self._run(f"DROP DATABASE {name}")
            await self._run(f"CREATE DATABASE {name} TEMPLATE {name}_copy")

    async def places(self) -> list[Path]:
        own = {urlsplit(url).path[1:] for url in self.urls.values()}
        known = await self._run("SELECT datname || ' ' || oid FROM pg_database")
        await self._run("CHECKPOINT")
        numbers = [number for name, number in (one.split() for one in known) if name in own]
        return [self.server.folder / "data" / "base" / number for number in numbers]

    def _kept(self) -> list[str]:
        return [urlsplit(self.urls[name]).path[1:] for name in ("url", "keys_url")]

    async def _run(self, statement: str) -> list[Any]:
        base = self.urls["url"].rpartition("/")[0]
        engine = create_async_engine(f"{base}/postgres", isolation_level="AUTOCOMMIT")
        async with engine.connect() as connection:
            done = await connection.execute(sa.text(statement))
            rows = list(done.scalars()) if done.returns_rows else []
        await engine.dispose()
        return rows
