"""Changes of the registered kinds, read for rules and policy."""

import json
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from console.changes.facts import find_change, find_reviews
from console.changes.kinds import KeptChange, kind_of, known_kinds
from console.services import Services
from policy.models import ChangeState


async def find_kept(
    services: Services, session: AsyncSession, change_id: UUID, *, for_change: bool = False
) -> KeptChange | None:
    """Return the change with this id, checked against what is there now; None when there is none."""
    change = await find_change(session, change_id, for_change=for_change)
    if change is None or change.kind not in known_kinds():
        return None
    reviews, groups = await find_reviews(session, change_id, "")
    if change.state is not ChangeState.PENDING:
        return KeptChange(change, reviews, groups, None)
    kind, content = kind_of(change.kind), json.loads(change.content)
    objection = await kind.check(services, session, content)
    gainers = await kind.gainers(services, session, content)
    return KeptChange(change, reviews, groups, objection, gainers)
