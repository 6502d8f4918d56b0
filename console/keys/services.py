"""Service accounts: programs with rights of their own, that a team answers for."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from audit.event import Part
from audit.events import Action
from console.changes.seen import authorize_seen, nothing
from console.clock import to_text
from console.errors import ConflictError
from console.keys.facts import find_service, service_resource
from console.keys.forms import ServiceAccountCreate, ServiceAccountRead
from console.keys.rows import service_row
from console.people.leaving import disable_person
from console.questions import Resource
from console.rows import person_row
from console.work import UnitOfWork
from policy.permissions import Permission
from sso.models import (
    ApiKey,
    Membership,
    Person,
    PersonKind,
    PersonState,
    Profile,
    ServiceAccount,
    Team,
    TeamRole,
)
from sso.rights import rights_of

DISABLED = "service_account_disabled"


async def create_service(work: UnitOfWork, form: ServiceAccountCreate) -> ServiceAccountRead:
    """Create a service account of a team the caller owns; its handle is `team.name`.

    Raises:
        NotFoundError: no such team, or none of the caller's.
        RefusedError: the caller does not own the team.
        ConflictError: there is one of this name.
    """
    async with work.read() as session:
        team = (await session.exec(select(Team).where(col(Team.name) == form.team))).first()
    if team is None:
        raise nothing()
    resource = service_resource(team.name)
    await authorize_seen(work, Permission.SERVICE_ACCOUNT_CREATE, resource, Permission.SERVICE_ACCOUNT_READ)
    async with work.write() as session:
        account, person, profile = await _add(work, session, team, form)
        content = {"handle": profile.handle, "purpose": form.purpose, "team": team.name}
        await work.record(
            Action.SERVICE_ACCOUNT_CREATE,
            resource=Resource("service_account", account.id),
            rows=[person_row(person, work.now), service_row(account)],
            parts=[Part(name="service_account", subject=person.id, content=content)],
        )
    return _read(account, person, profile, team.name, orphaned=False, keys=0)


async def disable_service(work: UnitOfWork, account_id: UUID, reason: str) -> None:
    """Keep a service account out for good: its keys and grants end with it.

    Raises:
        NotFoundError: no such account, or none the caller may know of.
        RefusedError: the caller neither owns its team nor is an admin.
        ConflictError: it is disabled already.
    """
    async with work.read() as session:
        owner = await find_service(session, account_id)
    resource = owner.service()
    await authorize_seen(work, Permission.SERVICE_ACCOUNT_DISABLE, resource, Permission.SERVICE_ACCOUNT_READ)
    async with work.write() as session:
        if not await disable_person(work, session, account_id, DISABLED):
            raise ConflictError("This service account is disabled already.", (DISABLED,))
        words = Part(name="reason", subject=work.principal.id, content={"reason": reason})
        await work.record(
            Action.SERVICE_ACCOUNT_DISABLE,
            resource=Resource("service_account", account_id),
            parts=[words],
        )


async def list_services(work: UnitOfWork, team: str = "") -> Sequence[ServiceAccountRead]:
    """Return the service accounts of a team, of all the caller's teams, or for admins and auditors of all.

    Raises:
        RefusedError: the team is none of the caller's.
    """
    everything = not team and await work.allowed(Permission.SERVICE_ACCOUNT_READ, Resource("service_account"))
    async with work.read() as session:
        mine = (await rights_of(session, work.principal.id)).teams
    if team:
        await work.authorize(Permission.SERVICE_ACCOUNT_READ, service_resource(team))
    shown = None if everything else ((team,) if team else mine)
    async with work.read() as session:
        rows = (await session.exec(_select(shown, work.now))).all()
    return [
        _read(account, person, profile, name, orphaned=not owners, keys=keys)
        for account, person, profile, name, owners, keys in rows
    ]


async def _add(
    work: UnitOfWork, session: AsyncSession, team: Team, form: ServiceAccountCreate
) -> tuple[ServiceAccount, Person, Profile]:
    handle, now = f"{team.name}.{form.name}", work.now
    if (await session.exec(select(Profile).where(col(Profile.handle) == handle))).first():
        sentence = "There is somebody of this name already; choose another."
        raise ConflictError(sentence, ("same_name",), {"name": sentence})
    person = Person(kind=PersonKind.SERVICE, created=now)
    session.add(person)
    await session.flush()
    profile = Profile(person_id=person.id, handle=handle, name=handle)
    account = ServiceAccount(
        id=person.id, team_id=team.id, purpose=form.purpose, created_by=work.principal.id, created=now
    )
    session.add_all((profile, account))
    await session.flush()
    return account, person, profile


def _select(teams: Sequence[str] | None, now: int) -> Any:  # noqa: ANN401 - as in console.keys.listing
    owner = sa.select(col(Membership.id)).join(Person, col(Person.id) == col(Membership.person_id))
    owners = owner.where(
        col(Membership.team_id) == col(ServiceAccount.team_id),
        col(Membership.role) == TeamRole.OWNER,
        col(Person.state) == PersonState.ACTIVE,
    ).correlate(ServiceAccount)
    keys = sa.select(sa.func.count()).where(
        col(ApiKey.owner_id) == col(ServiceAccount.id),
        col(ApiKey.revoked_at).is_(None),
        col(ApiKey.ends) > now,
    )
    query = (
        sa.select(ServiceAccount, Person, Profile, col(Team.name), owners.exists(), keys.scalar_subquery())
        .join(Person, col(Person.id) == col(ServiceAccount.id))
        .join(Profile, col(Profile.person_id) == col(ServiceAccount.id))
        .join(Team, col(Team.id) == col(ServiceAccount.team_id))
        .order_by(col(Team.name), col(Profile.handle))
    )
    return query if teams is None else query.where(col(Team.name).in_(teams))


def _read(
    account: ServiceAccount, person: Person, profile: Profile, team: str, *, orphaned: bool, keys: int
) -> ServiceAccountRead:
    return ServiceAccountRead(
        id=account.id,
        handle=profile.handle,
        team=team,
        purpose=account.purpose,
        state=person.state.value,
        orphaned=orphaned,
        keys=keys,
        created=to_text(account.created),
    )
