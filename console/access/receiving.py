"""Who alone would receive a grant: an active service account, or an active member, of the team that asks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from policy.models import PrincipalType
from sso.models import Membership, Person, PersonKind, PersonState, Profile, ServiceAccount, Team


@dataclass(frozen=True, slots=True)
class Receiver:
    """A service account or a person, by id and by handle."""

    id: UUID
    handle: str
    kind: PrincipalType = PrincipalType.SERVICE


async def find_receiver(
    session: AsyncSession, service_id: UUID, team_id: UUID, *, for_change: bool = False
) -> Receiver | None:
    """Return the team's active service account with this id, or None.

    With `for_change` nobody disables it meanwhile.
    """
    wanted = (col(ServiceAccount.id) == service_id, col(ServiceAccount.team_id) == team_id)
    query = _select().where(*wanted).execution_options(populate_existing=True)
    query = query.with_for_update(of=(Person, ServiceAccount)) if for_change else query
    found = (await session.exec(query)).first()
    return Receiver(found[0].id, found[2].handle) if found else None


async def find_member(
    session: AsyncSession, person_id: UUID, team_id: UUID, *, for_change: bool = False
) -> Receiver | None:
    """Return the team's active member with this id, or None.

    With `for_change` nobody disables them meanwhile.
    """
    query = (
        select(Person, Profile)
        .join(Profile, col(Profile.person_id) == col(Person.id))
        .join(Membership, col(Membership.person_id) == col(Person.id))
        .where(col(Person.id) == person_id, col(Membership.team_id) == team_id)
        .where(col(Person.state) == PersonState.ACTIVE, col(Person.kind) == PersonKind.PERSON)
        .execution_options(populate_existing=True)
    )
    found = (await session.exec(query.with_for_update(of=Person) if for_change else query)).first()
    return Receiver(found[0].id, found[1].handle, PrincipalType.PERSON) if found else None


async def receivers_of(session: AsyncSession, teams: Sequence[str]) -> list[Receiver]:
    """Return the active service accounts of these teams, by handle."""
    query = _select().join(Team, col(Team.id) == col(ServiceAccount.team_id))
    query = query.where(col(Team.name).in_(teams)).order_by(col(Profile.handle))
    return [Receiver(person.id, profile.handle) for person, _, profile in await session.exec(query)]


def _select() -> Any:  # noqa: ANN401 - SQLModel's select has no nameable type
    return (
        select(Person, ServiceAccount, Profile)
        .join(ServiceAccount, col(ServiceAccount.id) == col(Person.id))
        .join(Profile, col(Profile.person_id) == col(Person.id))
        .where(col(Person.state) == PersonState.ACTIVE)
    )
