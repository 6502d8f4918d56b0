"""The demo's seed on a scripted cluster: the same data at every start, on whatever port MLServer listens."""

import json
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import SQLModel, select

from audit.models import Outbox
from audit.record import Record
from console.catalog.queries import RouteFilter, list_routes
from console.demo.seed import seed
from console.errors import ServiceUnavailableError
from console.models import Cluster, Deployment, Model, Route, RouteTarget, Version
from console.questions import Origin
from console.services import Services
from console.unexplained.comparison import Comparison
from console.work import UnitOfWork
from sso.models import MappingRule, Membership, Person, Profile, RoleAssignment, Team
from sso.principal import Authentication, Principal
from tests.console.catalog.v2_cluster import INDEX, V2Cluster, answering, open_cluster

pytestmark = pytest.mark.slow

KEPT: tuple[type[SQLModel], ...] = (
    *(MappingRule, Person, Profile, Membership, RoleAssignment, Team),
    *(Model, Version, Route, RouteTarget),
)
SERVED = (
    *(("credit-default", "1"), ("credit-default", "2"), ("credit-default", "10")),
    *(("tumour-screen", "1"), ("wine-quality", "1"), ("digits", "1")),
)
TEAMS = {
    "credit-default": "risk",
    "tumour-screen": "health",
    "wine-quality": "retail",
    "digits": "vision",
}


def card(name: str, version: str) -> dict[str, Any]:
    words = ("intended_use", "limits", "data", "framework", "algorithm", "licence", "purpose", "summary")
    return {
        **dict.fromkeys(words, "words"),
        "name": name,
        "version": version,
        "team": TEAMS[name],
        "title": name,
        "task": "classification",
        "tier": "low",
        "data_class": "public",
        "features": ["x"],
        "metrics": [{"name": "accuracy", "basis_points": 7347}],
        "train_rows": 4,
        "test_rows": 1,
        "seed": 1,
        "artifact_sha256": "ab" * 32,
    }


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A folder of model cards, as training leaves it."""
    for name, version in SERVED:
        folder = tmp_path / "models" / name / version
        folder.mkdir(parents=True)
        (folder / "card.json").write_text(json.dumps(card(name, version)), "utf-8")
    return tmp_path / "models"


@pytest.fixture
async def serving() -> AsyncIterator[V2Cluster]:
    async with open_cluster() as opened:
        opened.serve(*SERVED, ("unknown", "1"))
        yield opened


async def rows_of(services: Services, table: type[SQLModel]) -> list[Any]:
    async with services.database.read() as session:
        return list(await session.exec(select(table)))


async def kept(services: Services) -> dict[str, list[str]]:
    """Every row the seed made, as text."""
    found = {table.__name__: await rows_of(services, table) for table in KEPT}
    return {name: sorted(row.model_dump_json() for row in rows) for name, rows in found.items()}


async def actions(services: Services) -> Counter[str]:
    rows = await rows_of(services, Outbox)
    return Counter(str(dict(Record.from_bytes(row.record).head_fields)["action"]) for row in rows)


async def test_the_seed_publishes_what_the_cluster_serves_and_has_a_card(
    services: Services, serving: V2Cluster, models: Path
) -> None:
    await seed(services, serving.url, models)
    routes = {row.name for row in await rows_of(services, Route)}
    assert routes == {f"{team}.{name}" for name, team in TEAMS.items()}
    drafts = [row.upstream_name for row in await rows_of(services, Deployment) if row.version_id is None]
    assert drafts == ["unknown"]
    weights = {row.label: row.weight for row in await rows_of(services, RouteTarget) if row.weight == 100}
    assert "10" in weights  # the newest of three, though its text sorts before the others
    assert "2" not in weights
    assert {row.handle for row in await rows_of(services, Profile)} == {
        *("member", "owner", "reviewer", "admin", "auditor"),
    }


async def test_a_member_finds_what_the_seed_published(
    services: Services, serving: V2Cluster, models: Path
) -> None:
    await seed(services, serving.url, models)
    [member] = [row for row in await rows_of(services, Profile) if row.handle == "member"]
    proof = Authentication(method="bearer", issuer="https://issuer.test", subject="demo-member")
    principal = Principal(member.person_id, "person", "member", "Member", proof)
    work = UnitOfWork(services, principal, Origin("tests"))
    page = await list_routes(work, RouteFilter("credit"), None)
    assert [(item.name, item.visibility, item.access) for item in page.items] == [
        ("risk.credit-default", "listed", "none")
    ]


async def test_a_second_start_changes_nothing_that_is_there(
    services: Services, serving: V2Cluster, models: Path
) -> None:
    await seed(services, serving.url, models)
    before, told = await kept(services), await actions(services)
    await seed(services, serving.url, models)
    assert await kept(services) == before
    assert await actions(services) - told == Counter({"cluster.sync": 1})


async def test_a_new_port_moves_the_cluster_and_keeps_its_models(
    services: Services, serving: V2Cluster, models: Path
) -> None:
    await seed(services, serving.url, models)
    before, told = await kept(services), await actions(services)
    async with open_cluster() as moved:
        moved.serve(*SERVED, ("unknown", "1"))
        await seed(services, moved.url, models)
        [cluster] = await rows_of(services, Cluster)
        assert cluster.url == moved.url
    assert await kept(services) == before
    assert await actions(services) - told == Counter({"cluster.sync": 1, "cluster.update": 1})
    assert {row.state for row in await rows_of(services, Deployment)} == {"ready"}


async def test_a_start_that_failed_half_way_is_made_good_by_the_next(
    services: Services, serving: V2Cluster, models: Path
) -> None:
    serving.instead = {INDEX: answering(500, b"")}
    with pytest.raises(ServiceUnavailableError):
        await seed(services, serving.url, models)
    assert await rows_of(services, Route) == []
    serving.instead = {}
    await seed(services, serving.url, models)
    assert len(await rows_of(services, Route)) == len(TEAMS)


async def test_every_row_the_seed_leaves_is_explained_by_an_act(
    services: Services, serving: V2Cluster, models: Path
) -> None:
    for _ in range(2):
        await seed(services, serving.url, models)
        assert await Comparison(services).findings() == []
