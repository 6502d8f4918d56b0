"""Who somebody counts as, now: accounts of one human, whom a deputy stands for, who counts as having asked.

Read anew each time rules are applied, when an answer is signed and when the change is carried out, so that
what was linked, delegated or lost meanwhile counts.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from policy.decision import Document
from policy.facts import describe_subject, groups_of
from policy.models import Delegation, Review
from sso.keys.selves import people_behind
from sso.links import accounts_of
from sso.models import Person, PersonKind, PersonState
from sso.rights import rights_of


@dataclass(frozen=True, slots=True)
class Voice:
    """In whose name an answer counts.

    Attributes:
        groups: the groups it counts for; a deputy's are those of whom it stands for.
        others: every other account that speaks by it: the same human's, and whom a deputy stands for.
        stands_for: whom a deputy stands for.
    """

    groups: frozenset[str]
    others: frozenset[UUID] = frozenset()
    stands_for: UUID | None = None


async def groups_now(session: AsyncSession, person_id: UUID, team: str) -> frozenset[str]:
    """Return the groups a person can answer for on what is `team`'s; none when disabled, or no person."""
    if not await is_active(session, person_id):
        return frozenset()
    return groups_of(await subject_document(session, person_id), team)


async def subject_document(session: AsyncSession, person_id: UUID) -> Document:
    """Return a person's rights as `policy.facts.groups_of` reads them."""
    rights = await rights_of(session, person_id)
    return describe_subject(
        id=person_id,
        kind="person",
        method="session",
        owner_of=rights.owner_of,
        roles=[(str(role), scope) for role, scope in rights.roles],
    )


async def askers_of(session: AsyncSession, asking: Iterable[UUID], now: int) -> frozenset[UUID]:
    """Return who counts as having asked: all accounts of whoever did, their deputies, and all of theirs.

    For a service account that is everybody who acts through it.
    """
    behind = [await people_behind(session, one) for one in asking]
    people = await accounts_of(session, frozenset().union(*behind))
    deputies = {one.deputy_id for one in await delegations_of(session, people, now) if one.deputy_id}
    return await accounts_of(session, people | deputies)


async def delegations_of(session: AsyncSession, people: Collection[UUID], now: int) -> Sequence[Delegation]:
    """Return the delegations in force by which these people let somebody answer for them."""
    query = select(Delegation).where(col(Delegation.person_id).in_(people), *in_force(now))
    return (await session.exec(query.order_by(col(Delegation.id)))).all()


async def delegators_of(session: AsyncSession, deputy_id: UUID, now: int) -> Sequence[UUID]:
    """Return for whom somebody may answer as a deputy."""
    query = select(Delegation.person_id).where(col(Delegation.deputy_id) == deputy_id, *in_force(now))
    return list(dict.fromkeys(await session.exec(query.order_by(col(Delegation.id)))))


def in_force(now: int) -> tuple[sa.ColumnElement[bool], ...]:
    """Return the conditions that a delegation counts: accepted, begun and not over."""
    starts, ends = col(Delegation.starts), col(Delegation.ends)
    return col(Delegation.accepted).is_not(None), starts <= now, ends > now


async def voices_of(session: AsyncSession, person_id: UUID, team: str, now: int) -> Sequence[Voice]:
    """Return in whose name somebody could answer: their own first, then whom they stand in for."""
    own = await accounts_of(session, [person_id])
    found = [Voice(await groups_now(session, person_id, team), own - {person_id})]
    if not await is_active(session, person_id):
        return found
    for delegator in await delegators_of(session, person_id, now):
        theirs = await accounts_of(session, [delegator])
        groups = await groups_now(session, delegator, team)
        found.append(Voice(groups, (own | theirs) - {person_id}, delegator))
    return found


async def voice_of(session: AsyncSession, review: Review, team: str, now: int) -> Voice:
    """Return what a signed answer counts as now; without its delegation a deputy's counts for nothing."""
    for voice in await voices_of(session, review.reviewer_id, team, now):
        if voice.stands_for == review.stands_for:
            return voice
    own = await accounts_of(session, [review.reviewer_id])
    return Voice(frozenset(), own - {review.reviewer_id}, review.stands_for)


async def everybody_away(session: AsyncSession, people: Iterable[UUID], now: int) -> bool:
    """Say whether there are people, and all of them have said that they are away."""
    wanted = set(people)
    away = select(Delegation.person_id).where(
        col(Delegation.person_id).in_(wanted),
        col(Delegation.away),
        col(Delegation.starts) <= now,
        col(Delegation.ends) > now,
    )
    return bool(wanted) and wanted <= set(await session.exec(away))


async def is_active(session: AsyncSession, person_id: UUID) -> bool:
    """Say whether this is a person who may sign in; a service account never answers."""
    person = await session.get(Person, person_id)
    return person is not None and person.state is PersonState.ACTIVE and person.kind is not PersonKind.SERVICE
