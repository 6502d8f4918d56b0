"""No record, no action; nobody acts undecided; a refusal leaves its record and nothing else."""

import asyncio
from dataclasses import replace
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from audit.database import for_writing
from audit.event import Outcome, Part
from audit.events import Action
from audit.models import subject_key
from audit.subjects.subject_keys import KeyStore
from console.errors import (
    AuditUnavailableError,
    ConflictError,
    NotFoundError,
    PolicyUndecidedError,
    RefusedError,
    ServiceUnavailableError,
)
from console.questions import Origin, Resource
from console.services import Services, with_decider
from console.work import Row, UnitOfWork
from policy.decision import Document, Entrypoint, Evaluation
from policy.errors import DeciderTimeoutError
from policy.permissions import Permission
from sso.models import Team
from sso.principal import system_principal
from tests.console.conftest import START, Catalog, WorkAs
from tests.console.visitor import heads
from tests.patience import PATIENCE

RULE = Resource("mapping_rule")
CREATE = Permission.MAPPING_RULE_CREATE


class SilentDecider:
    """An engine that never answers in time."""

    name = "silent"

    async def evaluate(self, entrypoint: Entrypoint, document: Document) -> Evaluation:
        raise DeciderTimeoutError("No answer.")

    async def ping(self) -> None:
        raise DeciderTimeoutError("No answer.")

    async def close(self) -> None:
        pass


async def teams_named(services: Services, name: str) -> int:
    async with services.database.read() as session:
        return len((await session.exec(select(Team).where(col(Team.name) == name))).all())


async def execute(services: Services, *statements: str) -> None:
    async with services.database.engine.begin() as connection:
        for statement in statements:
            await connection.execute(sa.text(statement))


async def add_team(work: UnitOfWork, name: str, *parts: Part) -> None:
    async with work.write() as session:
        team = Team(name=name, created=START)
        session.add(team)
        row = Row("team", team.id, {"name": name}, START)
        await work.record(Action.TEAM_CREATE, resource=Resource("team", team.id), rows=[row], parts=parts)


async def test_rows_and_their_record_are_committed_together(services: Services, work_as: WorkAs) -> None:
    work = await work_as("admin")
    decision = await work.authorize(CREATE, RULE)
    await add_team(work, "finance")
    assert await teams_named(services, "finance") == 1
    (head,) = await heads(services, "team.create")
    assert head["decision"] == str(decision.id)
    assert head["actor"] == str(work.principal.id)
    assert head["policy"] == services.policy_revision


async def test_a_refusal_is_recorded_then_raised_and_leaves_no_row(
    services: Services, work_as: WorkAs
) -> None:
    work = await work_as("member")
    with pytest.raises(RefusedError) as refused:
        await work.authorize(CREATE, RULE)
    (head,) = await heads(services, "mapping_rule.create")
    assert head["outcome"] == "denied"
    assert head["reasons"] == list(refused.value.reasons) == ["role_missing:admin"]
    assert head["decision"] == str(refused.value.decision_id)


async def test_what_was_refused_is_not_done_by_a_caller_that_goes_on(
    services: Services, work_as: WorkAs
) -> None:
    work = await work_as("member")
    with pytest.raises(RefusedError):
        await work.authorize(CREATE, RULE)
    with pytest.raises(RuntimeError, match="not done"):
        await add_team(work, "mine")
    assert await teams_named(services, "mine") == 0


async def test_an_earlier_decision_does_not_serve_for_a_later_question(
    services: Services, work_as: WorkAs
) -> None:
    work = await work_as("admin")
    await work.authorize(CREATE, RULE)
    await execute(services, "ALTER TABLE membership RENAME TO gone")
    with pytest.raises(ServiceUnavailableError) as unread:
        await work.authorize(Permission.CLUSTER_CREATE, Resource("cluster"))
    assert unread.value.reasons == ("database_unavailable",)
    with pytest.raises(RuntimeError, match="undecided"):
        await add_team(work, "mine")


async def test_nobody_records_undecided_or_outside_a_transaction(services: Services, work_as: WorkAs) -> None:
    work = await work_as("admin")
    with pytest.raises(RuntimeError, match="undecided"):
        await add_team(work, "mine")
    with pytest.raises(RuntimeError, match="inside write"):
        await work.record(Action.TEAM_CREATE)
    assert await teams_named(services, "mine") == 0
    assert await heads(services, "team.create") == []


async def test_a_change_that_nobody_recorded_is_no_change(services: Services, work_as: WorkAs) -> None:
    work = await work_as("admin")
    await work.authorize(CREATE, RULE)
    with pytest.raises(RuntimeError, match="no record, no action"):
        async with work.write() as session:
            session.add(Team(name="silent", created=START))
    async with work.write() as session:
        session.add(Team(name="flushed", created=START))
        await session.flush()
    assert await teams_named(services, "silent") == await teams_named(services, "flushed") == 0


async def test_a_decision_is_never_awaited_inside_a_transaction(work_as: WorkAs) -> None:
    work = await work_as("admin")
    await work.authorize(CREATE, RULE)
    async with work.write():
        with pytest.raises(RuntimeError, match="before write"):
            await work.authorize(CREATE, RULE)
        with pytest.raises(RuntimeError, match="does not nest"):
            async with work.write():
                pass
        await work.record(Action.TEAM_CREATE)


@pytest.mark.parametrize(
    "broken",
    [
        "ALTER TABLE outbox RENAME TO gone",
        "ALTER TABLE row_version RENAME TO gone",
        "CREATE TRIGGER full BEFORE INSERT ON outbox BEGIN SELECT RAISE(ABORT, 'disk full'); END",
        "CREATE TRIGGER full BEFORE INSERT ON outbox BEGIN SELECT RAISE(FAIL, 'disk full'); END",
    ],
)
async def test_a_write_whose_record_cannot_be_kept_is_rolled_back(
    services: Services, work_as: WorkAs, broken: str
) -> None:
    work = await work_as("admin")
    await work.authorize(CREATE, RULE)
    await execute(services, broken)
    with pytest.raises(AuditUnavailableError) as unrecorded:
        await add_team(work, "lost")
    assert unrecorded.value.reasons == ("audit_unavailable",)
    assert await teams_named(services, "lost") == 0


async def test_a_record_that_cannot_be_sealed_takes_its_act_with_it(
    services: Services, work_as: WorkAs
) -> None:
    work = await work_as("admin")
    await work.authorize(CREATE, RULE)
    for part in (
        Part(name="float", subject=None, content={"amount": 0.5}),
        Part(name="key", subject=None, content={"Not A Key": 1}),
    ):
        with pytest.raises(AuditUnavailableError):
            await add_team(work, "unsealed", part)
    async with for_writing(services.keys.engine).begin() as connection:
        await connection.execute(subject_key.update().values(wrapped=None, erased=1))
    # A key that was read is remembered for five seconds.
    services.clock.forward(6)  # type: ignore[attr-defined]
    with pytest.raises(AuditUnavailableError):
        await add_team(work, "unsealed")
    assert await teams_named(services, "unsealed") == 0


async def test_a_key_of_another_installation_seals_nothing(services: Services, work_as: WorkAs) -> None:
    known = await work_as("admin")
    foreign = KeyStore(services.settings.keys_url, bytes(32), services.clock)
    work = UnitOfWork(replace(services, keys=foreign), known.principal, known.origin)
    await work.authorize(CREATE, RULE)
    with pytest.raises(AuditUnavailableError):
        await add_team(work, "foreign")
    assert await teams_named(services, "foreign") == 0
    await foreign.close()


async def test_a_refusal_that_cannot_be_recorded_is_no_permission(
    services: Services, work_as: WorkAs
) -> None:
    work = await work_as("member")
    await execute(services, "ALTER TABLE outbox RENAME TO gone")
    with pytest.raises(AuditUnavailableError):
        await work.authorize(CREATE, RULE)


async def test_a_lost_race_for_a_row_is_a_conflict_not_a_failure(
    services: Services, work_as: WorkAs, teams: dict[str, UUID]
) -> None:
    work = await work_as("admin")
    await work.authorize(CREATE, RULE)
    with pytest.raises(ConflictError) as overtaken:
        await add_team(work, "risk")
    assert overtaken.value.reasons == ("overtaken",)
    assert await heads(services, "team.create") == []


async def test_no_answer_of_the_engine_is_a_recorded_denial(services: Services, work_as: WorkAs) -> None:
    silent = with_decider(services, SilentDecider())
    known = await work_as("admin")
    work = UnitOfWork(silent, known.principal, known.origin)
    with pytest.raises(PolicyUndecidedError) as undecided:
        await work.authorize(CREATE, RULE)
    assert undecided.value.reasons == ("policy_timeout",)
    (head,) = await heads(services, "mapping_rule.create")
    assert (head["outcome"], head["reasons"]) == ("denied", ["policy_timeout"])
    with pytest.raises(PolicyUndecidedError):
        await work.scope(Permission.MODEL_READ)
    assert not await work.allowed(CREATE, RULE)


async def test_a_stranger_to_something_hidden_finds_nothing(
    services: Services, work_as: WorkAs, catalog: Catalog
) -> None:
    work = await work_as("member")
    hidden = Resource("route", catalog.tumour.id, {"team": "health", "visibility": "hidden"})
    with pytest.raises(NotFoundError):
        await work.authorize(Permission.MODEL_READ, hidden)
    (head,) = await heads(services, "model.read")
    assert (head["outcome"], head["reasons"]) == ("denied", ["not_found"])


async def test_a_floor_of_ours_refuses_with_a_record_and_the_decision_it_overrules(
    services: Services, work_as: WorkAs
) -> None:
    work = await work_as("admin")
    decision = await work.authorize(CREATE, RULE)
    refused = await work.refuse(CREATE, RULE, "second_admin_needed")
    assert (refused.reasons, refused.decision_id) == (("second_admin_needed",), decision.id)
    (head,) = await heads(services, "mapping_rule.create")
    assert (head["outcome"], head["reasons"]) == ("denied", ["second_admin_needed"])


async def test_readers_inside_readers_share_one_connection(services: Services, work_as: WorkAs) -> None:
    known = await work_as("member")

    async def read_twice() -> None:
        work = UnitOfWork(services, known.principal, known.origin)
        async with work.read() as outer:
            await outer.exec(select(Team))
            async with work.read() as inner:
                assert inner is outer
            await work.scope(Permission.MODEL_READ)

    # More at once than the pool has connections: each holding one and wanting another would wait for ever.
    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*(read_twice() for _ in range(30)))


async def test_the_system_acts_in_its_own_name(services: Services) -> None:
    work = UnitOfWork(services, system_principal("tests"), Origin("tests"))
    await add_team(work, "made-by-us")
    (head,) = await heads(services, "team.create")
    assert head["actor"] == str(system_principal("tests").id)
    assert head["outcome"] == Outcome.SUCCESS.value
