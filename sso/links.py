"""Which accounts are one human: identity links, followed as far as they lead."""

from collections.abc import Collection, Iterable, Mapping
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from sso.models import IdentityLink

AT_ONCE: Final = 10_000
"""Accounts asked about in one query, each twice: a database takes about 32,000 values."""


async def accounts_of(db: AsyncSession, people: Iterable[UUID]) -> frozenset[UUID]:
    """Return every account of the humans whose accounts these are, these among them."""
    found = set(people)
    front = set(found)
    while front:
        front = {one for pair in await _links(db, front) for one in pair} - found
        found |= front
    return frozenset(found)


async def accounts_by_person(db: AsyncSession, people: Collection[UUID]) -> Mapping[UUID, frozenset[UUID]]:
    """Return of each of these accounts every account of the same human, the account itself among them."""
    beside: dict[UUID, set[UUID]] = {}
    for one, other in await _links(db, await accounts_of(db, people)):
        beside.setdefault(one, set()).add(other)
        beside.setdefault(other, set()).add(one)
    return {one: _reached(one, beside) for one in people}


def _reached(start: UUID, beside: Mapping[UUID, set[UUID]]) -> frozenset[UUID]:
    found, front = {start}, {start}
    while front:
        front = {other for one in front for other in beside.get(one, ())} - found
        found |= front
    return frozenset(found)


async def _links(db: AsyncSession, people: Collection[UUID]) -> list[tuple[UUID, UUID]]:
    every, found = list(people), list[tuple[UUID, UUID]]()
    for start in range(0, len(every), AT_ONCE):
        some = every[start : start + AT_ONCE]
        touching = sa.or_(col(IdentityLink.person_id).in_(some), col(IdentityLink.other_id).in_(some))
        found += await db.exec(select(IdentityLink.person_id, IdentityLink.other_id).where(touching))
    return found
