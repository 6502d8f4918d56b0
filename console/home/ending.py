"""Access that ends soon: what the first page reminds of, with one act that asks for it anew."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
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
from policy.models import Change, ChangeKind, ChangeState, Grant, PrincipalType
from sso.models import Membership, Person, PersonState, Profile, ServiceAccount, TeamRole

MOST: Final = 10


@dataclass(frozen=True, slots=True)
class Ending:
    """A grant that covers this person and ends soon; `asked` is its renewal, while one is pending.

    `holder` is the service account of theirs that alone has it, by its handle.
    """

    id: UUID
    route: str
    holder: str | None
    ends: str
    asked: UUID | None


async def grants_ending(work: UnitOfWork) -> Sequence[Ending]:
    """Return the grants in force that end within the days policy reminds of, the next to end first.

    Those of service accounts are told to the owners of their teams, who may ask for them anew.
    """
    async with work.read() as session:
        soon = work.now + (await read_rules(work.services, session)).remind_days * MICROSECONDS_A_DAY
        accounts = await _accounts(session, work.principal.id)
        held = [
            *[grant for grant, _ in await covering_grants(session, work.principal.id)],
            *await session.exec(_of_accounts(accounts, work.now, soon)),
        ]
        ending = sorted((one for one in held if work.now < one.ends <= soon), key=lambda one: one.ends)[:MOST]
        names = await _routes(session, ending)
        asked = await _renewals(session, ending, work.now)
    return [
        Ending(
            one.id,
            names[one.resource_id],
            accounts.get(one.principal_id),
            to_text(one.ends),
            asked.get(str(one.id)),
        )
        for one in ending
        if one.resource_id in names
    ]


async def _accounts(session: AsyncSession, person: UUID) -> Mapping[UUID, str]:
    """Return the active service accounts of the teams this person owns, with their handles."""
    owned = select(Membership.team_id).where(
        col(Membership.person_id) == person, col(Membership.role) == TeamRole.OWNER
    )
    query = (
        select(Profile.person_id, Profile.handle)
        .join(ServiceAccount, col(ServiceAccount.id) == col(Profile.person_id))
        .join(Person, col(Person.id) == col(Profile.person_id))
        .where(col(ServiceAccount.team_id).in_(owned), col(Person.state) == PersonState.ACTIVE)
    )
    return dict((await session.exec(query)).all())


def _of_accounts(accounts: Collection[UUID], now: int, soon: int) -> Any:  # noqa: ANN401 - SQLModel's select
    return select(Grant).where(
        col(Grant.principal_type) == PrincipalType.SERVICE,
        col(Grant.principal_id).in_(accounts),
        col(Grant.revoked_at).is_(None),
        col(Grant.ends) > now,
        col(Grant.ends) <= soon,
    )


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
