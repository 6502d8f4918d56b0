"""Whose answer a change awaits: the groups somebody can answer for, against what is required and given."""

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from console.changes.standing import (
    delegations_of,
    delegators_of,
    everybody_away,
    is_active,
    subject_document,
)
from policy.decision import Document
from policy.facts import groups_of
from policy.models import Change, Review
from policy.plan import read_group_counts
from sso.links import accounts_of


@dataclass(frozen=True, slots=True)
class Answers:
    """What somebody may answer, and what they have answered.

    Attributes:
        subjects: their own rights, then those of the people they stand in for.
        bars: whose changes they never answer: their own by any account, and those of whom they stand in for.
        given: the changes they, or a deputy of theirs, have answered.
        away: they have said that they are away: nothing waits for them.
    """

    person_id: UUID
    subjects: tuple[Document, ...]
    bars: frozenset[UUID]
    given: frozenset[UUID]
    away: bool = False

    def awaited(self, change: Change, team: str, now: int, parties: Collection[UUID] = ()) -> bool:
        """Whether this person is asked and has not answered; the change itself must be pending."""
        if self.away or change.requester_id in self.bars or change.id in self.given:
            return False
        if self.person_id in parties:
            return False
        groups = {group for subject in self.subjects for group in groups_of(subject, team)}
        late = change.due is not None and now >= change.due
        wanted = {entry.group for entry in read_group_counts(json.loads(change.required))}
        return bool(groups & (wanted | set(json.loads(change.further) if late else ())))

    def owned(self) -> Iterator[str]:
        """Return the teams for whose models they answer as an owner."""
        for subject in self.subjects:
            teams = subject["owner_of"]
            yield from map(str, teams if isinstance(teams, list) else [])


async def answers_of(session: AsyncSession, person_id: UUID, now: int) -> Answers:
    """Return what the person may answer and has answered."""
    delegators = await delegators_of(session, person_id, now)
    deputies = [one.deputy_id for one in await delegations_of(session, [person_id], now)]
    for_them = sa.and_(col(Review.stands_for) == person_id, col(Review.reviewer_id).in_(deputies))
    given = select(Review.change_id).where(sa.or_(col(Review.reviewer_id) == person_id, for_them))
    people = [person_id, *[one for one in delegators if await is_active(session, one)]]
    return Answers(
        person_id=person_id,
        subjects=tuple([await subject_document(session, one) for one in people]),
        bars=await accounts_of(session, [person_id, *delegators]),
        given=frozenset(await session.exec(given)),
        away=await everybody_away(session, [person_id], now),
    )
