"""Reads of access requests. Lists go through one scope decision; rows outside it are never fetched."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from console.access.again import is_asked_again
from console.access.asked import asked_condition
from console.access.basis import in_words, stale_of, to_repeat
from console.access.facts import RequestFacts, find_request
from console.access.forms import RequestDetail, RequestItem
from console.access.reading import record_reading
from console.access.shown import missing_now, receiving_people, request_item
from console.changes.asked import Answers, answers_of
from console.changes.seen import authorize_seen, nothing
from console.changes.shown import review_reads, told_plan
from console.changes.states import state_is
from console.models import Model, Route
from console.web.listing import cursor_id
from console.web.pagination import PAGE_SIZE, Key, KeysetPage, cut_page
from console.work import UnitOfWork
from policy import scope as scopes
from policy.models import Change, ChangeState
from policy.permissions import Permission
from policy.scope import Scope
from sso.models import Profile, Team


@dataclass(frozen=True, slots=True)
class RequestFilter:
    """Which requests somebody looks for: in a state, awaiting the caller's answer, asked by the caller."""

    state: ChangeState | None = None
    asked: bool = False
    own: bool = False


async def list_requests(
    work: UnitOfWork, wanted: RequestFilter, after: Key | None = None, size: int = PAGE_SIZE
) -> KeysetPage[RequestItem]:
    """Return one page of the requests the caller may read, newest first."""
    scope = await work.scope(Permission.ACCESS_REQUEST_READ)
    async with work.read() as session:
        mine = await answers_of(session, work.principal.id, work.now)
        query = _select().where(*_conditions(scope, wanted, mine, work.now))
        if after is not None:
            query = query.where(col(Change.id) < cursor_id(after))
        rows = (await session.exec(query.order_by(col(Change.id).desc()).limit(size + 1))).all()
        people = await receiving_people(session, [change for change, _ in rows])
    items = [request_item(change, profile, mine, work.now, people) for change, profile in rows]
    return cut_page(items, lambda item: (str(item.id),), size)


async def count_asked(work: UnitOfWork) -> int:
    """Return how many requests await the caller's answer."""
    scope = await work.scope(Permission.ACCESS_REQUEST_READ)
    async with work.read() as session:
        mine = await answers_of(session, work.principal.id, work.now)
        conditions = _conditions(scope, RequestFilter(asked=True), mine, work.now)
        query = _joined(sa.select(sa.func.count()).select_from(Change)).where(*conditions)
        return int((await session.exec(query)).scalar_one())


async def read_request(work: UnitOfWork, change_id: UUID) -> RequestDetail:
    """Return one request with its content, what is still missing, its reviews; reading another's is an act.

    Raises:
        NotFoundError: no such request, or none the caller may read.
    """
    async with work.read() as session:
        found = await find_request(session, change_id, work.now)
    if found is None:
        raise nothing()
    reading = Permission.ACCESS_REQUEST_READ
    await authorize_seen(work, reading, found.resource(), reading)
    await record_reading(work, found)
    async with work.read() as session:
        return await _detail(work, session, found)


async def _detail(work: UnitOfWork, session: AsyncSession, found: RequestFacts) -> RequestDetail:
    change, me = found.change, work.principal.id
    mine = await answers_of(session, me, work.now)
    profile = await session.get(Profile, change.requester_id)
    stale = found.why_stale() if change.state is ChangeState.PENDING else None
    changed = (await stale_of(session, [change.grant_id])).get(change.grant_id, []) if change.grant_id else []
    reviews = await review_reads(session, found.reviews)
    people = await receiving_people(session, [change])
    repeat = [one for one in reviews if one.decision == "approve" and to_repeat(changed, one.groups)]
    return RequestDetail(
        **request_item(change, profile, mine, work.now, people).model_dump(),
        content=found.content,
        content_hash=change.content_hash,
        missing=missing_now(found, work.now),
        reviews=reviews,
        stale=stale is not None,
        stale_because=stale,
        own=change.requester_id == me,
        changed=in_words(changed),
        repeat=repeat,
        again=bool(changed) and is_asked_again(found, mine, repeat),
        **told_plan(found.change, overdue=found.answers.overdue),
    )


def _conditions(
    scope: Scope, wanted: RequestFilter, mine: Answers, now: int
) -> Sequence[sa.ColumnElement[bool]]:
    columns: dict[str, Any] = {"team": col(Team.name), "person": col(Change.requester_id)}
    found = [scopes.compile(scope, columns)]
    if wanted.state is not None:
        found.append(state_is(wanted.state, now))
    if wanted.asked:
        found.append(asked_condition(mine, now))
    if wanted.own:
        found.append(col(Change.requester_id) == mine.person_id)
    return found


def _select() -> Any:  # noqa: ANN401 - SQLModel's select has no nameable type
    return _joined(select(Change, Profile)).outerjoin(
        Profile, col(Profile.person_id) == col(Change.requester_id)
    )


def _joined(query: Any) -> Any:  # noqa: ANN401 - the same
    return (
        query.join(Route, col(Route.id) == col(Change.resource_id))
        .join(Model, col(Model.id) == col(Route.model_id))
        .join(Team, col(Team.id) == col(Model.team_id))
    )
