"""The page on which an owner asks for a version more: what it offers, whom, and where it leads."""

from typing import Any

import pytest

from console.catalog.discovery import sync_cluster
from console.catalog.drafts import drafts_of
from console.catalog.forms import ModelPublish
from console.catalog.publishing import publish_model
from console.services import Services
from console.work import UnitOfWork
from policy.models import Change
from tests.console.catalog.both import settings  # noqa: F401 - both databases
from tests.console.catalog.conftest import bound, publication, rows_of
from tests.console.catalog.v2_cluster import V2Cluster
from tests.console.visitor import Visitor, visit

pytestmark = pytest.mark.slow  # each builds an installation
PAGE = "/models/risk.churn/versions"


@pytest.fixture
async def listed(system: UnitOfWork, registered: V2Cluster, people: object) -> V2Cluster:
    """Version 1 is published; version 2 of it and another model are drafts."""
    registered.serve(("churn", "1"), ("churn", "2"), ("fraud", "1"))
    await sync_cluster(system, "main")
    await publish_model(system, ModelPublish(**publication(versions=[bound("1", weight=100)])))
    return registered


async def arrive(services: Services, who: str) -> Visitor:
    visitor = visit(services)
    await visitor.sign_in(who)
    return visitor


async def sent(visitor: Visitor, **typed: str) -> Any:
    given = {"_csrf": await visitor.token(), "reason": "Better on small shops"} | typed
    return await visitor.client.post(PAGE, data=given)


@pytest.mark.usefixtures("listed")
async def test_what_its_clusters_serve_by_its_names_is_offered(services: Services) -> None:
    async with services.database.read() as session:
        drafts = await drafts_of(session, "risk.churn")
    assert [one.shown for one in drafts] == ["churn 2 on main"]


@pytest.mark.usefixtures("listed")
async def test_an_owner_asks_for_a_version_and_is_led_to_the_change(services: Services) -> None:
    owner = await arrive(services, "owner")
    assert f'href="{PAGE}"' in (await owner.client.get("/models/risk.churn")).text
    assert "churn 2 on main" in (await owner.client.get(PAGE)).text
    async with services.database.read() as session:
        [draft] = await drafts_of(session, "risk.churn")
    wrong = await sent(owner, deployment=str(draft.id), card="{", label="a/b", reason="x")
    assert wrong.status_code == 422
    assert [f'href="#field-{name}"' in wrong.text for name in ("card", "label", "reason")] == [True] * 3
    asked = await sent(
        owner, deployment=str(draft.id), default="yes", card='{"algorithm": "trees"}', label=""
    )
    [change] = await rows_of(services, Change)
    assert asked.headers["location"] == f"/records/changes/{change.id}"
    page = (await owner.client.get(asked.headers["location"])).text
    assert "Let risk.churn be answered by version 2, by default" in page
    assert "&#34;algorithm&#34;: &#34;trees&#34;" in page


@pytest.mark.usefixtures("listed")
async def test_what_is_no_draft_of_its_is_not_asked_for(services: Services) -> None:
    owner = await arrive(services, "owner")
    gone = await sent(owner, deployment="01890000-0000-4000-8000-000000000000")
    assert (gone.status_code, "serves no such draft any more" in gone.text) == (422, True)
    assert await rows_of(services, Change) == []


@pytest.mark.usefixtures("listed")
@pytest.mark.parametrize("who", ["member", "reviewer", "admin"])
async def test_nobody_else_is_offered_it(services: Services, who: str) -> None:
    visitor = await arrive(services, who)
    assert PAGE not in (await visitor.client.get("/models/risk.churn")).text
    assert (await visitor.client.get(PAGE)).status_code == 403
