"""Another default among a model's versions takes two people; taking one off its route takes its owner."""

from typing import Any

import pytest
from sqlmodel import select

from console.catalog.discovery import sync_cluster
from console.catalog.forms import DefaultAsk, ModelPublish
from console.catalog.polling import EvidencePoll
from console.catalog.publishing import publish_model
from console.catalog.shifting import ask_default
from console.catalog.unlisting import unlist_version
from console.catalog.versions_page import tell_answering
from console.changes.deciding import review_change
from console.changes.forms import ChangeCreated, ReviewCreate
from console.errors import ConflictError, InvalidInputError, NotFoundError, RefusedError
from console.models import RouteTarget
from console.services import Services
from console.unexplained.comparison import Comparison
from console.work import UnitOfWork
from policy.models import ReviewDecision
from tests.console.catalog.both import settings  # noqa: F401 - both databases
from tests.console.catalog.conftest import Heads, bound, opened, parts_of, publication
from tests.console.catalog.v2_cluster import METADATA, V2Cluster
from tests.console.conftest import WorkAs
from tests.console.visitor import visit

pytestmark = pytest.mark.slow  # each builds an installation
ROUTE = "risk.churn"
PAGE = f"/models/{ROUTE}"
WHY = "It did better"


@pytest.fixture
async def listed(system: UnitOfWork, registered: V2Cluster) -> V2Cluster:
    """Version 2 answers by default, version 1 by its label; version 3 is a draft."""
    registered.serve(("churn", "1"), ("churn", "2"), ("churn", "3"))
    await sync_cluster(system, "main")
    versions = [bound("1", weight=0), bound("2", weight=100)]
    await publish_model(system, ModelPublish(**publication(versions=versions)))
    return registered


def wanted(label: str = "1") -> DefaultAsk:
    return DefaultAsk(label=label, reason=WHY)


async def sign(work_as: WorkAs, asked: ChangeCreated, who: str = "reviewer") -> str:
    form = ReviewCreate(
        decision=ReviewDecision.APPROVE, meaning="This build was validated", content_hash=asked.content_hash
    )
    return (await review_change(await work_as(who, stepped_up=True), asked.id, form)).state


async def shares(services: Services) -> dict[str, int]:
    async with services.database.read() as session:  # as decisions see them
        return {row.label: row.weight for row in await session.exec(select(RouteTarget))}


async def unexplained(services: Services) -> list[Any]:
    return [one for one in await Comparison(services).findings() if one.kind == "route_target"]


@pytest.mark.usefixtures("listed")
async def test_what_was_promoted_is_taken_back_by_two(services: Services, work_as: WorkAs) -> None:
    asked = await ask_default(await work_as("owner"), ROUTE, wanted())
    assert ([one.group for one in asked.required], await shares(services)) == (
        ["reviewer"],
        {"1": 0, "2": 100},
    )
    with pytest.raises((NotFoundError, RefusedError)):
        await sign(work_as, asked, "owner")
    assert await sign(work_as, asked) == "approved"
    assert await shares(services) == {"1": 100, "2": 0}
    assert await unexplained(services) == []


@pytest.mark.usefixtures("listed")
async def test_what_answers_by_then_is_what_was_asked_of(services: Services, work_as: WorkAs) -> None:
    asked = await ask_default(await work_as("owner"), ROUTE, wanted())
    await unlist_version(await work_as("owner"), ROUTE, "1", WHY)
    with pytest.raises(ConflictError, match="another one by now"):
        await sign(work_as, asked)
    assert await shares(services) == {"2": 100}


async def test_case_62_a_version_that_differs_is_no_default(
    services: Services, work_as: WorkAs, listed: V2Cluster
) -> None:
    asked = await ask_default(await work_as("owner"), ROUTE, wanted())
    listed.models["churn", "1"] = METADATA | {"platform": "onnx"}
    assert await EvidencePoll(services).look() == 1
    with pytest.raises(ConflictError, match="no longer what was approved"):
        await sign(work_as, asked)
    with pytest.raises(ConflictError, match="no longer what was approved"):
        await ask_default(await work_as("owner"), ROUTE, wanted())


@pytest.mark.usefixtures("listed")
async def test_only_what_can_be_done_is_asked_for(work_as: WorkAs) -> None:
    with pytest.raises(ConflictError, match="already"):
        await ask_default(await work_as("owner"), ROUTE, wanted("2"))
    with pytest.raises(InvalidInputError):
        await ask_default(await work_as("owner"), ROUTE, wanted("3"))
    with pytest.raises(RefusedError):
        await ask_default(await work_as("member"), ROUTE, wanted())


@pytest.mark.usefixtures("listed")
async def test_an_owner_takes_a_version_off_and_two_bring_it_back(
    services: Services, work_as: WorkAs, heads: Heads
) -> None:
    with pytest.raises(ConflictError, match="answers by default"):
        await unlist_version(await work_as("owner"), ROUTE, "2", WHY)
    with pytest.raises(RefusedError):
        await unlist_version(await work_as("member"), ROUTE, "1", WHY)
    await unlist_version(await work_as("owner"), ROUTE, "1", WHY)
    assert (await shares(services), await unexplained(services)) == ({"2": 100}, [])
    with pytest.raises(InvalidInputError):
        await unlist_version(await work_as("owner"), ROUTE, "1", WHY)
    done = [head["outcome"] for head in await heads("model.update")]
    assert done == ["denied", "success"]
    assert await sign(work_as, await ask_default(await work_as("owner"), ROUTE, wanted())) == "approved"
    assert (await shares(services), await unexplained(services)) == ({"1": 100, "2": 0}, [])


@pytest.mark.usefixtures("listed")
async def test_a_record_says_what_is_left_and_why(services: Services, work_as: WorkAs) -> None:
    await unlist_version(await work_as("owner"), ROUTE, "1", WHY)
    told = {part.name: part for part in await parts_of(services, "model.update")}
    assert (await opened(services, told["model"]))["versions"] == [{"label": "2"}]
    assert await opened(services, told["reason"]) == {"reason": WHY}


@pytest.mark.usefixtures("listed", "people")
async def test_the_owner_does_both_on_a_page(services: Services) -> None:
    owner = visit(services)
    await owner.sign_in("owner")
    assert f'href="{PAGE}/default"' in (await owner.client.get(PAGE)).text
    shown = (await owner.client.get(f"{PAGE}/default")).text
    assert "Version 2 answers every call that names none." in shown
    assert ("Ask for it" in shown, "Take it off" in shown) == (True, True)
    sent = {"_csrf": await owner.token(), "label": "1", "reason": WHY}
    asked = await owner.client.post(f"{PAGE}/default", data=sent)
    assert asked.headers["location"].startswith("/records/changes/")
    told = (await owner.client.get(asked.headers["location"])).text
    assert "Calls that name no version are answered by 2 (100 %)." in told
    wrong = await owner.client.post(f"{PAGE}/remove", data=sent | {"label": "2"})
    assert (wrong.status_code, "let another one do that first" in wrong.text) == (422, True)
    gone = await owner.client.post(f"{PAGE}/remove", data=sent)
    assert (gone.headers["location"], await shares(services)) == (PAGE, {"2": 100})


@pytest.mark.parametrize(
    ("labels", "told"),
    [
        ([], "No version answers just now."),
        (["1"], "Version 1 answers every call that names none."),
        (["1", "2", "3"], "Versions 1, 2 and 3 share the calls that name none."),
    ],
)
def test_what_answers_is_told(labels: list[str], told: str) -> None:
    assert tell_answering(labels) == told
