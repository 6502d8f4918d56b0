"""Who leaves holds nothing a moment later, and each thing that ended is in the log (gitlab#422582)."""

from uuid import UUID

import pytest
from sqlmodel import col, select

from audit.models import RowVersion
from console.access.forms import AccessRequestCreate
from console.access.requesting import request_access
from console.access.reviewing import review_request
from console.changes.forms import ReviewCreate
from console.people.leaving import disable_person, enable_person
from console.questions import Origin
from console.services import Services
from console.work import UnitOfWork
from policy.models import Change, ChangeState, Grant, PrincipalType, Review
from sso.errors import SignInError
from sso.models import Person, PersonState, Session
from sso.principal import Principal, system_principal
from tests.console.conftest import START, Admit, Catalog, WorkAs
from tests.console.visitor import heads

pytestmark = pytest.mark.slow

ASKED = {"route": "risk.credit-default", "team": "retail", "purpose": "Score shops", "duration_days": 30}


async def disable(services: Services, person: UUID) -> bool:
    work = UnitOfWork(services, system_principal("worker"), Origin("process"))
    async with work.write() as session:
        return await disable_person(work, session, person, "scim_deactivated")


async def ask(work: UnitOfWork) -> UUID:
    return (await request_access(work, AccessRequestCreate(**ASKED))).id  # type: ignore[arg-type]


async def approve(services: Services, work: UnitOfWork, request: UUID) -> None:
    async with services.database.read() as session:
        signed = (await session.get_one(Change, request)).content_hash
    answer = ReviewCreate(decision="approve", meaning="fine", reason="as said", content_hash=signed)  # type: ignore[arg-type]
    await review_request(work, request, answer)


async def give(services: Services, person: UUID, catalog: Catalog, change: UUID) -> UUID:
    async with services.database.write() as session:
        grant = Grant(
            id=change,
            principal_type=PrincipalType.PERSON,
            principal_id=person,
            permission="model.invoke",
            resource_type="route",
            resource_id=catalog.credit.id,
            change_id=change,
            starts=START,
            ends=START + 10**15,
        )
        session.add(grant)
    return change


async def test_sessions_requests_and_grants_of_who_leaves_end_together(
    services: Services, people: dict[str, Principal], catalog: Catalog, work_as: WorkAs
) -> None:
    person, request = people["member"].id, await ask(await work_as("member"))
    grant = await give(services, person, catalog, request)
    assert await disable(services, person)
    async with services.database.read() as session:
        assert (await session.get_one(Person, person)).state is PersonState.DISABLED
        assert (await session.get_one(Change, request)).state is ChangeState.WITHDRAWN
        assert (await session.get_one(Grant, grant)).revoked_at is not None
        sessions = (await session.exec(select(Session).where(col(Session.person_id) == person))).all()
    assert {one.revoke_reason for one in sessions} == {"scim_deactivated"}
    ended = [head["action"] for head in await heads(services)][-3:]
    assert ended == ["grant.revoke", "access_request.withdraw", "person.disable"]


async def test_their_answers_to_what_is_undecided_are_voided(
    services: Services, people: dict[str, Principal], catalog: Catalog, work_as: WorkAs
) -> None:
    assert catalog.credit.name == ASKED["route"]
    request = await ask(await work_as("member"))
    await approve(services, await work_as("owner", stepped_up=True), request)
    await disable(services, people["owner"].id)
    (voided,) = await heads(services, "review.void")
    assert voided["request"] == str(request)
    async with services.database.read() as session:
        assert (await session.exec(select(Review))).all() == []
        change = await session.get_one(Change, request)
        history = select(RowVersion).where(col(RowVersion.kind) == "review")
        states = [one.row is None for one in await session.exec(history.order_by(col(RowVersion.sequence)))]
    assert (change.state, states) == (ChangeState.PENDING, [False, True])
    await approve(services, await work_as("reviewer", stepped_up=True), request)
    async with services.database.read() as session:
        assert (await session.get_one(Change, request)).state is ChangeState.PENDING


async def test_who_is_out_already_is_not_recorded_again(
    services: Services, people: dict[str, Principal]
) -> None:
    assert await disable(services, people["member"].id)
    assert not await disable(services, people["member"].id)
    assert len(await heads(services, "person.disable")) == 1


async def test_who_comes_back_has_no_old_session(
    services: Services, people: dict[str, Principal], admit: Admit
) -> None:
    person = people["member"].id
    await disable(services, person)
    with pytest.raises(SignInError, match="disabled"):
        await admit("member", ("retail",))
    work = UnitOfWork(services, system_principal("worker"), Origin("process"))
    async with work.write() as session:
        assert await enable_person(work, session, person, "scim_activated")
    async with services.database.read() as session:
        live = select(Session).where(col(Session.person_id) == person, col(Session.revoked_at).is_(None))
        assert (await session.exec(live)).all() == []
    assert (await admit("member", ("retail",))).id == person
