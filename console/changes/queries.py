"""Reads of changes that take two people: lists of them, and one with what it would do."""

import json
from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from audit.events import Action
from console.changes.asked import answers_of
from console.changes.forms import ChangeDetail, ChangeItem
from console.changes.kept import find_kept
from console.changes.kinds import KeptChange, kind_of, known_kinds
from console.changes.seen import authorize_seen, nothing
from console.changes.shown import asked_list, people_by_id, review_reads, told_plan
from console.changes.states import state_at, state_is
from console.clock import to_text
from console.web.listing import cursor_id
from console.web.pagination import PAGE_SIZE, Key, KeysetPage, cut_page
from console.work import UnitOfWork
from policy import scope as scopes
from policy.approvals import missing
from policy.changes import approvals
from policy.models import Change, ChangeKind, ChangeState
from policy.permissions import Permission
from policy.plan import read_group_counts
from sso.models import Team

READING = Permission.CHANGE_READ


async def list_changes(
    work: UnitOfWork,
    state: ChangeState | None = None,
    after: Key | None = None,
    size: int = PAGE_SIZE,
    kinds: Collection[ChangeKind] | None = None,
) -> KeysetPage[ChangeItem]:
    """Return one page of the changes the caller may read, of some kinds or of all, the newest first."""
    scope = await work.scope(READING)
    columns: dict[str, Any] = {
        "person": col(Change.requester_id),
        # What is kept of everybody is no team's.
        "team": sa.select(col(Team.name)).where(col(Team.id) == col(Change.team_id)).scalar_subquery(),
    }
    query = select(Change).where(
        col(Change.kind).in_(known_kinds() if kinds is None else kinds), scopes.compile(scope, columns)
    )
    if state is not None:
        query = query.where(state_is(state, work.now))
    if after is not None:
        query = query.where(col(Change.id) < cursor_id(after))
    async with work.read() as session:
        rows = (await session.exec(query.order_by(col(Change.id).desc()).limit(size + 1))).all()
        items = await _items(work, session, rows)
    return cut_page(items, lambda item: (str(item.id),), size)


async def read_change(work: UnitOfWork, change_id: UUID) -> ChangeDetail:
    """Return one change with what it would do; the read is recorded.

    Raises:
        NotFoundError: no such change, or none the caller may read.
    """
    async with work.read() as session:
        found = await find_kept(work.services, session, change_id, by=work.principal.id)
    if found is None:
        raise nothing()
    resource = found.resource()
    await authorize_seen(work, READING, resource, READING)
    async with work.write():
        await work.record(Action.CHANGE_READ, resource=resource, request=change_id)
    async with work.read() as session:
        return await _detail(work, session, found)


async def _detail(work: UnitOfWork, session: AsyncSession, found: KeptChange) -> ChangeDetail:
    change, pending = found.change, state_at(found.change, work.now) is ChangeState.PENDING
    (item,) = await _items(work, session, [change])
    party = work.principal.id in found.parties | found.kind.authors(found.content)
    lacking = missing(found.required, approvals(found.for_rules(work.now))) if pending else ()
    does = await found.kind.consequences(work.services, session, found.content) if pending else ()
    return ChangeDetail(
        **{**item.model_dump(), "asked": item.asked and not party},
        party=party,
        content=found.content,
        content_hash=change.content_hash,
        missing=asked_list(lacking),
        reviews=await review_reads(session, found.reviews),
        stale=found.why_stale() if pending else None,
        own=change.requester_id == work.principal.id,
        consequences=list(does),
        **told_plan(change, overdue=found.answers.overdue),
    )


async def _items(work: UnitOfWork, session: AsyncSession, rows: Sequence[Change]) -> list[ChangeItem]:
    me, now = work.principal.id, work.now
    mine = await answers_of(session, me, now)
    people = await people_by_id(session, [row.requester_id for row in rows])
    found = []
    for row in rows:
        content, required = json.loads(row.content), read_group_counts(json.loads(row.required))
        state, kind = state_at(row, now), kind_of(row.kind)
        barred = kind.parties(content) | kind.authors(content)
        awaited = mine.awaited(row, kind.team(content), now, barred)
        found.append(
            ChangeItem(
                id=row.id,
                kind=row.kind.value,
                state=state.value,
                sentence=kind.sentence(content),
                requester=people[row.requester_id],
                created=to_text(row.created),
                decided=to_text(row.decided) if row.decided else None,
                required=asked_list(required),
                due=to_text(row.due) if row.due and state is ChangeState.PENDING else None,
                asked=awaited and state is ChangeState.PENDING,
            )
        )
    return found
