"""Two who act at once, on both databases: each deployment is drafted and bound once."""

import asyncio

from console.catalog.discovery import sync_cluster
from console.catalog.forms import ModelPublish
from console.catalog.publishing import publish_model
from console.errors import ConsoleError
from console.models import Deployment, Route, RouteTarget
from console.services import Services
from console.work import UnitOfWork
from tests.console.catalog.both import settings  # noqa: F401 - both databases
from tests.console.catalog.conftest import deployments, publication, rows_of
from tests.console.catalog.v2_cluster import V2Cluster

BOTH = (("churn", "1"), ("churn", "2"))


async def test_two_syncs_at_once_make_each_draft_once(
    services: Services, system: UnitOfWork, registered: V2Cluster
) -> None:
    registered.serve(*BOTH)
    works = [UnitOfWork(services, system.principal, system.origin) for _ in range(4)]
    synced = await asyncio.gather(*(sync_cluster(work, "main") for work in works))
    assert sum(one.drafts for one in synced) == 2
    assert len(await rows_of(services, Deployment)) == 2


async def test_of_those_who_publish_the_same_at_once_one_wins(
    services: Services, system: UnitOfWork, registered: V2Cluster
) -> None:
    registered.serve(*BOTH)
    await sync_cluster(system, "main")
    works = [UnitOfWork(services, system.principal, system.origin) for _ in range(4)]
    forms = [ModelPublish(**publication(name=name)) for name in ("one", "two", "three", "three")]
    acts = [publish_model(work, form) for work, form in zip(works, forms, strict=True)]
    done = await asyncio.gather(*acts, return_exceptions=True)
    assert len([one for one in done if isinstance(one, Route)]) == 1
    assert len([one for one in done if isinstance(one, ConsoleError)]) == 3
    targets = await rows_of(services, RouteTarget)
    assert {row.deployment_id for row in targets} == {
        row.id for row in (await deployments(services)).values()
    }
    assert len(targets) == 2
