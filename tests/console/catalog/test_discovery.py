import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from console.catalog.discovery import create_cluster, sync_cluster
from console.catalog.forms import ClusterCreate, ModelPublish
from console.catalog.publishing import publish_model
from console.errors import ConflictError, InvalidInputError, NotFoundError, ServiceUnavailableError
from console.models import Cluster, Deployment, Route, RouteTarget
from console.services import Services
from console.settings import load_settings
from console.work import UnitOfWork
from tests.console.catalog.conftest import Heads, deployments, history_of, publication, rows_of
from tests.console.catalog.v2_cluster import INDEX, METADATA, V2Cluster, answering, endless
from tests.patience import PATIENCE

BOTH = (("churn", "1"), ("churn", "2"))


async def states(services: Services) -> dict[tuple[str, str], str]:
    return {key: row.state for key, row in (await deployments(services)).items()}


async def test_a_sync_makes_drafts_and_nothing_else(
    services: Services, system: UnitOfWork, registered: V2Cluster
) -> None:
    registered.serve(*BOTH, ("plain", ""))
    synced = await sync_cluster(system, "main")
    assert (synced.served, synced.drafts) == (3, 3)
    found = await deployments(services)
    assert set(found) == {*BOTH, ("plain", "")}
    assert all(row.version_id is None and row.state == "ready" for row in found.values())
    assert json.loads(found["churn", "1"].inputs) == METADATA["inputs"]
    assert await rows_of(services, Route) == await rows_of(services, RouteTarget) == []


async def test_a_second_sync_brings_only_what_is_new(
    services: Services, system: UnitOfWork, registered: V2Cluster
) -> None:
    registered.serve(("churn", "1"))
    await sync_cluster(system, "main")
    first = (await deployments(services))["churn", "1"].id
    registered.serve(*BOTH)
    synced = await sync_cluster(system, "main")
    assert (synced.served, synced.drafts) == (2, 1)
    assert (await deployments(services))["churn", "1"].id == first


async def test_what_is_gone_is_kept_as_gone_and_comes_back(
    services: Services, system: UnitOfWork, registered: V2Cluster
) -> None:
    registered.serve(*BOTH)
    await sync_cluster(system, "main")
    route = await publish_model(system, ModelPublish(**publication()))
    before = await deployments(services)
    registered.serve(("churn", "2"))
    await sync_cluster(system, "main")
    assert await states(services) == {("churn", "1"): "gone", ("churn", "2"): "ready"}
    registered.serve(*BOTH)
    registered.not_ready.add(("churn", "2"))
    synced = await sync_cluster(system, "main")
    assert synced.drafts == 0
    assert await states(services) == {("churn", "1"): "ready", ("churn", "2"): "unavailable"}
    after = await deployments(services)
    assert {key: (row.id, row.version_id) for key, row in before.items()} == {
        key: (row.id, row.version_id) for key, row in after.items()
    }
    assert [row.id for row in await rows_of(services, Route)] == [route.id]


async def test_tensors_stay_while_metadata_cannot_be_had(
    services: Services, system: UnitOfWork, registered: V2Cluster
) -> None:
    registered.serve(("churn", "1"))
    await sync_cluster(system, "main")
    registered.instead = {"GET /v2/models/churn/versions/1": answering(500, b"")}
    await sync_cluster(system, "main")
    row = (await deployments(services))["churn", "1"]
    assert (row.state, json.loads(row.inputs), row.platform) == ("unavailable", METADATA["inputs"], "sklearn")


async def test_the_same_names_on_two_clusters_are_two_drafts(
    services: Services, system: UnitOfWork, registered: V2Cluster
) -> None:
    registered.serve(("churn", "1"))
    await create_cluster(system, ClusterCreate(name="twin", url=registered.url))
    for name in ("main", "twin"):
        assert (await sync_cluster(system, name)).drafts == 1
    assert len(await rows_of(services, Deployment)) == 2


async def test_a_cluster_that_fails_changes_nothing_but_its_own_state(
    services: Services, system: UnitOfWork, registered: V2Cluster, heads: Heads
) -> None:
    registered.serve(*BOTH)
    await sync_cluster(system, "main")
    registered.instead = {INDEX: answering(401, b"")}
    with pytest.raises(ServiceUnavailableError) as error:
        await sync_cluster(system, "main")
    assert error.value.detail == "The cluster refuses to say what it serves (HTTP 401)."
    assert set((await states(services)).values()) == {"ready"}
    assert [row.state for row in await rows_of(services, Cluster)] == ["unreachable"]
    done = [(head["outcome"], head.get("reasons", [])) for head in await heads("cluster.sync")]
    assert done == [("success", []), ("failure", ["cluster_refused"])]
    registered.instead = {}
    await sync_cluster(system, "main")
    assert [row.state for row in await rows_of(services, Cluster)] == ["ready"]


async def test_no_transaction_is_open_while_a_cluster_keeps_us_waiting(
    services: Services, system: UnitOfWork, registered: V2Cluster
) -> None:
    registered.instead = {INDEX: endless(b" ", pause=0.05)}  # after ten silent seconds it would be given up
    waiting = asyncio.create_task(sync_cluster(system, "main"))
    await asyncio.wait_for(registered.arrived.wait(), PATIENCE)
    other = UnitOfWork(services, system.principal, system.origin)
    await asyncio.wait_for(create_cluster(other, ClusterCreate(name="twin", url=registered.url)), PATIENCE)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_adding_a_cluster_is_recorded_with_where_it_is(
    services: Services, registered: V2Cluster, heads: Heads
) -> None:
    [head] = await heads("cluster.create")
    [(kind, state, _)] = await history_of(services, head["id"])
    assert (kind, state) == ("cluster", {"name": "main", "kind": "v2", "url": registered.url})
    assert head["state"]


async def test_a_cluster_is_added_once_and_never_on_our_own_port(
    services: Services, system: UnitOfWork, registered: V2Cluster
) -> None:
    with pytest.raises(ConflictError):
        await create_cluster(system, ClusterCreate(name="main", url=registered.url))
    ours = services.settings.server.port
    for url in (f"http://127.0.0.1:{ours}", f"http://localhost:{ours}", "http://10.0.0.1:9000"):
        with pytest.raises(InvalidInputError):
            await create_cluster(system, ClusterCreate(name="other", url=url))
    assert len(await rows_of(services, Cluster)) == 1


async def test_an_address_is_checked_again_at_each_sync(
    services: Services, system: UnitOfWork, registered: V2Cluster
) -> None:
    given: dict[str, Any] = {"data": services.settings.data, "gateway": {"networks": ("192.0.2.0/24",)}}
    narrower = replace(services, settings=load_settings(**given))
    with pytest.raises(InvalidInputError) as error:
        await sync_cluster(UnitOfWork(narrower, system.principal, system.origin), "main")
    assert error.value.reasons == ("outside_networks",)
    assert registered.asked == []


@pytest.mark.parametrize("name", ["nobody", "Main", "a\0b", "x" * 500, "main'--"])
async def test_a_cluster_that_is_not_there_is_not_found(system: UnitOfWork, name: str) -> None:
    with pytest.raises(NotFoundError):
        await sync_cluster(system, name)
