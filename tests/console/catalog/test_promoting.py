"""A version more on a route takes two people, and is bound to the evidence they signed."""

from typing import Any

import pytest
from sqlmodel import select

from console.catalog.discovery import sync_cluster
from console.catalog.forms import ModelPublish, PromoteAsk
from console.catalog.promoting import ask_promotion
from console.catalog.publishing import publish_model
from console.changes.deciding import review_change
from console.changes.forms import ChangeCreated, ReviewCreate
from console.errors import ConflictError, InvalidInputError, NotFoundError, RefusedError
from console.models import RouteTarget, Version
from console.services import Services
from console.unexplained.comparison import Comparison
from console.work import UnitOfWork
from policy.models import ReviewDecision
from tests.console.catalog.conftest import Heads, bound, deployments, publication, rows_of
from tests.console.catalog.v2_cluster import METADATA, V2Cluster
from tests.console.conftest import WorkAs

ROUTE = "risk.churn"


@pytest.fixture
async def listed(system: UnitOfWork, registered: V2Cluster) -> V2Cluster:
    """Version 1 is published; versions 2 and 3 are drafts."""
    registered.serve(("churn", "1"), ("churn", "2"), ("churn", "3"))
    await sync_cluster(system, "main")
    form = publication(versions=[bound("1", weight=100)])
    await publish_model(system, ModelPublish(**form))
    return registered


def wanted(version: str = "2", **changes: Any) -> PromoteAsk:
    return PromoteAsk(**bound(version), reason="Better on small shops", **changes)


async def sign(work_as: WorkAs, asked: ChangeCreated, who: str = "reviewer") -> str:
    form = ReviewCreate(
        decision=ReviewDecision.APPROVE, meaning="This build was validated", content_hash=asked.content_hash
    )
    return (await review_change(await work_as(who, stepped_up=True), asked.id, form)).state


async def weights(services: Services) -> dict[str, int]:
    return {row.label: row.weight for row in await rows_of(services, RouteTarget)}


@pytest.mark.usefixtures("listed")
async def test_a_reviewer_lets_a_version_answer_by_default(
    services: Services, work_as: WorkAs, heads: Heads
) -> None:
    asked = await ask_promotion(await work_as("owner"), ROUTE, wanted(default=True))
    assert (asked.state, [one.group for one in asked.required]) == ("pending", ["reviewer"])
    assert await weights(services) == {"1": 100}
    assert await sign(work_as, asked) == "approved"
    assert await weights(services) == {"1": 0, "2": 100}
    [done] = await heads("change.execute")
    assert done["request"] == str(asked.id)
    async with services.database.read() as session:
        version = (await session.exec(select(Version).where(Version.label == "2"))).one()
    assert version.evidence == version.served != ""
    assert [
        one for one in await Comparison(services).findings() if one.kind in {"version", "route_target"}
    ] == []


@pytest.mark.usefixtures("listed")
async def test_a_version_may_be_listed_without_being_the_default(services: Services, work_as: WorkAs) -> None:
    await sign(work_as, await ask_promotion(await work_as("owner"), ROUTE, wanted("3")))
    assert await weights(services) == {"1": 100, "3": 0}


async def test_case_62_what_is_served_by_then_is_not_what_was_asked_for(
    services: Services, system: UnitOfWork, work_as: WorkAs, listed: V2Cluster
) -> None:
    asked = await ask_promotion(await work_as("owner"), ROUTE, wanted())
    listed.models["churn", "2"] = METADATA | {"platform": "onnx"}
    await sync_cluster(system, "main")
    with pytest.raises(ConflictError, match="reports something else"):
        await sign(work_as, asked)
    assert await weights(services) == {"1": 100}


@pytest.mark.usefixtures("listed")
async def test_case_61_whoever_asks_does_not_answer(services: Services, work_as: WorkAs) -> None:
    asked = await ask_promotion(await work_as("owner"), ROUTE, wanted())
    with pytest.raises((NotFoundError, RefusedError)):
        await sign(work_as, asked, "owner")
    assert await weights(services) == {"1": 100}


@pytest.mark.usefixtures("listed")
async def test_only_what_can_be_promoted_is_asked_for(services: Services, work_as: WorkAs) -> None:
    with pytest.raises(ConflictError, match="label"):
        await ask_promotion(await work_as("owner"), ROUTE, _named("1"))
    with pytest.raises(InvalidInputError):
        await ask_promotion(await work_as("owner"), ROUTE, wanted("7"))
    with pytest.raises(RefusedError):
        await ask_promotion(await work_as("member"), ROUTE, wanted())
    assert (await deployments(services))["churn", "2"].version_id is None


def _named(label: str) -> PromoteAsk:
    return PromoteAsk(**{**bound("2"), "label": label}, reason="Again")
