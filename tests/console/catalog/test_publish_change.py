"""A model is published by two people, who sign its card and its versions as they are, on both databases."""

from dataclasses import replace
from typing import Any

import pytest

from console import areas  # noqa: F401 - registers every kind
from console.catalog.discovery import sync_cluster
from console.catalog.forms import ModelPublish, card_text
from console.catalog.publish_change import ask_publication
from console.catalog.publishing import publish_model
from console.changes.change_page import open_change
from console.changes.deciding import review_change
from console.changes.forms import ChangeCreated, ReviewCreate
from console.changes.queries import list_changes, read_change
from console.errors import ConflictError, NotFoundError, RefusedError
from console.models import Model, Route, RouteTarget
from console.services import Services
from console.settings import Profile
from console.unexplained.comparison import Comparison
from console.work import UnitOfWork
from policy.models import ChangeState, ReviewDecision
from tests.console.catalog.both import settings  # noqa: F401 - both databases
from tests.console.catalog.conftest import Heads, bound, publication, rows_of
from tests.console.catalog.v2_cluster import METADATA, V2Cluster
from tests.console.conftest import Admit, WorkAs

pytestmark = pytest.mark.slow  # builds an installation


@pytest.fixture
async def drafts(system: UnitOfWork, registered: V2Cluster) -> V2Cluster:
    """Two versions of churn and one of fraud, discovered."""
    registered.serve(("churn", "1"), ("churn", "2"), ("fraud", "1"))
    await sync_cluster(system, "main")
    return registered


async def ask(work: UnitOfWork, **changes: Any) -> ChangeCreated:
    return await ask_publication(work, ModelPublish(**publication(**changes)))


async def sign(work: UnitOfWork, asked: ChangeCreated, digest: str | None = None) -> str:
    form = ReviewCreate(
        decision=ReviewDecision.APPROVE,
        meaning="The card says what it is for",
        content_hash=digest or asked.content_hash,
    )
    return (await review_change(work, asked.id, form)).state


@pytest.mark.usefixtures("drafts")
async def test_an_owner_asks_and_a_reviewer_publishes(
    services: Services, work_as: WorkAs, heads: Heads
) -> None:
    asked = await ask(await work_as("owner"))
    assert (asked.state, [one.group for one in asked.required]) == ("pending", ["reviewer"])
    assert await rows_of(services, Route) == []
    [item] = (await list_changes(await work_as("reviewer"))).items
    assert (item.sentence, item.asked) == ("Publish risk.churn", True)
    assert await sign(await work_as("reviewer", stepped_up=True), asked) == "approved"
    [route] = await rows_of(services, Route)
    targets = {row.label: row.weight for row in await rows_of(services, RouteTarget)}
    assert (route.name, targets) == ("risk.churn", {"1": 30, "2": 70})
    of_it = await heads("change.create", "change.review", "model.publish", "change.execute")
    acts = [head["action"] for head in of_it if head["request"] == str(asked.id)]
    assert acts == ["change.create", "change.review", "model.publish", "change.execute"]
    wanted = {"model", "route", "version", "route_target", "deployment"}
    assert [one for one in await Comparison(services).findings() if one.kind in wanted] == []


@pytest.mark.usefixtures("drafts")
async def test_who_answers_reads_every_word_of_it(work_as: WorkAs) -> None:
    card = {"limits": "Few rows", "scores": [0.5]}
    asked = await ask(await work_as("owner"), card=card, tier="medium")
    page = await open_change(await work_as("reviewer"), asked.id)
    shown = dict(page.content)
    assert (shown["Tier"], shown["Purpose"], shown["Owner"]) == ("medium", "retention", "risk")
    assert '"limits": "Few rows"' in shown["Model card"]
    lines = shown["Versions"].split("\n")
    assert [lines[0].startswith("label 1,"), lines[1].startswith("label 2,"), "served " in lines[1]] == [
        True
    ] * 3
    detail = await read_change(await work_as("reviewer"), asked.id)
    assert detail.content["card"] == card_text(card)
    assert (detail.why, page.area) == (["kind:publish"], ("Models", "/models"))


@pytest.mark.usefixtures("drafts")
@pytest.mark.parametrize("who", ["owner", "member", "admin", "auditor"])
async def test_case_61_nobody_but_a_reviewer_answers(services: Services, work_as: WorkAs, who: str) -> None:
    asked = await ask(await work_as("owner"))
    with pytest.raises((NotFoundError, RefusedError)):
        await sign(await work_as(who, stepped_up=True), asked)
    assert await rows_of(services, Model) == []


@pytest.mark.usefixtures("drafts")
async def test_an_edited_card_takes_the_answers_of_the_one_before(
    services: Services, work_as: WorkAs
) -> None:
    first = await ask(await work_as("owner"))
    with pytest.raises(ConflictError, match="pending"):
        await ask(await work_as("owner"))
    second = await ask(await work_as("owner"), card={"limits": "many rows"})
    with pytest.raises(ConflictError):
        await sign(await work_as("reviewer", stepped_up=True), first)
    with pytest.raises(ConflictError):
        await sign(await work_as("reviewer", stepped_up=True), second, first.content_hash)
    assert await rows_of(services, Route) == []
    back = await ask(await work_as("owner"))
    assert back.content_hash not in {first.content_hash, second.content_hash}
    states = {item.id: item.state for item in (await list_changes(await work_as("reviewer"))).items}
    assert states == {
        first.id: ChangeState.WITHDRAWN,
        second.id: ChangeState.WITHDRAWN,
        back.id: ChangeState.PENDING,
    }
    assert await sign(await work_as("reviewer", stepped_up=True), back) == "approved"


@pytest.mark.usefixtures("drafts")
async def test_nobody_replaces_what_somebody_else_asked_for(work_as: WorkAs, admit: Admit) -> None:
    await ask(await work_as("owner"))
    await admit("auditor", ("risk-owners",))
    with pytest.raises(ConflictError) as error:
        await ask(await work_as("auditor"), card={"limits": "none"})
    assert error.value.reasons == ("already_pending",)


async def test_case_62_what_is_served_by_then_is_not_what_was_asked_for(
    services: Services, system: UnitOfWork, work_as: WorkAs, drafts: V2Cluster
) -> None:
    asked = await ask(await work_as("owner"))
    drafts.models["churn", "2"] = METADATA | {"platform": "onnx"}
    await sync_cluster(system, "main")
    with pytest.raises(ConflictError, match="reports something else of version 2"):
        await sign(await work_as("reviewer", stepped_up=True), asked)
    assert await rows_of(services, Model) == []


@pytest.mark.usefixtures("drafts")
async def test_of_two_askings_that_want_one_draft_one_is_carried_out(
    services: Services, work_as: WorkAs
) -> None:
    one = await ask(await work_as("owner"), name="one", versions=[bound("1", upstream_name="fraud")])
    two = await ask(await work_as("owner"), name="two", versions=[bound("1", upstream_name="fraud")])
    assert await sign(await work_as("reviewer", stepped_up=True), two) == "approved"
    with pytest.raises(ConflictError, match="unpublished fraud 1"):
        await sign(await work_as("reviewer", stepped_up=True), one)
    assert [row.name for row in await rows_of(services, Route)] == ["risk.two"]


@pytest.mark.usefixtures("drafts")
async def test_in_the_first_days_it_is_asked_for_and_waits_for_a_second_admin(
    services: Services, work_as: WorkAs, admit: Admit
) -> None:
    asked = await ask(await in_production(work_as, "owner"))
    detail = await read_change(await in_production(work_as, "reviewer"), asked.id)
    assert detail.stale == "It waits until a second admin has signed in."
    with pytest.raises(ConflictError, match="second admin"):
        await sign(await in_production(work_as, "reviewer"), asked)
    assert await rows_of(services, Route) == []
    await admit("second", ("guildhall-admins",))
    assert await sign(await in_production(work_as, "reviewer"), asked) == "approved"


async def in_production(work_as: WorkAs, handle: str) -> UnitOfWork:
    work = await work_as(handle, stepped_up=True)
    there = work.services.settings.model_copy(update={"profile": Profile.PRODUCTION})
    work.services = replace(work.services, settings=there)
    return work


async def test_only_the_system_publishes_at_once(work_as: WorkAs) -> None:
    with pytest.raises(RuntimeError):
        await publish_model(await work_as("owner"), ModelPublish(**publication()))
