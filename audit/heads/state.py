"""How each keeper, witness and authority does, kept in the log's database for whoever looks after it."""

from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from audit.database import for_writing
from audit.models import keeper_state


@dataclass(frozen=True, slots=True)
class KeeperState:
    """What the worker last saw of one of them.

    Attributes:
        size: the largest checkpoint it is known to hold.
        trouble: one sentence, None while all is well.
        succeeded: when it last did what was asked, microseconds UTC; None for never.
        updated: when the worker last wrote this.
    """

    name: str
    kind: str
    size: int | None
    trouble: str | None
    succeeded: int | None
    updated: int


async def read_states(engine: AsyncEngine) -> list[KeeperState]:
    """Return all states, by kind and name."""
    async with engine.connect() as connection:
        rows = await connection.execute(sa.select(keeper_state).order_by("kind", "name"))
        return [KeeperState(**row) for row in rows.mappings()]


async def keep_states(engine: AsyncEngine, names: Collection[str]) -> None:
    """Forget all states but those called ``names``, at a start: the others are not attended to any more."""
    async with for_writing(engine).begin() as connection:
        await connection.execute(keeper_state.delete().where(keeper_state.c.name.not_in(names)))


async def write_state(
    engine: AsyncEngine,
    name: str,
    kind: str,
    now: int,
    *,
    size: int | None = None,
    trouble: str | None = None,
) -> None:
    """Keep what happened now: success when there is no ``trouble``."""
    fields: dict[str, object] = {"kind": kind, "trouble": trouble, "updated": now}
    fields |= {"succeeded": now} if trouble is None else {}
    fields |= {"size": size} if size is not None else {}
    async with for_writing(engine).begin() as connection:
        changed = keeper_state.update().where(keeper_state.c.name == name).values(**fields)
        if (await connection.execute(changed)).rowcount == 0:
            await connection.execute(keeper_state.insert().values(name=name, **fields))
