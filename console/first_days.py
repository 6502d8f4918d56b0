"""The first days: until a second admin has signed in, the first one acts alone, and it shows.

Source: the contract's "The first days". Changes of people, mappings and clusters are flagged, to be
confirmed; publishing waits in production, where grants would follow from what one person alone set up.
"""

from typing import Final

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from console.questions import Resource
from console.work import UnitOfWork
from policy.permissions import Permission
from sso.models import Person, PlatformRole, RoleAssignment
from sso.models import Session as BrowserSession

SINGLE_PERSON: Final = "single_person"
SECOND_ADMIN_NEEDED: Final = "second_admin_needed"


async def first_days_flags(work: UnitOfWork, session: AsyncSession) -> tuple[str, ...]:
    """Return the flags of an admin's act: `single_person` while no second admin has signed in."""
    alone = work.principal.kind != "system" and not await has_second_admin(session)
    return (SINGLE_PERSON,) if alone else ()


async def require_second_admin(work: UnitOfWork, permission: Permission, resource: Resource) -> None:
    """Return when a second admin has signed in, or where it does not matter: the demo, and our own parts.

    Raises:
        RefusedError: with reason `second_admin_needed`; recorded.
    """
    if work.services.settings.embedded or work.principal.kind == "system":
        return
    async with work.read() as session:
        found = await has_second_admin(session)
    if not found:
        raise await work.refuse(permission, resource, SECOND_ADMIN_NEEDED)


async def has_second_admin(session: AsyncSession) -> bool:
    """Say whether an admin other than the first to be known here has ever signed in by a browser."""
    admins = sa.select(col(RoleAssignment.person_id)).where(col(RoleAssignment.role) == PlatformRole.ADMIN)
    known = sa.select(col(Person.id)).where(col(Person.id).in_(admins))
    first = known.order_by(col(Person.created), col(Person.id)).limit(1).scalar_subquery()
    second = select(BrowserSession.person_id).where(
        col(BrowserSession.person_id).in_(admins), col(BrowserSession.person_id) != first
    )
    return (await session.exec(second.limit(1))).first() is not None
