"""A gateway on a real socket, in front of a cluster that tests script."""

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import pytest
import uvicorn
from sqlmodel import SQLModel, col, select
from uuid_utils.compat import uuid7

from console.gateway.recorder import SPOOL
from console.models import Cluster, Deployment, Model, Route, RouteState, RouteTarget, Version
from console.serve import build_asgi
from console.services import Services
from console.settings import Settings, load_settings
from policy.models import Change, ChangeKind, ChangeState, Grant, PrincipalType
from tests.console.begun import Begun
from tests.console.conftest import START, Catalog, TokenFor
from tests.console.gateway.clusters import ScriptedCluster
from tests.console.gateway.records import Kept, Worker, read_spool
from tests.patience import PATIENCE

DAY = 86_400_000_000
INFER = b'{"inputs":[]}'
CREDIT = "/v2/models/risk.credit-default"


@pytest.fixture
def impatient() -> None:
    """Whoever asks for this has a gateway that waits for clusters as briefly as it may."""


@pytest.fixture
def settings(request: pytest.FixtureRequest, begun_data: Begun, tmp_path: Path) -> Settings:
    shutil.copytree(begun_data.folder, tmp_path / "var")
    patience = 1 if "impatient" in request.fixturenames else int(PATIENCE)
    limits = {"upstream_timeout_seconds": patience, "body_limit_bytes": 64 * 1024}
    return load_settings(data=tmp_path / "var", gateway=limits)


@dataclass
class Desk:
    """Sets the catalog up, calls through the gateway, and reads what it left behind."""

    services: Services
    catalog: Catalog
    token_for: TokenFor
    http: httpx2.AsyncClient
    worker: Worker = field(init=False)

    def __post_init__(self) -> None:
        self.worker = Worker(self.services)

    @property
    def spool(self) -> Path:
        return self.services.settings.data / SPOOL

    @property
    def port(self) -> int:
        return self.http.base_url.port or 0

    def kept(self) -> list[Kept]:
        return read_spool(self.spool)

    def headers(self, person: str) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token_for(person)}"}

    async def call(
        self,
        path: str = f"{CREDIT}/infer",
        *,
        who: str = "member",
        body: bytes = INFER,
        headers: Mapping[str, str] | None = None,
    ) -> httpx2.Response:
        return await self.http.post(path, content=body, headers={**self.headers(who), **(headers or {})})

    async def get(self, path: str, who: str = "member") -> httpx2.Response:
        return await self.http.get(path, headers=self.headers(who))

    async def add(self, *rows: SQLModel) -> None:
        async with self.services.database.write() as session:
            session.add_all(rows)

    async def serve(self, url: str, versions: Mapping[str, int], route: Route | None = None) -> None:
        """Let the route list these versions, by label and weight, on a cluster at `url`."""
        route = route or self.catalog.credit
        cluster = Cluster(name=uuid7().hex, kind="v2", url=url, state="active", created=START)
        await self.add(cluster)
        for label, weight in versions.items():
            await self._list(route, cluster, label, weight)

    async def _list(self, route: Route, cluster: Cluster, label: str, weight: int) -> None:
        version = Version(
            model_id=route.model_id, label=label, evidence_kind="artifact", evidence="0", card="{}", created=0
        )
        await self.add(version)
        deployment = Deployment(
            cluster_id=cluster.id,
            upstream_name=route.name.partition(".")[2],
            upstream_version=label,
            version_id=version.id,
            seen=START,
        )
        await self.add(deployment)
        await self.add(
            RouteTarget(route_id=route.id, deployment_id=deployment.id, label=label, weight=weight)
        )

    async def grant(
        self, person_id: UUID, route: Route | None = None, *, days: int = 1, since: int = START
    ) -> Grant:
        """Give somebody access for some days from `since`, as a rule the start of the tests' clock."""
        resource = (route or self.catalog.credit).id
        change = Change(
            id=uuid7(),
            kind=ChangeKind.ACCESS,
            resource_type="route",
            resource_id=resource,
            requester_id=person_id,
            content="{}",
            content_hash="0" * 64,
            state=ChangeState.APPROVED,
            required="[]",
            policy_revision="0" * 64,
            created=START,
        )
        await self.add(change)
        grant = Grant(
            id=uuid7(),
            principal_type=PrincipalType.PERSON,
            principal_id=person_id,
            permission="model.invoke",
            resource_type="route",
            resource_id=resource,
            change_id=change.id,
            starts=since - DAY,
            ends=since + days * DAY,
        )
        await self.add(grant)
        return grant

    async def stop(self, route: Route) -> None:
        async with self.services.database.write() as session:
            found = (await session.exec(select(Route).where(col(Route.id) == route.id))).one()
            found.state = RouteState.STOPPED
            session.add(found)

    async def set_model(self, route: Route, **changes: Any) -> None:
        async with self.services.database.write() as session:
            found = (await session.exec(select(Model).where(col(Model.id) == route.model_id))).one()
            for name, value in changes.items():
                setattr(found, name, value)
            session.add(found)


@asynccontextmanager
async def gateway_on(services: Services) -> AsyncIterator[str]:
    """Serve the gateway's role on a free port of loopback; yields the address."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        app = build_asgi(services, "gateway")
        config = uvicorn.Config(
            app,
            lifespan="on",
            log_config=None,
            server_header=False,
            timeout_graceful_shutdown=1,
            timeout_keep_alive=600,  # a client that is let run late would meet the end of its connection
        )
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        await eventually(lambda: server.started or serving.done())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        await serving


async def eventually(condition: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Return once the condition holds; AssertionError after `seconds`."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - conditions outside this loop send no event
            await asyncio.sleep(0.005)


@pytest.fixture
async def gateway(services: Services) -> AsyncIterator[str]:
    async with gateway_on(services) as url:
        yield url


@pytest.fixture
async def cluster() -> AsyncIterator[ScriptedCluster]:
    async with ScriptedCluster.open() as opened:
        yield opened


@pytest.fixture
async def desk(
    services: Services, catalog: Catalog, token_for: TokenFor, people: object, gateway: str
) -> AsyncIterator[Desk]:
    """A gateway, and nothing published yet."""
    async with httpx2.AsyncClient(base_url=gateway, timeout=PATIENCE) as http:
        yield Desk(services, catalog, token_for, http)


@pytest.fixture
async def granted(desk: Desk, people: dict[str, Any], cluster: ScriptedCluster) -> Desk:
    """The member may call risk.credit-default, version 1 on the scripted cluster."""
    await desk.serve(cluster.url, {"1": 100})
    await desk.grant(people["member"].id)
    return desk
