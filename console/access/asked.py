"""Whose answer a request awaits: the groups a person can answer for, against what is required and given."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from console.changes.standing import subject_document
from console.changes.states import state_is
from policy.decision import Document, GroupCount
from policy.facts import groups_of
from policy.models import Change, ChangeState, Review
from sso.models import PlatformRole, Team
from sso.rights import PersonRights, rights_of


@dataclass(frozen=True, slots=True)
class Answers:
    """What somebody may answer, and what they have answered."""

    person_id: UUID
    rights: PersonRights
    subject: Document
    given: frozenset[UUID]

    def awaited(self, change: Change, owner_team: str, required: Sequence[GroupCount]) -> bool:
        """Whether this person is asked and has not answered; the request itself must be pending."""
        if change.requester_id == self.person_id or change.id in self.given:
            return False
        return not groups_of(self.subject, owner_team).isdisjoint(entry.group for entry in required)


async def answers_of(session: AsyncSession, person_id: UUID) -> Answers:
    """Return what the person may answer and has answered."""
    given = await session.exec(select(Review.change_id).where(col(Review.reviewer_id) == person_id))
    rights = await rights_of(session, person_id)
    subject = await subject_document(session, person_id)
    return Answers(person_id, rights, subject, frozenset(given))


def asked_condition(mine: Answers, now: int) -> sa.ColumnElement[bool]:
    """Return the condition, over changes joined with their owner team, that the answer is awaited."""
    answered = sa.exists().where(
        col(Review.change_id) == col(Change.id), col(Review.reviewer_id) == mine.person_id
    )
    as_owner = sa.and_(
        col(Team.name).in_(mine.rights.owner_of), col(Change.required).contains('"owner:', autoescape=True)
    )
    as_reviewer = sa.and_(
        _reviewed_teams(mine.rights), col(Change.required).contains('"reviewer"', autoescape=True)
    )
    return sa.and_(
        state_is(ChangeState.PENDING, now),
        col(Change.requester_id) != mine.person_id,
        sa.not_(answered),
        sa.or_(as_owner, as_reviewer),
    )


def _reviewed_teams(rights: PersonRights) -> sa.ColumnElement[bool]:
    scope = dict(rights.roles).get(PlatformRole.REVIEWER, ())
    return sa.true() if scope == "all" else col(Team.name).in_(scope)
