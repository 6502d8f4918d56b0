"""A key or service account as decisions see it."""

from dataclasses import dataclass
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from console.changes.seen import nothing
from console.questions import Resource
from sso.models import ApiKey, Person, Profile, ServiceAccount, Team


@dataclass(frozen=True, slots=True)
class Owner:
    """Whom keys belong to: a person, or a service account with the team that answers for it."""

    person: Person
    profile: Profile
    team: Team | None

    def key(self, key_id: UUID | None = None) -> Resource:
        """Return a key of this owner as a decision's resource; without an id, their keys."""
        facts: dict[str, object] = {"person": str(self.person.id)}
        if self.team is not None:
            facts["team"] = self.team.name
        return Resource("key", key_id, facts)

    def service(self) -> Resource:
        """Return the service account as a decision's resource."""
        return service_resource(self.team.name if self.team else "", self.person.id)


def service_resource(team: str, account_id: UUID | None = None) -> Resource:
    """Return a team's service account, or the collection of them, as a decision's resource."""
    return Resource("service_account", account_id, {"team": team})


async def find_owner(session: AsyncSession, person_id: UUID) -> Owner:
    """Return a person or service account by id.

    Raises:
        NotFoundError: there is none.
    """
    query = (
        select(Person, Profile, Team)
        .join(Profile, col(Profile.person_id) == col(Person.id))
        .outerjoin(ServiceAccount, col(ServiceAccount.id) == col(Person.id))
        .outerjoin(Team, col(Team.id) == col(ServiceAccount.team_id))
        .where(col(Person.id) == person_id)
    )
    found = (await session.exec(query)).first()
    if found is None:
        raise nothing()
    return Owner(*found)


async def find_service(session: AsyncSession, account_id: UUID) -> Owner:
    """Return a service account by id.

    Raises:
        NotFoundError: there is none.
    """
    found = await find_owner(session, account_id)
    if found.team is None:
        raise nothing()
    return found


async def find_key(session: AsyncSession, key_id: UUID) -> tuple[ApiKey, Owner]:
    """Return a key by its row's id, and whose it is.

    Raises:
        NotFoundError: there is none.
    """
    key = await session.get(ApiKey, key_id)
    if key is None:
        raise nothing()
    return key, await find_owner(session, key.owner_id)
