"""A log for tests of followers: real tables by migration, entries put in by hand."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from audit.database import create_log_engine, for_writing
from audit.models import checkpoint, entry
from audit.sinks import Shipment
from console.migrate import upgrade
from tests.audit.sinks.entries import START, make_entries


@dataclass
class SignedLog:
    """Grows by entries and, apart, by checkpoints over them."""

    engine: AsyncEngine
    size: int = 0

    async def grow(self, number: int, *, signed: bool = True) -> None:
        """Append entries, and sign them unless told not to."""
        await self.put(make_entries(self.size, self.size + number))
        if signed:
            await self.sign()

    async def put(self, entries: Sequence[Shipment]) -> None:
        async with for_writing(self.engine).begin() as connection:
            await connection.execute(sa.insert(entry), [row(one) for one in entries])
        self.size = entries[-1].index + 1

    async def sign(self) -> None:
        async with for_writing(self.engine).begin() as connection:
            await connection.execute(sa.insert(checkpoint).values(size=self.size, note="", time=START))


@asynccontextmanager
async def open_log(folder: Path) -> AsyncIterator[SignedLog]:
    async with open_log_at(f"sqlite+aiosqlite:///{folder / 'log.db'}") as opened:
        yield opened


@asynccontextmanager
async def open_log_at(url: str) -> AsyncIterator[SignedLog]:
    engine = create_log_engine(url)
    await upgrade(engine, "log")
    yield SignedLog(engine)
    await engine.dispose()


def row(one: Shipment) -> dict[str, object]:
    fields = orjson.loads(one.head) if one.head.startswith(b"{") else {}
    return {
        "index": one.index,
        "id": UUID(fields["id"]) if "id" in fields else UUID(int=one.index),
        "time": START + one.index,
        "action": fields.get("action", "none.none"),
        "outcome": fields.get("outcome", "unknown"),
        "actor": UUID(fields["actor"]) if "actor" in fields else None,
        "producer": "gateway-1",
        "number": one.index,
        "retention": "invoke",
        "head": one.head,
        "leaf": one.leaf,
    }
