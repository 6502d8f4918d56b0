import random
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa

from audit.checkpoints.checkpoint import verify_checkpoint
from audit.checks.patrol import Patrol, Report, tamper_record
from audit.checks.rowcheck import Fault
from audit.checks.selfcheck import SelfCheck
from audit.models import body, entry
from tests.audit.exports import grow
from tests.audit.log_store import Store

pytestmark = pytest.mark.slow  # each log is of three chunks

SIZE = 600
OTHER_OUTCOME = """
UPDATE entry SET head = CAST(replace(CAST(head AS TEXT), 'success', 'failure') AS BLOB) WHERE [index] = 300
"""
TRIGGERS = "SELECT name FROM sqlite_master WHERE type = 'trigger'"


@pytest.fixture
async def check(store: Store) -> SelfCheck:
    log = await store.begin()
    await grow(store, log, SIZE - 1)
    believe = partial(verify_checkpoint, vkey=store.signer.vkey)
    return SelfCheck(store.engine, believe, store.keys.find_all)


async def faults_of(check: SelfCheck) -> list[Fault]:
    found = [await check.check_tree()]
    found += [await check.check_chunk(number) for number in range(await check.count_chunks())]
    return [one for one in found if one is not None]


async def alter(store: Store, *statements: str) -> None:
    """Do as a database administrator can: drop the triggers, then change what is stored."""
    async with store.engine.begin() as connection:
        for name in (await connection.exec_driver_sql(TRIGGERS)).scalars().all():
            await connection.exec_driver_sql(f"DROP TRIGGER {name}")
        for statement in statements:
            await connection.exec_driver_sql(statement)


async def test_a_log_that_nobody_touched_has_no_fault(check: SelfCheck) -> None:
    assert await faults_of(check) == []


async def test_a_log_that_has_not_begun_has_none_either(store: Store) -> None:
    assert await faults_of(SelfCheck(store.engine, lambda note: pytest.fail(str(note)))) == []


@pytest.mark.parametrize(
    ("statement", "reasons"),
    [
        (OTHER_OUTCOME, ["entry_changed:300"]),
        ("UPDATE entry SET outcome = 'denied' WHERE [index] = 7", ["row_changed:7"]),
        ("UPDATE entry SET actor = NULL WHERE [index] = 9", ["row_changed:9"]),
        ("UPDATE entry SET time = time + 1 WHERE [index] = 9", ["row_changed:9"]),
        ("UPDATE entry SET leaf = zeroblob(32) WHERE [index] = 9", ["row_changed:9"]),
        ("DELETE FROM entry WHERE [index] = 300", ["entry_missing:300"]),
        ("DELETE FROM entry WHERE [index] = 599", ["entry_missing:599"] * 2),
        ("UPDATE entry SET [index] = 600 WHERE [index] = 10", ["entry_beyond:600", "entry_missing:10"]),
        ("DELETE FROM body WHERE [index] = 12", ["body_missing:12"]),
        ("UPDATE body SET parts = CAST('[]' AS BLOB) WHERE [index] = 12", ["body_changed:12"]),
        ("UPDATE body SET parts = CAST('[' AS BLOB) WHERE [index] = 12", ["body_changed:12"]),
        ("UPDATE tile SET hashes = zeroblob(8192) WHERE level = 0 AND number = 1", ["entry_changed:256"]),
        ("UPDATE log_head SET frontier = zeroblob(length(frontier))", ["frontier_changed"]),
        ("DELETE FROM tile WHERE level = 1", ["tile_missing", "tile_changed:0", "tile_changed:256"]),
        ("UPDATE checkpoint SET note = replace(note, '600', '599')", ["checkpoint_changed"]),
    ],
)  # fmt: skip
async def test_each_change_is_named(
    store: Store, check: SelfCheck, statement: str, reasons: list[str]
) -> None:
    await alter(store, statement)
    assert [fault.reason for fault in await faults_of(check)] == reasons


async def test_a_log_that_was_cut_with_everything_else_in_step_is_found_by_its_checkpoint(
    store: Store, check: SelfCheck
) -> None:
    head = sa.text("SELECT size, frontier FROM log_head")
    async with store.engine.connect() as connection:
        size, frontier = (await connection.execute(head)).one()
    log = store.log()
    await log.take_epoch()
    await grow(store, log, 30)
    async with store.engine.begin() as connection:
        await connection.execute(
            sa.text("UPDATE log_head SET size = :size, frontier = :frontier"),
            {"size": size, "frontier": frontier},
        )
    await alter(store, "DELETE FROM entry WHERE [index] >= 600")
    found = [fault.reason for fault in await faults_of(check)]
    assert found == ["log_cut:600"]


@pytest.mark.parametrize("column", [entry.c.head, body.c.parts])
async def test_every_flipped_bit_of_a_head_or_a_body_names_its_entry(
    store: Store, check: SelfCheck, column: sa.Column[bytes]
) -> None:
    chance = random.Random(4)  # noqa: S311 -- the same flips in every run
    await alter(store)
    for _ in range(15):
        index = chance.randrange(1, SIZE)
        good = await swap(store, column, index, partial(flip, chance))
        (fault,) = await faults_of(check)
        assert fault.index == index, fault
        await swap(store, column, index, partial(put_back, good))
    assert await faults_of(check) == []


async def test_vacuum_changes_nothing(store: Store, check: SelfCheck) -> None:
    async with store.engine.connect() as connection:
        autocommit = await connection.execution_options(isolation_level="AUTOCOMMIT")
        driver = (await autocommit.get_raw_connection()).driver_connection
        assert driver is not None
        await driver.execute("VACUUM")
    assert await faults_of(check) == []


async def test_the_patrol_finds_what_is_old_and_tells_it_once(store: Store, check: SelfCheck) -> None:
    await alter(store, "DELETE FROM entry WHERE [index] = 30")
    told: list[str] = []
    patrol = Patrol(check, telling(told))
    for _ in range(2 * (await check.count_chunks() + 1)):
        await patrol.step()
    assert told == ["entry_missing:30"]


async def test_the_patrol_looks_at_the_tail_first(store: Store, check: SelfCheck) -> None:
    await alter(store, "DELETE FROM entry WHERE [index] = 599")
    told: list[str] = []
    await Patrol(check, telling(told)).look_at_tail()
    assert told == ["entry_missing:599"]


def telling(told: list[str]) -> Report:
    async def tell(fault: Fault) -> None:
        told.append(fault.reason)

    return tell


def test_the_same_fault_is_told_under_the_same_id() -> None:
    first, other = Fault("entry_missing", 3, "."), Fault("entry_missing", 4, ".")
    ids = {str(tamper_record(fault, now).head_fields["id"]) for fault in (first, first) for now in (1, 2)}
    assert len(ids) == 1
    assert str(tamper_record(other, 1).head_fields["id"]) not in ids


def put_back(good: bytes, _: bytes) -> bytes:
    return good


def flip(chance: random.Random, data: bytes) -> bytes:
    """Return the bytes with one bit changed."""
    flipped = bytearray(data)
    flipped[chance.randrange(len(flipped))] ^= 1 << chance.randrange(8)
    return bytes(flipped)


async def swap(store: Store, column: sa.Column[bytes], index: int, change: Callable[[bytes], bytes]) -> bytes:
    """Change what a column holds for an entry; return what it held."""
    where = column.table.c.index == index
    async with store.engine.begin() as connection:
        held = bytes((await connection.execute(sa.select(column).where(where))).scalar_one())
        await connection.execute(sa.update(column.table).where(where).values({column: change(held)}))
    return held


@pytest.mark.real
async def test_a_superuser_of_postgresql_is_noticed_too(
    postgres_database: Callable[[], str], tmp_path: Path
) -> None:
    url = postgres_database()
    store = await Store.open(tmp_path, url, url)
    await grow(store, await store.begin(), 299)
    check = SelfCheck(store.engine, partial(verify_checkpoint, vkey=store.signer.vkey), store.keys.find_all)
    assert await faults_of(check) == []
    async with store.engine.begin() as connection:
        for statement in (
            "ALTER TABLE entry DISABLE TRIGGER entry_append_only",
            "UPDATE entry SET outcome = 'denied' WHERE index = 290",
            "DELETE FROM body WHERE index = 7",
        ):
            await connection.exec_driver_sql(statement)
    assert [fault.reason for fault in await faults_of(check)] == ["body_missing:7", "row_changed:290"]
    await store.close()
