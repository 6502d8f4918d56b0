"""An activation is staged until every engine known lately reports the revision it made active."""

from typing import Any

from sqlmodel import select

from console.policies.keys import signing_key
from console.policies.own_engine import AGAIN_SECONDS, PREFIX, OwnEngine, own_name
from console.policies.signing import sign_active
from console.policies.staging import OWN, SILENT_SECONDS, STAGED_SECONDS, Stage, read_stage
from console.policies.trouble import policy_trouble
from console.services import Services
from policy.bundles import Bundle
from policy.models import PolicyEngine
from tests.console.conftest import MovingClock
from tests.console.policies.conftest import put_in_force
from tests.console.visitor import visit


async def stage_of(services: Services) -> Stage:
    async with services.database.read() as session:
        return await read_stage(session, services, await services.policies.active(session))


async def states(services: Services, name: str, revision: str | None, **more: Any) -> None:
    """An OPA server reports its status now, or what `more` says."""
    now = services.clock()
    row = PolicyEngine(id=name, revision=revision, **{"reported": now, "stated": now, **more})
    async with services.database.write() as session:
        await session.merge(row)


async def activated(services: Services, clock: MovingClock, other: Bundle) -> None:
    """Two OPA servers had the revision before; two people made another one active a second later."""
    for name in ("opa-1", "opa-2"):
        await states(services, name, services.policy_revision)
    clock.forward(1)
    await put_in_force(services, other)
    await sign_active(services, signing_key(services.policies.keys))


async def test_it_is_staged_until_each_engine_has_reported(
    services: Services, clock: MovingClock, other: Bundle
) -> None:
    await activated(services, clock, other)
    stage = await stage_of(services)
    assert (stage.state, stage.count) == ("staged", "1 of 3 engines report it.")
    assert [engine.name for engine in stage.missing] == ["the OPA server opa-1", "the OPA server opa-2"]
    await states(services, "opa-1", other.revision)
    stage = await stage_of(services)
    assert (stage.state, stage.count) == ("staged", "2 of 3 engines report it.")
    assert stage.lacking is not None
    assert stage.lacking.startswith("The OPA server opa-2 reports revision ")
    await states(services, "opa-2", other.revision)
    assert (stage := await stage_of(services)).state == "complete"
    assert (stage.count, stage.lacking) == ("All 3 engines report it.", None)


async def test_after_a_minute_the_one_that_has_not_is_named_and_alarms(
    services: Services, clock: MovingClock, other: Bundle
) -> None:
    await activated(services, clock, other)
    await states(services, "opa-1", other.revision)
    clock.forward(STAGED_SECONDS - 1)
    assert (await stage_of(services)).state == "staged"
    assert await policy_trouble(services) is None
    clock.forward(1)
    assert (await stage_of(services)).state == "overdue"
    told = await policy_trouble(services)
    assert told is not None
    assert "opa-2 reports revision" in told
    assert "opa-1" not in told
    clock.forward(600)
    assert [engine.name for engine in (await stage_of(services)).engines] == [OWN], "the others are gone"


async def test_what_was_stated_before_the_activation_counts_for_nothing(
    services: Services, clock: MovingClock, other: Bundle
) -> None:
    """Logged decisions are heard of later, and the same revision may have been active before."""
    await states(services, "opa-1", other.revision)
    clock.forward(1)
    await put_in_force(services, other)
    async with services.database.write() as session:
        row = await session.get_one(PolicyEngine, "opa-1")
        row.reported, row.decisions = services.clock(), 5
        session.add(row)
    stage = await stage_of(services)
    assert [engine.has_it for engine in stage.engines if engine.name != OWN] == [False]
    assert "has not said which revision" in str(stage.lacking)


async def test_an_engine_that_cannot_take_it_says_why(
    services: Services, clock: MovingClock, other: Bundle
) -> None:
    await activated(services, clock, other)
    await states(services, "opa-1", other.revision)
    await states(services, "opa-2", other.revision, trouble="Bundle verification failed")
    stage = await stage_of(services)
    assert stage.state == "staged"
    assert "opa-2 keeps an older revision: Bundle verification failed" in str(stage.lacking)


async def test_our_own_engine_that_may_not_take_it_is_named(
    services: Services, clock: MovingClock, other: Bundle
) -> None:
    await put_in_force(services, other)
    stage = await stage_of(services)
    assert [(engine.name, engine.has_it) for engine in stage.engines] == [(OWN, False)]
    assert "The active revision is not signed yet" in str(stage.lacking)
    await sign_active(services, signing_key(services.policies.keys))
    assert (await stage_of(services)).is_complete


async def test_an_engine_of_another_process_is_waited_for_until_that_ends(
    services: Services, clock: MovingClock, other: Bundle
) -> None:
    await states(services, f"{PREFIX}process 77:night", services.policy_revision)
    clock.forward(1)
    await put_in_force(services, other)
    await sign_active(services, signing_key(services.policies.keys))
    stage = await stage_of(services)
    assert (stage.state, stage.count) == ("staged", "1 of 2 engines report it.")
    assert str(stage.lacking).startswith("The engine of process 77 on night reports revision ")
    await states(services, f"{PREFIX}process 77:night", other.revision)
    assert (await stage_of(services)).is_complete
    clock.forward(SILENT_SECONDS)
    assert [engine.name for engine in (await stage_of(services)).engines] == [OWN]


async def test_this_process_takes_what_is_active_unasked_and_says_so(
    services: Services, clock: MovingClock, other: Bundle
) -> None:
    own = OwnEngine(services)
    assert (await own.tell(), await own.tell()) == (True, False)
    await put_in_force(services, other)
    assert await own.tell()
    assert (await said(services)).trouble == "The active revision is not signed yet."
    await sign_active(services, signing_key(services.policies.keys))
    assert await own.tell()
    row = await said(services)
    assert (row.revision, row.trouble) == (other.revision, None)
    clock.forward(AGAIN_SECONDS)
    assert await own.tell()
    await own.start()
    await own.stop()
    async with services.database.read() as session:
        assert await session.get(PolicyEngine, own_name()) is None


async def test_a_process_that_was_killed_is_forgotten_after_a_day(
    services: Services, clock: MovingClock
) -> None:
    """It took nothing back, and no OPA server reports here whose report would clear up."""
    await states(services, f"{PREFIX}process 77:night", services.policy_revision)
    clock.forward(24 * 3600 + 1)
    assert await OwnEngine(services).tell()
    async with services.database.read() as session:
        assert [row.id for row in await session.exec(select(PolicyEngine))] == [own_name()]


async def said(services: Services) -> PolicyEngine:
    async with services.database.read() as session:
        return await session.get_one(PolicyEngine, own_name())


async def test_the_pages_say_it(services: Services, clock: MovingClock, other: Bundle, people: Any) -> None:
    await activated(services, clock, other)
    admin = visit(services)
    await admin.sign_in("admin")
    page = await admin.client.get("/policies")
    assert "1 of 3 engines report it." in page.text
    assert 'hx-trigger="load delay:2s"' in page.text
    part = await admin.client.get("/policies", headers={"hx-request": "true"})
    assert part.text.lstrip().startswith('<div id="policy-stage"')
    clock.forward(STAGED_SECONDS)
    page = await admin.client.get("/policies")
    assert "Not every engine reports the active revision" in page.text
    assert "hx-trigger" not in page.text.split('id="policy-stage"')[1].split(">")[0]
    health = await admin.client.get("/admin")
    assert "OPA server opa-2" in health.text
