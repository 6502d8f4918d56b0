"""Changes of what is kept, read for rules and policy."""

import json
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from console.changes.facts import find_change, find_reviews
from console.custody.kinds import KeptChange, kind_of, known_kinds
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
    objection = None
    if change.state is ChangeState.PENDING:
        objection = await kind_of(change.kind).check(services, session, json.loads(change.content))
    return KeptChange(change, reviews, groups, objection)
