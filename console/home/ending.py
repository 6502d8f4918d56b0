"""Access that ends soon: what the first page reminds of, with one act that asks for it anew."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from console.campaigns.rules import read_rules
from console.catalog.facts import covering_grants
from console.changes.states import state_is
from console.clock import to_text
from console.models import Route
from console.work import UnitOfWork
from policy.grants import MICROSECONDS_A_DAY
from policy.models import Change, ChangeKind, ChangeState, Grant

MOST: Final = 10


@dataclass(frozen=True, slots=True)
class Ending:
    """A grant that covers this person and ends soon; `asked` is its renewal, while one is pending."""

    id: UUID
    route: str
    ends: str
    asked: UUID | None


async def grants_ending(work: UnitOfWork) -> Sequence[Ending]:
    """Return the grants in force that end within the days policy reminds of, the next to end first."""
    async with work.read() as session:
        soon = work.now + (await read_rules(work.services, session)).remind_days * MICROSECONDS_A_DAY
        held = [grant for grant, _ in await covering_grants(session, work.principal.id)]
        ending = sorted((one for one in held if work.now < one.ends <= soon), key=lambda one: one.ends)[:MOST]
        names = await _routes(session, ending)
        asked = await _renewals(session, ending, work.now)
    return [
        Ending(one.id, names[one.resource_id], to_text(one.ends), asked.get(str(one.id)))
        for one in ending
        if one.resource_id in names
    ]


async def _routes(session: AsyncSession, grants: Sequence[Grant]) -> Mapping[UUID, str]:
    ids = [one.resource_id for one in grants]
    return dict((await session.exec(select(Route.id, Route.name).where(col(Route.id).in_(ids)))).all())


async def _renewals(session: AsyncSession, grants: Sequence[Grant], now: int) -> Mapping[str, UUID]:
    """Return the pending request that renews a grant, by the grant's id."""
    pending = select(Change.id, Change.content).where(
        col(Change.kind) == ChangeKind.ACCESS,
        col(Change.resource_id).in_([one.resource_id for one in grants]),
        state_is(ChangeState.PENDING, now),
    )
    found = ((json.loads(content).get("renews"), change) for change, content in await session.exec(pending))
    return {grant: change for grant, change in found if grant}
