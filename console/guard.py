"""The stored log under guard: the worker's patrol tells what it finds; health page and doctor look again."""

from functools import partial
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from audit import outbox
from audit.checkpoints.key_history import trust_of
from audit.checkpoints.trust import Trust
from audit.checks.patrol import TAIL_CHUNKS, Patrol, tamper_record
from audit.checks.rowcheck import Fault
from audit.checks.selfcheck import SelfCheck
from audit.events import Action
from audit.head import Head
from audit.models import entry
from audit.tree.tiles import TILE_WIDTH
from console.clock import MICROSECONDS
from console.services import Services

MOST_LOOKED_AT = 20


async def make_check(services: Services, vkey: str) -> SelfCheck:
    """Return the check of the stored log: it believes the key `vkey`, and those before it for their sizes.

    A log that names another key than `vkey` as its last is not asked for the former ones.
    """
    history = await services.log.key_history()
    goes_on = bool(history) and history[-1].vkey == vkey
    trust = trust_of(history) if goes_on else Trust.of_keys([vkey])
    believe = partial(trust.check, now=services.clock() // MICROSECONDS, whole=False)
    return SelfCheck(services.log.engine, believe, services.keys.find_all)


async def make_patrol(services: Services, vkey: str) -> Patrol:
    """Return the worker's patrol, whose findings become entries."""
    return Patrol(await make_check(services, vkey), partial(tell, services))


async def tell(services: Services, fault: Fault) -> None:
    """Let the log tell of a fault, once: one that it tells of already is left at that."""
    record = tamper_record(fault, services.clock())
    told = sa.select(entry.c.index).where(entry.c.action == str(Action.LOG_TAMPER))
    async with services.log.engine.connect() as connection:
        known = await connection.scalar(told.where(entry.c.id == UUID(str(record.head_fields["id"]))))
    if known is None:
        try:
            async with services.database.write() as session:
                await outbox.append(session, record)
        except IntegrityError:
            return  # it waits for the log already


async def standing_faults(services: Services) -> list[Fault]:
    """Return what is wrong now: with the tree, the newest entries, and where faults were told of before."""
    path = services.settings.data / "keys" / "log.vkey"
    if not path.exists():
        return []
    check = await make_check(services, path.read_text("utf-8").strip())
    count = await check.count_chunks()
    chunks = {*range(max(0, count - TAIL_CHUNKS), count), *await _told_chunks(services)}
    found = [await check.check_tree(), *[await check.check_chunk(number) for number in sorted(chunks)]]
    return list({fault.reason: fault for fault in found if fault is not None}.values())


async def _told_chunks(services: Services) -> set[int]:
    told = sa.select(entry.c.head).where(entry.c.action == str(Action.LOG_TAMPER))
    async with services.log.engine.connect() as connection:
        heads = (
            await connection.execute(told.order_by(entry.c.index.desc()).limit(MOST_LOOKED_AT))
        ).scalars()
        reasons = [reason for head in heads for reason in Head.parse(bytes(head)).reasons]
    indexes = [reason.partition(":")[2] for reason in reasons]
    return {int(index) // TILE_WIDTH for index in indexes if index}
