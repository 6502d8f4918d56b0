"""Access that ends soon: what the first page reminds of, with one act that asks for it anew."""

from collections.abc import Sequence
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
from policy.models import Change, ChangeState, Grant

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
        return [await _read(session, one, work.now) for one in ending]


async def _read(session: AsyncSession, grant: Grant, now: int) -> Ending:
    route = await session.get_one(Route, grant.resource_id)
    renewal = select(Change.id).where(
        col(Change.resource_id) == grant.resource_id,
        col(Change.content).contains(f'"renews":"{grant.id}"', autoescape=True),
        state_is(ChangeState.PENDING, now),
    )
    return Ending(grant.id, route.name, to_text(grant.ends), (await session.exec(renewal)).first())
