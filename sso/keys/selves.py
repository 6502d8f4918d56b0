"""The people behind a principal: whoever acts through a service account acts as themselves a second time."""

from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from sso.models import Membership, ServiceAccount, TeamRole


async def people_behind(db: AsyncSession, principal_id: UUID) -> frozenset[UUID]:
    """Return who counts as having acted, for every rule that asks for different people.

    For a person that is the person. For a service account it is everybody who can make a key for it now,
    its team's owners, and whoever created it; the account itself is among them.
    """
    account = await db.get(ServiceAccount, principal_id)
    if account is None:
        return frozenset({principal_id})
    owners = select(Membership.person_id).where(
        col(Membership.team_id) == account.team_id, col(Membership.role) == TeamRole.OWNER
    )
    return frozenset({principal_id, account.created_by, *await db.exec(owners)})
