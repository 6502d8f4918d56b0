from typing import Any

import pytest
from pydantic import ValidationError
from sqlmodel import col, delete, select

from audit.history import state_digest
from console.catalog.discovery import sync_cluster
from console.catalog.forms import CARD_LIMIT, ModelPublish, card_text
from console.catalog.publish_change import ask_publication
from console.catalog.publishing import publish_model
from console.changes.forms import ChangeCreated
from console.errors import ConflictError, InvalidInputError, RefusedError
from console.models import Deployment, Model, Route, RouteTarget, Version
from console.services import Services
from console.work import UnitOfWork
from tests.console.catalog.conftest import (
    Heads,
    bound,
    deployments,
    history_of,
    publication,
    rows_of,
)
from tests.console.catalog.v2_cluster import V2Cluster
from tests.console.conftest import WorkAs

TABLES = (Model, Route, Version, RouteTarget)


@pytest.fixture
async def drafts(system: UnitOfWork, registered: V2Cluster) -> V2Cluster:
    """Two versions of churn, discovered."""
    registered.serve(("churn", "1"), ("churn", "2"), ("fraud", "1"))
    await sync_cluster(system, "main")
    return registered


async def published(work: UnitOfWork, **changes: Any) -> Route:
    return await publish_model(work, ModelPublish(**publication(**changes)))


async def asked(work: UnitOfWork, **changes: Any) -> ChangeCreated:
    return await ask_publication(work, ModelPublish(**publication(**changes)))


async def nothing_was_kept(services: Services) -> bool:
    bound_rows = [row for row in (await deployments(services)).values() if row.version_id]
    return not bound_rows and not any([await rows_of(services, table) for table in TABLES])


@pytest.mark.usefixtures("drafts")
async def test_two_versions_are_published_with_weights(services: Services, system: UnitOfWork) -> None:
    route = await published(system)
    assert route.name == "risk.churn"
    targets = await rows_of(services, RouteTarget)
    found = await deployments(services)
    assert {(row.label, row.weight, row.deployment_id) for row in targets} == {
        ("1", 30, found["churn", "1"].id),
        ("2", 70, found["churn", "2"].id),
    }
    versions = {row.id: row.label for row in await rows_of(services, Version)}
    assert versions[found["churn", "1"].version_id] == "1"
    assert found["fraud", "1"].version_id is None


@pytest.mark.usefixtures("drafts")
async def test_every_row_has_its_history_and_the_head_their_hash(
    services: Services, system: UnitOfWork, heads: Heads
) -> None:
    route = await published(system)
    [head] = await heads("model.publish")
    assert head["resource"] == {"type": "route", "id": str(route.id)}
    assert head["outcome"] == "success"
    assert head["decision"]
    kept = await history_of(services, head["id"])
    one = ["version", "deployment", "route_target"]
    assert [kind for kind, _, _ in kept] == ["model", "route", *one, *one]
    assert head["state"] == state_digest([row_hash for _, _, row_hash in kept])
    states = [state for _, state, _ in kept]
    assert states[0] | {"tier": "low", "visibility": "listed", "data_class": "internal"} == states[0]
    assert states[1] == {"name": "risk.churn", "model_id": str(route.model_id), "state": "active"}
    assert [state["weight"] for kind, state, _ in kept if kind == "route_target"] == [30, 70]
    assert [state["upstream_version"] for kind, state, _ in kept if kind == "deployment"] == ["1", "2"]


@pytest.mark.usefixtures("drafts")
async def test_a_deployment_is_published_once(services: Services, system: UnitOfWork) -> None:
    await published(system)
    before = {key: row.version_id for key, row in (await deployments(services)).items()}
    with pytest.raises(InvalidInputError) as error:
        await published(system, name="other")
    assert error.value.reasons == ("no_such_draft",)
    with pytest.raises(InvalidInputError):
        await published(system, name="twice", versions=[bound("1"), bound("1", label="other")])
    assert {key: row.version_id for key, row in (await deployments(services)).items()} == before
    assert len(await rows_of(services, Route)) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"cluster": "nobody"},
        {"upstream_name": "unheard-of"},
        {"upstream_version": "7"},
        {"upstream_version": ""},
    ],
)
async def test_only_what_the_cluster_serves_is_published(
    change: dict[str, Any], services: Services, system: UnitOfWork, drafts: V2Cluster
) -> None:
    with pytest.raises(InvalidInputError) as error:
        await published(system, versions=[bound("1"), bound("2", label="x") | change])
    assert error.value.reasons == ("no_such_draft",)
    assert drafts.asked
    assert await nothing_was_kept(services)


async def test_what_is_gone_or_not_ready_is_not_published(
    services: Services, system: UnitOfWork, drafts: V2Cluster
) -> None:
    drafts.serve(("churn", "1"))
    drafts.not_ready.add(("churn", "1"))
    await sync_cluster(system, "main")
    for version in ("1", "2"):
        with pytest.raises(InvalidInputError):
            await published(system, versions=[bound(version)])
    assert await nothing_was_kept(services)


@pytest.mark.usefixtures("drafts")
@pytest.mark.parametrize(
    ("who", "reason"),
    [("member", "role_missing:owner"), ("reviewer", "role_missing:owner"), ("admin", "role_missing:owner")],
)
async def test_others_than_the_owner_are_refused_and_that_is_recorded(
    who: str, reason: str, services: Services, work_as: WorkAs, heads: Heads
) -> None:
    with pytest.raises(RefusedError) as error:
        await asked(await work_as(who))
    assert reason in error.value.reasons
    assert [head["outcome"] for head in await heads("model.publish")] == ["denied"]
    assert await nothing_was_kept(services)


@pytest.mark.usefixtures("drafts")
async def test_the_owner_of_another_team_is_refused(services: Services, work_as: WorkAs) -> None:
    with pytest.raises(RefusedError):
        await asked(await work_as("owner"), team="retail", namespace="retail")
    assert await nothing_was_kept(services)


@pytest.mark.usefixtures("drafts")
async def test_nobody_publishes_under_the_name_of_another_team(services: Services, work_as: WorkAs) -> None:
    for namespace in ("retail", "vision", "nobody"):
        with pytest.raises(InvalidInputError) as error:
            await asked(await work_as("owner"), namespace=namespace)
        assert set(error.value.fields) == {"namespace"}
    assert await nothing_was_kept(services)


@pytest.mark.usefixtures("drafts")
async def test_a_label_is_there_once(services: Services, work_as: WorkAs) -> None:
    with pytest.raises(InvalidInputError) as error:
        await asked(await work_as("owner"), versions=[bound("1"), bound("2", label="1")])
    assert error.value.reasons == ("label_twice",)
    assert await nothing_was_kept(services)


@pytest.mark.usefixtures("drafts")
async def test_a_name_is_never_reused_not_even_when_its_model_is_gone(
    services: Services, system: UnitOfWork
) -> None:
    await published(system)
    again = {"versions": [bound("1", upstream_name="fraud", label="1")]}
    with pytest.raises(ConflictError):
        await published(system, **again)
    async with services.database.write() as session:
        for row in await session.exec(select(Deployment).where(col(Deployment.version_id).is_not(None))):
            row.version_id = None
            session.add(row)
        await session.flush()
        for table in (RouteTarget, Route, Version, Model):
            await session.exec(delete(table))
    with pytest.raises(ConflictError) as error:
        await published(system, **again)
    assert error.value.reasons == ("name_taken",)
    # A name that only contains or resembles it was never used.
    for name in ("chur", "churn2", "xchurn"):
        await published(system, name=name, versions=[_next(name)])


def _next(name: str) -> dict[str, Any]:
    keys = {"chur": ("churn", "1"), "churn2": ("churn", "2"), "xchurn": ("fraud", "1")}
    upstream, version = keys[name]
    return bound(version, upstream_name=upstream)


@pytest.mark.parametrize(
    "change",
    [
        {"id": "00000000-0000-0000-0000-000000000000"},
        {"team_id": "00000000-0000-0000-0000-000000000000"},
        {"state": "active"},
        {"created": 0},
        {"title": ""},
        {"title": "a\0b"},
        {"title": "x" * 121},
        {"summary": "\x1b[2J"},
        {"purpose": "   "},
        {"task": "x" * 61},
        {"team": "Risk"},
        {"team": "risk\0"},
        {"visibility": "public"},
        {"tier": "none"},
        {"data_class": ""},
        {"card": []},
        {"card": {"text": "x" * CARD_LIMIT}},
        {"versions": []},
        {"versions": [bound(str(number)) for number in range(21)]},
        {"versions": [bound("1", id="x")]},
        {"versions": [bound("1", version_id="x")]},
        {"versions": [bound("1", weight=-1)]},
        {"versions": [bound("1", weight=101)]},
        {"versions": [bound("1", label="..")]},
        {"versions": [bound("1", label="a/b")]},
        {"versions": [bound("1", upstream_name="../x")]},
        {"versions": [bound("1", upstream_name="a\0b")]},
        {"versions": [bound("v" * 65)]},
        {"versions": [bound("1", evidence_kind="trust me")]},
        {"versions": [bound("1", cluster="main' or 1=1")]},
    ],
)
def test_a_form_takes_only_what_it_names(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ModelPublish(**publication(**change))


def test_a_card_is_shallow() -> None:
    deep: dict[str, Any] = {}
    for _ in range(25):
        deep = {"deeper": [deep]}
    with pytest.raises(ValidationError, match="levels deep"):
        ModelPublish(**publication(card=deep))


@pytest.mark.usefixtures("drafts")
async def test_a_card_is_kept_as_one_text(services: Services, system: UnitOfWork) -> None:
    form = ModelPublish(**publication(card={"b": [1, 2.5], "a": "é"}))
    await publish_model(system, form)
    [model] = await rows_of(services, Model)
    assert model.card == card_text(form.card) == '{"a":"\\u00e9","b":[1,2.5]}'
