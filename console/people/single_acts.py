"""What an admin did alone in the first days, for the second admin to confirm (contract, "The first days")."""

from uuid import UUID

from sqlmodel import col, select

from audit.event import Part
from audit.events import Action
from console.changes.seen import nothing
from console.changes.shown import people_by_id
from console.clock import to_text
from console.errors import ConflictError
from console.models import SingleAct
from console.people.act_words import act_sentences
from console.people.shown import SingleActRead
from console.questions import Resource
from console.web.listing import cursor_id
from console.web.pagination import PAGE_SIZE, Key, KeysetPage, cut_page
from console.work import UnitOfWork
from policy.permissions import Permission

RIGHT = Permission.SINGLE_PERSON_CONFIRM


async def list_single_acts(
    work: UnitOfWork, *, everything: bool = False, after: Key | None = None, size: int = PAGE_SIZE
) -> KeysetPage[SingleActRead]:
    """Return one page of what waits to be confirmed, or of all there ever was, oldest first.

    Raises:
        RefusedError: the caller is no admin.
    """
    await work.authorize(RIGHT, Resource("single_act"))
    query = select(SingleAct).order_by(col(SingleAct.id)).limit(size + 1)
    if not everything:
        query = query.where(col(SingleAct.confirmed).is_(None))
    if after is not None:
        query = query.where(col(SingleAct.id) > cursor_id(after))
    async with work.read() as session:
        rows = (await session.exec(query)).all()
        wanted = [one for row in rows for one in (row.actor_id, row.confirmed_by) if one]
        people = await people_by_id(session, wanted)
        sentences = await act_sentences(session, rows, people)
    items = [
        SingleActRead(
            id=row.id,
            action=row.action,
            sentence=sentences[row.id],
            actor=people[row.actor_id].shown,
            resource=f"{row.resource_type} {row.resource_id}" if row.resource_type else "",
            created=to_text(row.created),
            confirmed=to_text(row.confirmed) if row.confirmed else None,
            confirmed_by=people[row.confirmed_by].shown if row.confirmed_by else None,
            own=row.actor_id == work.principal.id,
        )
        for row in rows
    ]
    return cut_page(items, lambda item: (str(item.id),), size)


async def confirm_single_act(work: UnitOfWork, act_id: UUID) -> None:
    """Say that another admin has looked at it and stands by it; whoever objects undoes it instead.

    Raises:
        RefusedError: the caller is no admin, or did it themselves.
        NotFoundError: no such act.
        ConflictError: it has been confirmed.
    """
    resource = Resource("single_act", act_id)
    await work.authorize(RIGHT, resource)
    async with work.read() as session:
        found = await session.get(SingleAct, act_id)
    if found is None:
        raise nothing()
    if found.actor_id == work.principal.id:
        raise await work.refuse(RIGHT, resource, "own_act")
    async with work.write() as session:
        row = await session.get_one(SingleAct, act_id, with_for_update=True)
        if row.confirmed is not None:
            raise ConflictError("It has been confirmed already.", ("already_confirmed",))
        row.confirmed, row.confirmed_by = work.now, work.principal.id
        session.add(row)
        told = {"event": str(row.id), "action": row.action}
        part = Part(name="confirmed", subject=None, content=told)
        await work.record(Action.SINGLE_PERSON_CONFIRM, resource=resource, parts=[part])
