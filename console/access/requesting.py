"""Asks for access: a pending change with everything a reviewer will be shown."""

import json
from typing import Final
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from uuid_utils.compat import uuid7

from audit.event import Part
from audit.events import Action
from console.access.automatic import approve_automatically
from console.access.facts import describe_content
from console.access.forms import AccessRequestCreate, RequestCreated
from console.access.receiving import Receiver, find_member, find_receiver
from console.catalog.facts import RouteFacts, find_route, route_resource
from console.changes.asking import planned
from console.changes.forms import Asked
from console.changes.plans import plan_for
from console.changes.rows import change_row
from console.changes.seen import nothing
from console.changes.states import state_is
from console.errors import ConflictError, InvalidInputError
from console.finding import find_person
from console.questions import Resource
from console.work import UnitOfWork
from policy.approvals import may_be_automatic
from policy.canonical import canonical, content_hash
from policy.decision import Document
from policy.errors import InvalidRequestError
from policy.facts import describe_change
from policy.models import Change, ChangeKind, ChangeState
from policy.permissions import Permission
from policy.plan import Plan
from sso.models import Person, Team

NOBODY: Final = UUID(int=0)
NOT_IN_IT: Final = "This is nobody of that team, or they are kept out."
NOT_THEIRS: Final = "This is no service account of that team, or it is disabled."


async def request_access(
    work: UnitOfWork, form: AccessRequestCreate, renews: UUID | None = None
) -> RequestCreated:
    """Ask that a team of the caller's, one of its service accounts or one of its members, may call a route.

    `renews` is the grant that this one is to follow, when it is asked for anew.

    Raises:
        NotFoundError: no such route, or none the caller may know of.
        RefusedError: the team is none of the caller's; for a service account or another member, they do not
            own it.
        InvalidInputError: purpose or duration is out of bounds, or who would receive it is none of its.
        ConflictError: the same request of the caller's is pending; or it would be given at once, and
            the model was changed meanwhile.
    """
    person = await _person(work, form)
    route, resource = await _asked_for(work, form, person)
    await work.authorize(Permission.ACCESS_REQUEST_CREATE, resource)
    receiver = await _receiver(work, form, person)
    content = _content(work, route, form, receiver, renews)
    change_id = uuid7()
    plan = await plan_for(work, _document(change_id, content, route.model.purpose))
    async with work.write() as session:
        team = (await session.exec(select(Team).where(col(Team.name) == form.team))).one()
        await _refuse_twin(session, work, (route.route.id, team.id, receiver))
        change = _change(content, plan, change_id=change_id, route=route, team=team, work=work)
        session.add(change)
        await session.flush()
        await _record(work, change, resource, content)
        if change.automatic:
            await approve_automatically(work, session, change.id)
    required = [Asked(group=entry.group, count=entry.count) for entry in plan.required]
    return RequestCreated(
        id=change.id,
        state=change.state.value,
        content_hash=change.content_hash,
        required=required,
        grant_id=change.grant_id,
    )


async def _asked_for(
    work: UnitOfWork, form: AccessRequestCreate, person: UUID | None
) -> tuple[RouteFacts, Resource]:
    async with work.read() as session:
        route = await find_route(session, form.route)
        if route is None:
            raise nothing()
        found = await route_resource(session, route, work.principal.id)
    return route, route.resource(
        found.grants,
        receiving_team=form.team,
        receiving_service=form.service,
        receiving_person=person,
    )


async def _person(work: UnitOfWork, form: AccessRequestCreate) -> UUID | None:
    """Return the person it is asked for; who may not ask for others never hears whether somebody exists."""
    if form.person is None:
        return None
    async with work.read() as session:
        try:
            return await find_person(session, form.person, "person")
        except InvalidInputError:
            return NOBODY


async def _receiver(work: UnitOfWork, form: AccessRequestCreate, person: UUID | None) -> Receiver | None:
    """Return who alone it is asked for; whoever may ask for it may know the team's accounts and members."""
    if form.service is None and person is None:
        return None
    async with work.read() as session:
        team = (await session.exec(select(Team).where(col(Team.name) == form.team))).one()
        if person is not None:
            found = await find_member(session, person, team.id)
        else:
            found = await find_receiver(session, form.service or NOBODY, team.id)
    if found is None and person is not None:
        raise InvalidInputError(NOT_IN_IT, ("not_a_member_of_the_team",), {"person": NOT_IN_IT})
    if found is None:
        raise InvalidInputError(NOT_THEIRS, ("not_a_service_of_the_team",), {"service": NOT_THEIRS})
    return found


def _content(
    work: UnitOfWork,
    route: RouteFacts,
    form: AccessRequestCreate,
    receiver: Receiver | None,
    renews: UUID | None,
) -> Document:
    try:
        return describe_content(
            route,
            work.principal.id,
            form.team,
            form.purpose,
            form.duration_days,
            receiver=receiver,
            monthly_calls=form.monthly_calls,
            renews=str(renews) if renews else None,
        )
    except InvalidRequestError as error:
        raise InvalidInputError(str(error), (error.code,)) from None


def _document(change_id: UUID, content: Document, purpose: str) -> Document:
    route = content["route"]
    return describe_change(
        id=change_id,
        requester=str(content["requester"]),
        content_hash=content_hash(content),
        tier=str(content["tier"]),
        data_class=str(content["data_class"]),
        team=route["team"] if isinstance(route, dict) else "",
        receiving_team=str(content["team"]),
        purpose=purpose,
        duration_days=int(str(content["duration_days"])),
    )


def _change(
    content: Document, plan: Plan, *, change_id: UUID, route: RouteFacts, team: Team, work: UnitOfWork
) -> Change:
    now = work.now
    return Change(
        id=change_id,
        kind=ChangeKind.ACCESS,
        resource_type="route",
        resource_id=route.route.id,
        team_id=team.id,
        requester_id=work.principal.id,
        content=canonical(content).decode(),
        content_hash=content_hash(content),
        state=ChangeState.PENDING,
        required=canonical(plan.required_document()).decode(),
        policy_revision=plan.revision,
        created=now,
        automatic=plan.automatic and may_be_automatic(str(content["tier"]), str(content["data_class"])),
        **planned(plan, now),
    )


async def _refuse_twin(
    session: AsyncSession, work: UnitOfWork, asked: tuple[UUID, UUID, Receiver | None]
) -> None:
    route_id, team_id, receiver = asked
    # Two equal requests at the same moment wait for each other here (PostgreSQL; SQLite has one writer).
    await session.get_one(Person, work.principal.id, with_for_update=True)
    same = select(Change.content).where(
        col(Change.requester_id) == work.principal.id,
        col(Change.resource_id) == route_id,
        col(Change.team_id) == team_id,
        state_is(ChangeState.PENDING, work.now),
    )
    contents = [json.loads(content) for content in await session.exec(same)]
    named = [one.get("service", one.get("person", {})).get("id") for one in contents]
    if (str(receiver.id) if receiver else None) in named:
        raise ConflictError("You have asked for this already; it is pending.", ("already_pending",))


async def _record(work: UnitOfWork, change: Change, resource: Resource, content: Document) -> None:
    facts = {name: value for name, value in content.items() if name not in {"purpose", "requester"}}
    own = {"purpose": content["purpose"]}
    await work.record(
        Action.ACCESS_REQUEST_CREATE,
        resource=resource,
        request=change.id,
        rows=[change_row(change, change.created)],
        parts=[
            Part(name="access_request", subject=None, content={**facts, "content_hash": change.content_hash}),
            Part(name="purpose", subject=change.requester_id, content=own),
        ],
    )
