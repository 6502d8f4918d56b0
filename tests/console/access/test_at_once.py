"""Answers that arrive at the same moment, and a policy or a database that changes in between."""

import asyncio
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import select

from console.services import with_decider
from policy.decision import Document, Entrypoint, Evaluation
from policy.errors import DeciderFailedError
from policy.models import Change, Grant, Review
from tests.console.one_app import console_on


async def rows(services: Any, table: Any) -> list[Any]:
    async with services.database.read() as session:
        return list(await session.exec(select(table)))


async def test_two_last_approvals_at_once_make_one_grant(desk: Any) -> None:
    request = await desk.asked()
    answers = await asyncio.gather(desk.answer("owner", request), desk.answer("reviewer", request))
    assert sorted(answer.json()["state"] for answer in answers) == ["approved", "pending"]
    assert len(await rows(desk.services, Grant)) == 1


async def test_one_sign_in_at_once_signs_one_submission(desk: Any, admit: Any) -> None:
    await admit("auditor", ("retail",))
    requests = [await desk.asked(), await desk.asked("auditor")]
    token = desk.token_for("owner", step_up=True)
    answers = await asyncio.gather(*(desk.answer("owner", request, token=token) for request in requests))
    assert sorted(answer.status_code for answer in answers) == [201, 403]
    assert len(await rows(desk.services, Review)) == 1


async def test_two_equal_requests_at_once_leave_one(desk: Any) -> None:
    answers = await asyncio.gather(desk.ask(), desk.ask())
    assert sorted(answer.status_code for answer in answers) == [201, 409]


async def test_under_another_policy_the_plan_is_asked_anew(desk: Any, services: Any) -> None:
    request = await desk.asked()
    async with services.database.write() as session:
        change = await session.get_one(Change, UUID(request["id"]))
        change.required, change.policy_revision = '[{"count":9,"group":"reviewer"}]', "0" * 64
        session.add(change)
    await desk.answer("owner", request)
    assert (await desk.answer("reviewer", request)).json()["state"] == "approved"
    [change] = await rows(services, Change)
    assert change.policy_revision == services.policy_revision


async def test_what_cannot_be_recorded_does_not_happen(desk: Any, services: Any) -> None:
    request = await desk.asked()
    await desk.answer("owner", request)
    refuse = "CREATE TRIGGER full BEFORE INSERT ON outbox BEGIN SELECT RAISE(ABORT, 'disk full'); END"
    async with services.database.engine.begin() as connection:
        await connection.execute(sa.text(refuse))
    answer = await desk.answer("reviewer", request)
    assert (answer.status_code, answer.json()["reasons"]) == (503, ["audit_unavailable"])
    assert await rows(services, Grant) == []
    assert len(await rows(services, Review)) == 1


class SilentAboutPlans:
    """Decides like the engine behind it, and fails when asked whose approvals a change needs."""

    name = "silent"

    def __init__(self, engine: Any) -> None:
        self.engine = engine

    async def evaluate(self, entrypoint: Entrypoint, document: Document) -> Evaluation:
        if entrypoint is Entrypoint.PLAN:
            raise DeciderFailedError("no plan")
        return await self.engine.evaluate(entrypoint, document)  # type: ignore[no-any-return]

    async def ping(self) -> None:
        await self.engine.ping()

    async def close(self) -> None:
        await self.engine.close()


async def test_without_a_plan_nothing_is_asked(desk: Any, api: Any, services: Any, decider: Any) -> None:
    api._transport.app = console_on(with_decider(services, SilentAboutPlans(decider)))
    answer = await desk.ask()
    assert (answer.status_code, answer.json()["reasons"]) == (503, ["policy_error"])
    assert await rows(services, Change) == []
