"""Changes of the registered kinds, read for rules and policy."""

import json
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from console.changes.facts import find_answers, find_change
from console.changes.kinds import KeptChange, Kind, Objection, kind_of, known_kinds
from console.first_days import SECOND_ADMIN_NEEDED, waits_for_second_admin
from console.services import Services
from policy.models import ChangeState
from sso.links import accounts_of


async def find_kept(
    services: Services, session: AsyncSession, change_id: UUID, *, for_change: bool = False
) -> KeptChange | None:
    """Return the change with this id, checked against what is there now; None when there is none."""
    change = await find_change(session, change_id, for_change=for_change)
    if change is None or change.kind not in known_kinds():
        return None
    kind, content = kind_of(change.kind), json.loads(change.content)
    answers = await find_answers(session, change, kind.team(content), services.clock())
    if change.state is not ChangeState.PENDING:
        return KeptChange(change, answers, None)
    objection = await _waiting(services, session, kind) or await kind.check(services, session, content)
    gainers = await kind.gainers(services, session, content)
    barred = await accounts_of(session, kind.parties(content) | gainers)
    return KeptChange(change, answers, objection, barred)


async def _waiting(services: Services, session: AsyncSession, kind: Kind) -> Objection | None:
    if kind.waits and await waits_for_second_admin(services, session):
        return Objection(SECOND_ADMIN_NEEDED, "It waits until a second admin has signed in.")
    return None
