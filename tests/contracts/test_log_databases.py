"""What reads the log answers alike on SQLite and on PostgreSQL: queries, cursors, followers."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from audit.following.alarm import clear, raise_alarm
from audit.following.shipper import Shipper
from audit.query import parse, select_entries
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
from tests.audit.sinks.entries import ACTOR, ORIGIN, START, make_act
from tests.audit.sinks.signed_log import SignedLog, open_log_at

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
