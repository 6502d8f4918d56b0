"""Marks approvals whose ground has changed, and names the answers that are to be given anew."""

import json
from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from audit.event import Part
from audit.events import Action
from console.access.basis import changed_since, to_repeat
from console.campaigns.items import Held, held_in_scope
from console.campaigns.rules import read_rules
from console.campaigns.uses import NEVER, uses_of
from console.models import GrantBasis
from console.questions import Resource
from console.work import UnitOfWork
from policy.models import Review, ReviewDecision

AT_ONCE: Final = 1_000
"""Grants whose uses and bases are read at once."""


async def mark_stale(work: UnitOfWork) -> int:
    """Mark the approvals of grants in force that have become stale since the last look; return how many.

    What is stale stays so until it is asked for anew: that something changed back approves nothing.
    """
    async with work.read() as session:
        found = await _changed(work, session)
    for held, changed in found:
        async with work.write() as session:
            await _mark(work, session, held, changed)
    return len(found)


async def _changed(work: UnitOfWork, session: AsyncSession) -> list[tuple[Held, tuple[str, ...]]]:
    rules = await read_rules(work.services, session)
    revision = (await work.services.policies.active(session)).revision
    held = await held_in_scope(session, work.now)
    found = []
    for start in range(0, len(held), AT_ONCE):
        some = held[start : start + AT_ONCE]
        uses = await uses_of(session, [one.grant.id for one in some], work.now)
        bases = await _bases(session, some)
        for one in some:
            basis = bases.get(one.grant.id)
            if basis is None:
                continue
            calls = uses.get(one.grant.id, NEVER).calls
            known = tuple(name for name in basis.stale.split(",") if name)
            now = changed_since(
                basis,
                one.model,
                fields=rules.card_fields,
                revision=revision,
                calls=calls,
                factor=rules.calls_factor,
            )
            if new := [name for name in now if name not in known]:
                found.append((one, (*known, *new)))
    return found


async def _bases(session: AsyncSession, held: Sequence[Held]) -> Mapping[UUID, GrantBasis]:
    ids = [one.grant.id for one in held]
    rows = await session.exec(select(GrantBasis).where(col(GrantBasis.grant_id).in_(ids)))
    return {row.grant_id: row for row in rows}


async def _mark(work: UnitOfWork, session: AsyncSession, held: Held, changed: tuple[str, ...]) -> None:
    basis = await session.get_one(GrantBasis, held.grant.id, with_for_update=True)
    basis.stale, basis.stale_since = ",".join(changed), basis.stale_since or work.now
    session.add(basis)
    answers = select(Review).where(
        col(Review.change_id) == held.grant.change_id, col(Review.decision) == ReviewDecision.APPROVE
    )
    repeat = [
        str(row.id) for row in await session.exec(answers) if to_repeat(changed, json.loads(row.groups))
    ]
    await work.record(
        Action.APPROVAL_STALE,
        resource=Resource("access_request", held.grant.change_id),
        request=held.grant.change_id,
        grant=held.grant.id,
        parts=[Part(name="stale", subject=None, content={"changed": list(changed), "repeat": repeat})],
    )
