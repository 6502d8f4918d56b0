"""Changes of the registered kinds, read for rules and policy."""

import json
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from console.changes.facts import Answers, find_answers, find_change
from console.changes.kinds import KeptChange, Kind, Objection, kind_of, known_kinds
from console.changes.standing import delegators_of
from console.first_days import SECOND_ADMIN_NEEDED, waits_for_second_admin
from console.services import Services
from policy.models import ChangeState
from sso.links import accounts_of


async def find_kept(
    services: Services,
    session: AsyncSession,
    change_id: UUID,
    *,
    by: UUID | None = None,
    for_change: bool = False,
) -> KeptChange | None:
    """Return the change with this id, checked against what is there now; None when there is none.

    `by` is who looks at it or is about to answer: whether they would gain by it is looked at too.
    """
    change = await find_change(session, change_id, for_change=for_change)
    if change is None or change.kind not in known_kinds():
        return None
    kind, content = kind_of(change.kind), json.loads(change.content)
    now, authors = services.clock(), kind.authors(content)
    answers = await find_answers(session, change, kind.team(content), now, authors)
    if change.state is not ChangeState.PENDING:
        return KeptChange(change, answers, None)
    objection = await _waiting(services, session, kind) or await kind.check(services, session, content)
    answering = await _answering(session, answers, by, now) - answers.askers
    gainers = await kind.gainers(services, session, content, answering)
    barred = await accounts_of(session, kind.parties(content) | gainers)
    return KeptChange(change, answers, objection, barred)


async def _answering(session: AsyncSession, answers: Answers, by: UUID | None, now: int) -> frozenset[UUID]:
    """Return who has answered and who is about to, with whom they stand in for, by all of their accounts."""
    given = {one for row in answers.reviews for one in (row.reviewer_id, row.stands_for) if one}
    about = {by, *await delegators_of(session, by, now)} if by else set()
    return await accounts_of(session, given | about)


async def _waiting(services: Services, session: AsyncSession, kind: Kind) -> Objection | None:
    if kind.waits and await waits_for_second_admin(services, session):
        return Objection(SECOND_ADMIN_NEEDED, "It waits until a second admin has signed in.")
    return None
