"""Stored entries that somebody changed: told in the log, red on the health page and for the doctor."""

import asyncio
from collections.abc import Iterable

import pytest
import sqlalchemy as sa

from audit import models, outbox
from audit.checkpoints.checkpoint import Checkpoint, FileSigner, sign_checkpoint
from audit.event import Event
from audit.events import Action
from audit.head import Head
from audit.lease import choose_lease
from audit.log import Log
from audit.record import seal
from audit.subjects.keyring import MemoryKeyRing
from audit.tree.merkle import root
from console.doctor import Finding, examine
from console.guard import make_patrol, standing_faults
from console.log_care import rotate_key
from console.services import Services
from console.worker import ensure_log
from tests.console.gateway.records import Worker
from tests.console.visitor import visit
from tests.patience import PATIENCE

pytestmark = pytest.mark.slow  # logs, signs and looks at it all

CHANGED = "UPDATE entry SET outcome = 'denied' WHERE [index] = 3"
MENDED = "UPDATE entry SET outcome = 'success' WHERE [index] = 3"
SENTENCE = "The row of entry 3 says something else than its head: outcome."


@pytest.fixture
async def signer(services: Services) -> FileSigner:
    """A log with a few acts in it, signed by the key that is returned."""
    settings, engine = services.settings, services.log.engine
    await ensure_log(choose_lease(engine, settings.data / "log.lock"), Log(engine), services)
    signer = FileSigner.load_or_create(settings.data / "keys" / "log.key", settings.audit.origin)
    async with services.database.write() as session:
        for _ in range(5):
            act = Event(action=Action.SESSION_END, actor=None)
            await outbox.append(session, seal(act, time=services.clock(), keys=MemoryKeyRing()))
    await Worker(services).drain()
    return signer


async def change(services: Services, statement: str) -> None:
    async with services.log.engine.begin() as connection:
        await connection.exec_driver_sql("DROP TRIGGER IF EXISTS entry_refuse_update")
        await connection.exec_driver_sql(statement)


async def patrol_once(services: Services, signer: FileSigner) -> None:
    """A worker starts, looks, and logs what it found."""
    await (await make_patrol(services, signer.vkey)).look_at_tail()
    await Worker(services).drain()


async def told(services: Services) -> list[tuple[str, ...]]:
    entries = await services.log.entries(range(await services.log.size()))
    heads = [Head.parse(one.head) for one in entries]
    return [head.reasons for head in heads if head.action == Action.LOG_TAMPER]


def ill(findings: Iterable[Finding]) -> dict[str, str]:
    return {one.name: one.sentence for one in findings if not one.ok and one.name == "entries"}


async def test_nothing_is_told_of_a_log_that_nobody_touched(services: Services, signer: FileSigner) -> None:
    await patrol_once(services, signer)
    assert (await told(services), await standing_faults(services)) == ([], [])
    assert ill(await examine(services.settings)) == {}


async def test_a_changed_row_is_told_once_over_all_starts(services: Services, signer: FileSigner) -> None:
    await change(services, CHANGED)
    for _ in range(3):
        await patrol_once(services, signer)
    assert await told(services) == [("row_changed:3",)]
    assert ill(await examine(services.settings)) == {"entries": SENTENCE}


async def test_two_workers_in_turn_that_cannot_log_leave_one_record(
    services: Services, signer: FileSigner
) -> None:
    await change(services, CHANGED)
    for _ in range(2):
        await (await make_patrol(services, signer.vkey)).look_at_tail()
    async with services.database.read() as session:
        assert len(await outbox.take(session, 10)) == 1


async def test_what_was_mended_is_well_again_and_the_log_still_tells(
    services: Services, signer: FileSigner
) -> None:
    await change(services, CHANGED)
    await patrol_once(services, signer)
    await change(services, MENDED)
    assert (await standing_faults(services), await told(services)) == ([], [("row_changed:3",)])


async def test_the_health_page_says_it(services: Services, signer: FileSigner, teams: object) -> None:
    await change(services, CHANGED)
    admin = visit(services)
    await admin.sign_in("admin")
    page = (await admin.client.get("/admin")).text
    assert "Stored entries are not as they were signed" in page
    assert SENTENCE in page


async def test_the_patrol_ends_when_it_is_told_to(services: Services, signer: FileSigner) -> None:
    stop = asyncio.Event()
    patrol = await make_patrol(services, signer.vkey)
    patrolling = asyncio.create_task(patrol.run(stop))
    stop.set()
    await asyncio.wait_for(patrolling, PATIENCE)


async def test_a_changed_key_is_no_tampering(services: Services, signer: FileSigner) -> None:
    for _ in range(2):
        period = await rotate_key(services.settings, overlap_days=0, lost=False)
        assert await standing_faults(services) == []
        await (await make_patrol(services, period.vkey)).look_at_tail()
    async with services.database.read() as session:
        assert await outbox.take(session, 10) == []


async def test_a_former_key_counts_for_the_past_only(services: Services, signer: FileSigner) -> None:
    await rotate_key(services.settings, overlap_days=0, lost=False)
    size = await services.log.size()
    entries = await services.log.entries(range(size))
    forged = sign_checkpoint(
        Checkpoint(services.settings.audit.origin, size, root(one.leaf for one in entries)), signer
    )
    async with services.log.engine.begin() as connection:
        await connection.exec_driver_sql("DROP TRIGGER checkpoint_refuse_update")
        newest = sa.update(models.checkpoint).where(models.checkpoint.c.size == size)
        await connection.execute(newest.values(note=forged.decode()))
    assert [fault.reason for fault in await standing_faults(services)] == ["checkpoint_changed"]
