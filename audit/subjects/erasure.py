"""Erases a subject: the key that opens what the log says of them is destroyed, for good and in every copy.

The act itself is an entry, ``subject.erase``, which the caller commits first, in the transaction that erases
its own rows: no record, no action. Then the register, then the key. An end in between is caught up with,
because the log (or the outbox on the way there) tells what was decided: see :func:`told_by_log`.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from audit.events import Action
from audit.head import Head, parse_time
from audit.models import Outbox, entry
from audit.record import Record
from audit.subjects.register import Erasure, ErasureRegister
from audit.subjects.subject_keys import KeyStore

_ACTION = Action.SUBJECT_ERASE.value
_NEEDLE = f'"action":"{_ACTION}"'.encode()


async def erase_subjects(store: KeyStore, register: ErasureRegister, erasures: Sequence[Erasure]) -> int:
    """Write the erasures down beside the remembered head, then destroy the keys; may be done again.

    Returns:
        How many keys were still there; more than none also says that the stores must be swept.

    Raises:
        RegisterError: the register was altered.
        KeyStoreError: the store does not answer; the register holds what is still to do.
    """
    register.add(erasures)
    known = {one.subject: one.time for one in register.read()}
    if known.keys() - await store.erased():
        register.unsweep()
    destroyed = await store.destroy(known)
    if destroyed:
        register.unsweep()  # once more: another process may have swept in between
    return destroyed


async def told_by_log(log: AsyncEngine) -> list[Erasure]:
    """Return the erasures that are entries of the log."""
    wanted = sa.select(entry.c.head).where(entry.c.action == _ACTION, entry.c.outcome == "success")
    async with log.connect() as connection:
        heads = [Head.parse(bytes(row)) for row in (await connection.execute(wanted)).scalars()]
    return [
        Erasure(head.resource.id, head.id, head.time)
        for head in heads
        if head.resource is not None and head.resource.id is not None
    ]


async def told_by_outbox(session: AsyncSession) -> list[Erasure]:
    """Return the erasures that are committed and still on their way to the log."""
    # Sought by the database: while the log is away, much may wait here.
    on_sqlite = session.get_bind().dialect.name == "sqlite"
    place = sa.func.instr if on_sqlite else sa.func.pg_catalog.position
    records = await session.exec(select(Outbox.record).where(place(Outbox.record, sa.literal(_NEEDLE)) > 0))
    heads: list[Mapping[str, Any]] = [Record.from_bytes(row).head_fields for row in records]
    return [
        Erasure(UUID(head["resource"]["id"]), UUID(head["id"]), parse_time(head["time"]))
        for head in heads
        if head["action"] == _ACTION and head["outcome"] == "success"
    ]
