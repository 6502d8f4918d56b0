"""Reads of what is kept: retention, holds, and the changes that wait or were decided."""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from audit.custody.count import removed_until
from audit.custody.holds import hold_of
from audit.custody.retention import CLASSES, DEFAULT_DAYS, FLOOR_DAYS
from audit.events import Action
from audit.models import LegalHold, RetentionRow
from console.changes.facts import groups_now
from console.changes.forms import Someone
from console.changes.seen import authorize_seen, nothing
from console.changes.shown import asked_list, review_reads, someone
from console.changes.states import state_at, state_is
from console.clock import to_text
from console.custody.facts import find_kept
from console.custody.forms import ChangeDetail, ChangeItem, HoldRead, RetentionRead
from console.custody.holding import tell_conditions
from console.custody.kinds import KeptChange, kind_of, known_kinds
from console.custody.retention import MEANINGS
from console.questions import Resource
from console.web.listing import cursor_id
from console.web.pagination import PAGE_SIZE, Key, KeysetPage, cut_page
from console.work import UnitOfWork
from policy import scope as scopes
from policy.approvals import missing
from policy.changes import approvals
from policy.models import Change, ChangeState, Review
from policy.permissions import Permission
from policy.plan import read_group_counts
from sso.models import Profile

READING = Permission.CHANGE_READ


async def read_retention(work: UnitOfWork) -> list[RetentionRead]:
    """Return how long each class is kept, and how far it has been removed.

    Raises:
        RefusedError: the caller reads nothing of what is kept.
    """
    await work.authorize(READING, Resource("retention"))
    async with work.read() as session:
        rows = {row.name: row for row in await session.exec(select(RetentionRow))}
    removed = await removed_until(work.services.log.engine)
    return [_retention_read(name, rows.get(name), removed.get(name, 0)) for name in CLASSES]


async def list_holds(work: UnitOfWork, *, everything: bool = False) -> list[HoldRead]:
    """Return the holds in force, or all there ever were, the newest first.

    Raises:
        RefusedError: the caller reads nothing of what is kept.
    """
    await work.authorize(READING, Resource("hold"))
    query = select(LegalHold).order_by(col(LegalHold.id).desc())
    async with work.read() as session:
        rows = (
            await session.exec(query if everything else query.where(col(LegalHold.released).is_(None)))
        ).all()
        people = await _people(session, [one for row in rows for one in (row.created_by, row.actor) if one])
    return [_hold_read(row, people) for row in rows]


async def read_hold(work: UnitOfWork, hold_id: UUID) -> HoldRead:
    """Return one hold to who has just made it; the caller has been authorized."""
    async with work.read() as session:
        row = await session.get_one(LegalHold, hold_id)
        people = await _people(session, [one for one in (row.created_by, row.actor) if one])
    return _hold_read(row, people)


async def list_changes(
    work: UnitOfWork, state: ChangeState | None = None, after: Key | None = None, size: int = PAGE_SIZE
) -> KeysetPage[ChangeItem]:
    """Return one page of the changes the caller may read, the newest first."""
    scope = await work.scope(READING)
    columns: dict[str, Any] = {
        "person": col(Change.requester_id),
        "team": sa.cast(sa.null(), sa.String),  # what is kept of everybody is no team's
    }
    query = select(Change).where(col(Change.kind).in_(known_kinds()), scopes.compile(scope, columns))
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
        found = await find_kept(work.services, session, change_id)
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
    lacking = missing(found.required, approvals(found.for_rules(work.now))) if pending else ()
    does = await found.kind.consequences(work.services, session, found.content) if pending else ()
    return ChangeDetail(
        **item.model_dump(),
        content=found.content,
        content_hash=change.content_hash,
        missing=asked_list(lacking),
        reviews=await review_reads(session, found.reviews),
        stale=found.why_stale() if pending else None,
        own=change.requester_id == work.principal.id,
        consequences=list(does),
    )


async def _items(work: UnitOfWork, session: AsyncSession, rows: Sequence[Change]) -> list[ChangeItem]:
    me, now = work.principal.id, work.now
    given = set(await session.exec(select(Review.change_id).where(col(Review.reviewer_id) == me)))
    groups = await groups_now(session, me, "")
    people = await _people(session, [row.requester_id for row in rows])
    found = []
    for row in rows:
        content, required = json.loads(row.content), read_group_counts(json.loads(row.required))
        state, kind = state_at(row, now), kind_of(row.kind)
        mine = row.requester_id == me or me in kind.parties(content) or row.id in given
        awaited = not mine and not groups.isdisjoint(entry.group for entry in required)
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
                asked=awaited and state is ChangeState.PENDING,
            )
        )
    return found


async def _people(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, Someone]:
    profiles = {
        one.person_id: one
        for one in await session.exec(select(Profile).where(col(Profile.person_id).in_(set(ids))))
    }
    return {person: someone(person, profiles.get(person)) for person in ids}


def _retention_read(name: str, row: RetentionRow | None, removed: int) -> RetentionRead:
    return RetentionRead(
        name=name,
        meaning=MEANINGS[name],
        days=row.days if row else None,
        default_days=DEFAULT_DAYS[name],
        floor_days=FLOOR_DAYS,
        change=row.change_id if row else None,
        since=to_text(row.created) if row else None,
        removed_until=removed,
    )


def _hold_read(row: LegalHold, people: Mapping[UUID, Someone]) -> HoldRead:
    conditions = hold_of(row).row()
    actor = people[row.actor] if row.actor else None
    named = {**conditions, "actor": actor.shown} if actor else conditions
    return HoldRead(
        id=row.id,
        covers=tell_conditions(named),
        actor=actor,
        conditions=conditions,
        reason=row.reason,
        created=to_text(row.created),
        created_by=people[row.created_by],
        released=to_text(row.released) if row.released else None,
        released_by=row.released_by,
    )
