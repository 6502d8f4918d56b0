"""Producers that end say so, those that do not are told; what they count is compared; clocks are judged."""

import os
from pathlib import Path
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from audit import canonical
from audit.checks.census import Census
from audit.event import Outcome
from audit.fold import CallOutcome
from audit.reader import LogReader
from audit.record import Record
from audit.sequencer import Sequencer
from audit.spool.files import is_damaged, spool_path
from audit.spool.lives import SpoolLives
from audit.spool.room import used_share
from audit.spool.writer import SpoolUnavailableError, SpoolWriter
from tests.audit.log_store import START, Store, a_record

DONE = CallOutcome(outcome=Outcome.SUCCESS, ended=START + 1).to_bytes()
HOUR = 3_600


async def heads(store: Store, *actions: str) -> list[dict[str, object]]:
    found = [canonical.decode_map(one.head) for one in await LogReader(store.engine).entries(range(1, 9_999))]
    return [head for head in found if not actions or head["action"] in actions]


async def passes(sequencer: Sequencer, times: int = 3) -> None:
    for _ in range(times):
        await sequencer.run_once()


def lives(store: Store) -> SpoolLives:
    return SpoolLives(store.spools, "gateway", store.clock)


def route_of(record: Record) -> UUID:
    resource = record.head_fields["resource"]
    assert isinstance(resource, dict)
    return UUID(resource["id"])


async def call(writer: SpoolWriter, record: Record, *, open_still: bool = False) -> None:
    number = await writer.append_durable(record.to_bytes())
    if not open_still:
        writer.append_outcome(number, DONE)


def census(writer: SpoolWriter, route: UUID | None, admitted: int, total: int | None = None) -> None:
    said = Census(
        route=route,
        admitted=admitted,
        refused=0,
        total=admitted if total is None else total,
        numbers=range(writer.ordinal),
        until="until:2027-01-15T08:01:00.000000Z",
    )
    writer.append(said.to_record(START).to_bytes(), "entry")


async def test_a_life_begins_and_ends_with_an_entry_that_names_nobody(store: Store) -> None:
    sequencer, spool = store.sequencer(await store.begin()), lives(store)
    spool.writer()
    await spool.close()
    await passes(sequencer)
    opened, closed = await heads(store)
    assert (opened["action"], closed["action"]) == ("producer.open", "producer.close")
    assert [flag.partition(":")[0] for flag in opened["flags"]] == ["boot", "host", "pid"]  # type: ignore[attr-defined]
    assert os.uname().nodename not in str(opened)


async def test_a_producer_that_never_said_it_ended_is_told_as_lost(store: Store) -> None:
    sequencer, spool = store.sequencer(await store.begin()), lives(store)
    producer = spool.writer().producer
    await spool.abandon()
    await passes(sequencer)
    (lost,) = await heads(store, "producer.lost")
    assert lost["reasons"] == ["no_close", "census_unknown"]
    assert lost["flags"] == [f"producer:{producer}"]


async def test_files_that_are_gone_for_good_are_told(store: Store) -> None:
    sequencer, spool = store.sequencer(await store.begin()), lives(store)
    spool.writer()
    await passes(sequencer)
    for path in store.spools.iterdir():
        path.unlink()
    await passes(sequencer)
    assert await heads(store, "producer.lost") == []
    store.clock.pass_seconds(61)
    await passes(sequencer)
    (lost,) = await heads(store, "producer.lost")
    assert lost["reasons"] == ["spool_missing"]
    await spool.abandon()


async def test_a_live_spool_found_damaged_takes_no_more(store: Store) -> None:
    sequencer, spool = store.sequencer(await store.begin()), lives(store)
    writer = spool.writer()
    for _ in range(3):
        await call(writer, a_record())
    path = spool_path(store.spools, writer.producer, 0)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    await passes(sequencer)
    assert is_damaged(store.spools, writer.producer)
    with pytest.raises(SpoolUnavailableError, match="damaged"):
        spool.writer()
    assert spool.broken == "the worker found it damaged"
    assert any("spool_corrupt" in str(head["reasons"]) for head in await heads(store, "producer.lost"))
    await spool.abandon()


async def test_a_census_that_agrees_and_one_that_does_not(store: Store) -> None:
    sequencer, spool = store.sequencer(await store.begin()), lives(store)
    writer, called = spool.writer(), a_record()
    await call(writer, called)
    census(writer, route_of(called), 1)
    await call(writer, a_record())
    census(writer, route_of(called), 2, total=3)
    await passes(sequencer)
    same, other = await heads(store, "census.record")
    assert (same["outcome"], same["number"]) == ("success", 2)
    assert same["reasons"] == ["entries:1", "entries_total:1", "admitted:1", "refused:0", "total:1"]
    assert other["outcome"] == "failure"
    assert other["reasons"][:3] == ["census_differs", "entries:1", "entries_total:2"]  # type: ignore[index]
    await spool.close()


async def test_calls_still_open_are_counted_and_so_are_those_logged_before(store: Store) -> None:
    sequencer, spool = store.sequencer(await store.begin()), lives(store)
    writer, called = spool.writer(), a_record()
    await call(writer, called)
    await passes(sequencer, 1)
    await call(writer, a_record(), open_still=True)
    await passes(sequencer, 1)
    await call(writer, a_record(), open_still=True)
    census(writer, route_of(called), 1, total=3)
    await passes(store.sequencer(sequencer._log))
    (answer,) = await heads(store, "census.record")
    assert (answer["outcome"], answer["reasons"][1]) == ("success", "entries_total:3")  # type: ignore[index]
    await spool.abandon()


async def test_a_route_that_nobody_counted_makes_a_difference(store: Store) -> None:
    sequencer, spool = store.sequencer(await store.begin()), lives(store)
    writer = spool.writer()
    await call(writer, a_record())
    census(writer, uuid7(), 0, total=0)
    await passes(sequencer)
    (answer,) = await heads(store, "census.record")
    assert answer["outcome"] == "failure"
    await spool.close()


@pytest.mark.parametrize(
    ("off", "told"), [(HOUR, "ahead:3600"), (-HOUR, "behind:3600"), (-5, "backwards:5"), (5, None)]
)
async def test_a_clock_that_steps_is_told_once_an_hour(store: Store, off: int, told: str | None) -> None:
    sequencer, spool = store.sequencer(await store.begin()), lives(store)
    await call(spool.writer(), a_record())
    await passes(sequencer)
    for _ in range(3):
        await call(spool.writer(), a_record(time=START + off * 1_000_000))
        await passes(sequencer)
    skew = await heads(store, "clock.skew")
    assert [head["reasons"] for head in skew] == ([[told]] if told else [])
    store.clock.pass_seconds(HOUR + 1)
    await call(spool.writer(), a_record(time=store.clock() + off * 1_000_000))
    await passes(sequencer)
    await call(spool.writer(), a_record(time=store.clock() + off * 2_000_000))
    await passes(sequencer)
    assert len(await heads(store, "clock.skew")) == (2 if told else 0)
    await spool.close()


@pytest.mark.parametrize("step", [-HOUR, HOUR])
async def test_the_workers_own_clock_may_step_and_everything_is_still_signed(store: Store, step: int) -> None:
    sequencer, spool = store.sequencer(await store.begin()), lives(store)
    for _ in range(2):
        await call(spool.writer(), a_record())
        await passes(sequencer)
        store.clock.pass_seconds(step)
    signed = await LogReader(store.engine).latest_checkpoint()
    assert signed is not None
    assert signed.size == await LogReader(store.engine).size()
    await spool.close()


async def test_records_that_waited_for_a_worker_are_not_late(store: Store) -> None:
    spool = lives(store)
    await call(spool.writer(), a_record())
    store.clock.pass_seconds(HOUR)
    await passes(store.sequencer(await store.begin()))
    assert await heads(store, "clock.skew") == []
    await spool.close()


async def test_a_life_that_broke_is_followed_by_another(store: Store) -> None:
    sequencer, spool = store.sequencer(await store.begin()), lives(store)
    first = spool.writer()
    await call(first, a_record())
    first.broken = "fdatasync failed"
    second = spool.writer()
    assert second.producer != first.producer
    assert spool.broken is None
    await call(second, a_record())
    await spool.close()
    await passes(sequencer, 5)
    assert len(await heads(store, "model.invoke")) == 2
    (lost,) = await heads(store, "producer.lost")
    assert lost["flags"] == [f"producer:{first.producer}"]


def test_room_is_what_is_used_of_the_limit(tmp_path: Path) -> None:
    assert used_share(tmp_path / "none", 100) == 0.0
    (tmp_path / "a.spool").write_bytes(b"x" * 85)
    assert used_share(tmp_path, 100) == 0.85
