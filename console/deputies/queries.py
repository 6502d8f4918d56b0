"""Whose deputy somebody is, and who is theirs."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlmodel import col, select

from console.changes.shown import people_by_id
from console.clock import to_text
from console.deputies.forms import DelegationRead
from console.questions import Resource
from console.work import UnitOfWork
from policy.models import Delegation
from policy.permissions import Permission


async def list_delegations(work: UnitOfWork) -> Sequence[DelegationRead]:
    """Return the caller's delegations that are not over, by them and to them, oldest first."""
    me, now = work.principal.id, work.now
    await work.authorize(Permission.SELF_READ, Resource("self", None, {"person": str(me)}))
    mine = sa.or_(col(Delegation.person_id) == me, col(Delegation.deputy_id) == me)
    query = select(Delegation).where(mine, col(Delegation.ends) > now).order_by(col(Delegation.id))
    async with work.read() as session:
        rows = (await session.exec(query)).all()
        named = [one for row in rows for one in (row.person_id, row.deputy_id) if one]
        people = await people_by_id(session, named)
    return [
        DelegationRead(
            id=row.id,
            person=people[row.person_id],
            deputy=people[row.deputy_id] if row.deputy_id else None,
            state=_state(row),
            away=row.away,
            starts=to_text(row.starts),
            ends=to_text(row.ends),
            own=row.person_id == me,
            to_accept=row.deputy_id == me and row.accepted is None,
        )
        for row in rows
    ]


def _state(row: Delegation) -> str:
    if row.deputy_id is None:
        return "away"
    return "named" if row.accepted is None else "in force"
