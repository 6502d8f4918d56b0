"""Executes an approved access request: a grant, written where the last review is written."""

from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from audit.event import Part
from audit.events import Action
from console.access.basis import make_basis
from console.access.facts import RequestFacts
from console.access.rows import grant_row
from console.clock import to_text
from console.questions import Resource
from console.work import UnitOfWork
from policy.grants import end_of
from policy.models import Grant, PrincipalType
from policy.permissions import Permission


async def grant_access(work: UnitOfWork, session: AsyncSession, found: RequestFacts, now: int) -> Grant:
    """Give the receiving team the right to call the route, from now for the days that were approved.

    Where one of its service accounts or one of its members was named, that one has it alone.

    The caller has approved the change and given it its `grant_id`, in the same open transaction.
    """
    grant = _grant(found, now)
    basis = make_basis(grant.id, found.route.model, found.content, found.change.policy_revision)
    session.add_all([grant, basis])
    await session.flush()
    content = {
        "route": found.content["route"]["name"],
        "team": found.content["team"],
        **_told(found),
        "starts": to_text(grant.starts),
        "ends": to_text(grant.ends),
    }
    await work.record(
        Action.GRANT_CREATE,
        resource=Resource("grant", grant.id),
        request=found.change.id,
        grant=grant.id,
        rows=[grant_row(grant)],
        parts=[Part(name="grant", subject=None, content=content)],
    )
    return grant


def _grant(found: RequestFacts, now: int) -> Grant:
    change = found.change
    holder, holder_id = _holder(found)
    return Grant(
        id=_known(change.grant_id),
        principal_type=holder,
        principal_id=holder_id,
        permission=Permission.MODEL_INVOKE.value,
        resource_type=change.resource_type,
        resource_id=change.resource_id,
        change_id=change.id,
        starts=now,
        ends=end_of(now, int(found.content["duration_days"])),
    )


def _holder(found: RequestFacts) -> tuple[PrincipalType, UUID]:
    if found.content.keys().isdisjoint({"service", "person"}):
        return PrincipalType.TEAM, _known(found.change.team_id)
    receiver = found.receiver
    return receiver.kind if receiver else PrincipalType.PERSON, _known(receiver.id if receiver else None)


def _told(found: RequestFacts) -> dict[str, str]:
    """Return who alone has it, for the record: a service account by its handle, a person by their id."""
    receiver = found.receiver
    if receiver is None:
        return {}
    person = receiver.kind is PrincipalType.PERSON
    return {"person": str(receiver.id)} if person else {"service": receiver.handle}


def _known(value: UUID | None) -> UUID:
    if value is None:
        raise ValueError("An approved access request names its grant and who receives it.")
    return value
