"""The first days: until a second admin has signed in, the first one acts alone, and it shows.

Source: the contract's "The first days". Changes of people, mappings and clusters are flagged, to be
confirmed; publishing and policies wait in production, where grants would follow from what one person alone
set up: they are asked for, and approved once the second one is there.
"""

import json
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from audit.models import RowVersion
from console import models
from console.clock import DAY
from console.models import Installation
from console.services import Services
from console.work import UnitOfWork
from sso.models import Person, PlatformRole, RoleAssignment
from sso.models import Session as BrowserSession

SINGLE_PERSON: Final = models.SINGLE_PERSON
LONGEST_DAYS: Final = 7
SECOND_ADMIN_NEEDED: Final = "second_admin_needed"


async def first_days_flags(work: UnitOfWork, session: AsyncSession) -> tuple[str, ...]:
    """Return the flags of an admin's act: `single_person` while no second admin has signed in."""
    alone = work.principal.kind != "system" and not await has_second_admin(session)
    return (SINGLE_PERSON,) if alone else ()


async def acts_alone(work: UnitOfWork, session: AsyncSession) -> bool:
    """Say whether the principal may change people and rules alone: the first admin, for some days.

    At most `LONGEST_DAYS` after the installation was made, and no longer than until a second admin came.
    """
    if work.principal.kind == "system":
        return True
    since = (await session.exec(select(Installation.created))).first()
    young = since is not None and work.now - since < LONGEST_DAYS * DAY
    return young and await _is_first(work, session) and not await has_second_admin(session)


async def waits_for_second_admin(services: Services, session: AsyncSession) -> bool:
    """Say whether publishing and policies wait here for a second admin to sign in; the demo's never do."""
    return not services.settings.embedded and not await has_second_admin(session)


async def has_second_admin(session: AsyncSession) -> bool:
    """Say whether another admin than the first has ever signed in by a browser, admin still or not.

    Read from history too: whoever takes the role from the second admin does not act alone again by that.
    """
    admins = await _ever_admins(session)
    second = select(BrowserSession.person_id).where(col(BrowserSession.person_id).in_(admins[1:]))
    return (await session.exec(second.limit(1))).first() is not None


async def _is_first(work: UnitOfWork, session: AsyncSession) -> bool:
    return work.principal.id in (await _ever_admins(session))[:1]


async def _ever_admins(session: AsyncSession) -> Sequence[UUID]:
    """Return everybody who is or was an admin, the one known here first before all others."""
    now = select(RoleAssignment.person_id).where(col(RoleAssignment.role) == PlatformRole.ADMIN)
    past = select(RowVersion.row).where(
        col(RowVersion.kind) == "role_assignment", col(RowVersion.row).contains('"role":"admin"')
    )
    were = {UUID(json.loads(row)["person_id"]) for row in await session.exec(past.distinct()) if row}
    known = select(Person.id).where(col(Person.id).in_(were.union(await session.exec(now))))
    return (await session.exec(known.order_by(col(Person.created), col(Person.id)))).all()
