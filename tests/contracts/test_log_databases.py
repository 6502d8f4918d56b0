"""What reads the log answers alike on SQLite and on PostgreSQL: queries, cursors, followers."""

import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Literal
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from audit.database import for_writing
from audit.following.alarm import clear, raise_alarm
from audit.following.shipper import Shipper
from audit.models import entry
from audit.query import condition, parse, select_entries
from audit.sinks.cursor import (
    Lag,
    Position,
    State,
    Watermark,
    read_lag,
    read_position,
    read_watermark,
    write_position,
)
from audit.sinks.file import FileSink
from console.trail.queries import Sorting, page_of
from tests.audit.sinks.entries import ACTOR, ORIGIN, START, make_act, make_entries
from tests.audit.sinks.signed_log import SignedLog, open_log_at, row

KINDS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.real)]


@pytest.fixture
def sqlite(tmp_path: Path) -> str:
    return f"sqlite+aiosqlite:///{tmp_path / 'log.db'}"


@pytest.fixture
def postgresql(postgres_database: Callable[[], str]) -> str:
    return postgres_database()


@pytest.fixture(params=KINDS)
async def log(request: pytest.FixtureRequest) -> AsyncIterator[SignedLog]:
    async with open_log_at(request.getfixturevalue(request.param)) as opened:
        await opened.grow(30)
        yield opened


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", range(30)),
        ("outcome:success", range(0, 30, 3)),
        (f"actor:{ACTOR} action:model.* index:7", [7]),
        ("action:modelx* outcome:denied", []),
        ("action:model_*", []),
        ("producer:gateway-1 outcome:unknown", []),
    ],
)
async def test_a_query_finds_the_same(log: SignedLog, text: str, expected: list[int]) -> None:
    async with log.engine.connect() as connection:
        rows = (await connection.execute(select_entries(parse(text), limit=100))).mappings().all()
    assert [row["index"] for row in rows] == sorted(expected, reverse=True)


RARE = UUID(int=0x77)
LARGE = 4_000
KEYS = {
    "time": ("time:2026-09-21T14:13:20.001000Z..2026-09-21T14:13:20.001050Z", "ix_entry_time"),
    "actor": (f"actor:{RARE}", "ix_entry_actor"),
    "action": ("action:grant.revoke", "ix_entry_action"),
    "resource": (f"resource:{RARE}", "ix_entry_resource"),
    "decision": (f"decision:{RARE}", "ix_entry_decision"),
    "request": (f"request:{RARE}", "ix_entry_request"),
}


@pytest.fixture
async def large(log: SignedLog) -> SignedLog:
    """The log with thousands of entries, few of them of what is asked for."""
    rows = []
    for one in make_entries(30, LARGE):
        rare = one.index % 400 == 0
        named = {name: RARE if rare else uuid4() for name in ("actor", "resource_id", "decision", "request")}
        rows.append(row(one) | named | {"action": "grant.revoke" if rare else "model.invoke"})
    async with for_writing(log.engine).begin() as connection:
        await connection.execute(sa.insert(entry), rows)
        if log.engine.dialect.name == "postgresql":
            await connection.exec_driver_sql("ANALYZE")
    return log


@pytest.mark.parametrize("order", ["newest", "oldest"])
@pytest.mark.parametrize("key", KEYS)
async def test_each_key_is_answered_by_its_index_page_after_page(
    large: SignedLog, key: str, order: Literal["newest", "oldest"]
) -> None:
    text, index = KEYS[key]
    matching = sa.and_(*(condition(term) for term in parse(text)))
    after, found = None, list[int]()
    while True:
        page = page_of(matching, Sorting(order, by_time=key == "time"), after, 4)
        told = await plan(large, page)
        assert index in told, told
        # Neither all entries nor all that match are looked at for one page.
        assert not re.search(r"Seq Scan|SCAN entry(?! USING INDEX)|TEMP B-TREE", told), told
        async with large.engine.connect() as connection:
            rows = (await connection.execute(page)).all()
        found += [one.index for one in rows]
        if len(rows) < 4:
            break
        after = found[-1]
    expected = range(1_000, 1_051) if key == "time" else range(400, LARGE, 400)
    assert found == sorted(expected, reverse=order == "newest")


async def plan(log: SignedLog, statement: sa.Select[Any]) -> str:
    """How the database will answer."""
    dialect = log.engine.dialect
    text = str(statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
    asked = "EXPLAIN QUERY PLAN" if dialect.name == "sqlite" else "EXPLAIN"
    async with log.engine.connect() as connection:
        rows = (await connection.exec_driver_sql(f"{asked} {text}")).all()
    return "\n".join(str(one[-1]) for one in rows)


async def test_a_cursor_is_stored_changed_and_cleared(log: SignedLog) -> None:
    assert await read_position(log.engine, "file") == Position()
    for position in (Position(4), Position(9, State.ALARM, "Something."), Position(2)):
        await write_position(log.engine, "file", position, START)
        assert await read_position(log.engine, "file") == position
    alarm = raise_alarm(Position(9), "Something.", 30)
    await write_position(log.engine, "file", alarm, START)
    assert (await read_position(log.engine, "file")).alarm_at == 30
    assert await clear(log.engine, "file", alarm) == alarm
    await log.put([make_act(30, "sink.update", "clear:file")])
    assert await clear(log.engine, "file", alarm) == Position(9)
    await write_position(log.engine, "file", Position(9), START)
    await log.sign()
    assert await read_watermark(log.engine, "file") == Watermark(9, None)
    await write_position(log.engine, "file", Position(30), START)
    assert await read_watermark(log.engine, "file") == Watermark(30, START)
    await write_position(log.engine, "file", Position(9), START)
    assert await read_lag(log.engine, "file", START + 19) == Lag(22, 10)


async def test_a_sink_follows_to_the_end(log: SignedLog, tmp_path: Path) -> None:
    sink = FileSink(tmp_path / "audit.ndjson", origin=ORIGIN)
    shipper = Shipper(log.engine, sink, lambda: START, batch=20)
    assert [(await shipper.ship()).acknowledged for _ in range(3)] == [20, 10, 0]
    assert await sink.indexes(0, 100) == list(range(30))
    assert await shipper.lag() == Lag(0, 0)
