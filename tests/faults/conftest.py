"""A whole installation that can be killed, in front of a cluster that writes down what it saw."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from console.catalog.forms import ModelPublish, ServedAs
from console.catalog.publishing import publish_model
from console.clock import system_clock
from console.demo.seed import CLUSTER, seed
from console.installation import migrate_all, stamp
from console.models import DataClass, Tier, Visibility
from console.questions import Origin
from console.services import Services, build
from console.settings import Settings, load_settings
from console.sign_in.providers import dev_issuer
from console.work import UnitOfWork
from sso.dev.tokens import issue_token
from sso.principal import system_principal
from tests.console.gateway.clusters import ScriptedCluster, Seen, answering
from tests.ended import has_ended
from tests.journeys.product import Product
from tests.patience import eventually
from tests.real.server import free_port

ROUTE = "risk.echo"
INDEX = b'[{"name":"echo","version":"1","state":"READY"}]'
SLOWEST_SECONDS = 0.03


async def answer_like_a_server(
    seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Serve one model; calls take their time and come in two pieces, so that a kill meets every moment."""
    if not seen.line.startswith("POST /v2/models/"):
        await answering(INDEX if "index" in seen.line else b'{"name":"echo"}')(seen, reader, writer)
        return
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 4\r\n\r\n")
    await asyncio.sleep(random.uniform(0, SLOWEST_SECONDS))  # noqa: S311 - no secret
    writer.write(b"[1")
    await writer.drain()
    await asyncio.sleep(random.uniform(0, SLOWEST_SECONDS))  # noqa: S311 - no secret
    writer.write(b"]\n")


@dataclass
class Installation:
    """Started by `start`, killed by `kill`; its data folder is the test's."""

    settings: Settings
    services: Services
    cluster: ScriptedCluster
    product: Product = field(init=False)

    def __post_init__(self) -> None:
        data, url = self.settings.data, self.settings.base_url
        given = {"DATA": str(data), "SERVER__PORT": str(self.settings.server.port)}
        if follower := self.settings.audit.elasticsearch:
            given |= {"AUDIT__ELASTICSEARCH__URL": follower.url, "AUDIT__ORIGIN": self.settings.audit.origin}
        self.product = Product(data, url, url, {f"GUILDHALL_{name}": value for name, value in given.items()})

    async def start(self) -> None:
        # Started here and not in a thread: the kernel ends a child with the thread that began it.
        self.product.start("all", "serve", "--role", "all")
        await asyncio.to_thread(self.product.wait, "all", self.settings.base_url)

    def kill(self) -> None:
        """Kill it outright; what the kernel ends with it is gone then, and so are its locks and its port."""
        children = psutil.Process(self.product.children["all"].pid).children(recursive=True)
        self.product.kill("all")
        assert eventually(lambda: all(has_ended(one.pid) for one in children)), "a child has not ended"

    def token(self) -> str:
        key, issuer = self.settings.data / "dev-idp.key", dev_issuer(self.settings)
        return issue_token(key, issuer, "member", step_up=False, now=system_clock())


@asynccontextmanager
async def open_installation(folder: Path, **audit: object) -> AsyncIterator[Installation]:
    """Set everything up in `folder`, with these settings of the section `audit`; nothing is started."""
    settings = load_settings(data=folder / "var", server={"port": free_port()}, audit=audit)
    await migrate_all(settings)
    services = build(settings)
    async with ScriptedCluster.open() as cluster:
        cluster.behave = answer_like_a_server
        await stamp(services)
        await seed(services, cluster.url, folder / "no-models")
        await publish_model(UnitOfWork(services, system_principal("demo"), Origin("demo")), a_shared_model())
        cluster.requests.clear()
        installation = Installation(settings, services, cluster)
        yield installation
        await asyncio.to_thread(installation.product.close)
    await services.close()


@pytest.fixture
async def installation(tmp_path: Path) -> AsyncIterator[Installation]:
    async with open_installation(tmp_path) as opened:
        yield opened


def a_shared_model() -> ModelPublish:
    served = ServedAs(
        cluster=CLUSTER,
        upstream_name="echo",
        upstream_version="1",
        label="1",
        weight=1,
        card={},
    )
    return ModelPublish(
        team="risk",
        namespace="risk",
        name="echo",
        title="Echo",
        summary="Answers.",
        task="echo",
        purpose="tests",
        visibility=Visibility.SHARED,
        tier=Tier.LOW,
        data_class=DataClass.INTERNAL,
        card={},
        versions=(served,),
    )
