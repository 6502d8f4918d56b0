"""Which accounts are one human: identity links, followed as far as they lead."""

from collections.abc import Iterable
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from sso.models import IdentityLink


async def accounts_of(db: AsyncSession, people: Iterable[UUID]) -> frozenset[UUID]:
    """Return every account of the humans whose accounts these are, these among them."""
    found = set(people)
    front = set(found)
    while front:
        touching = sa.or_(col(IdentityLink.person_id).in_(front), col(IdentityLink.other_id).in_(front))
        pairs = await db.exec(select(IdentityLink.person_id, IdentityLink.other_id).where(touching))
        front = {one for pair in pairs for one in pair} - found
        found |= front
    return frozenset(found)
