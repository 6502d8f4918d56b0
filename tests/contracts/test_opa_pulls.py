"""A real OPA fetches the signed bundle from the console, believes no other, and reports what it does."""

import asyncio
import gzip
import json
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
import uvicorn
from pydantic import SecretStr
from sqlmodel import select

from console.asgi import Receive, Scope, Send
from console.policies.deciding import decide
from console.policies.keys import VERIFIES, signing_key
from console.policies.signing import sign_active
from console.policies.trouble import policy_trouble
from console.services import Services, with_decider
from policy.bundles import Bundle, read_bundle, revise
from policy.decision import Decision, Entrypoint
from policy.embedded import EmbeddedDecider
from policy.fallback import STEPPED_IN, FallbackDecider
from policy.models import PolicyEngine
from policy.opa import OpaAddress, OpaDecider
from policy.signing import new_key, sign_bundle
from policy.tarball import pack_bundle
from tests.console.conftest import MovingClock, decider, migrated_data, services, settings
from tests.console.one_app import console_on
from tests.console.policies.conftest import put_in_force, without_shared
from tests.console.policies.test_activating import question
from tests.console.policies.test_staging import stage_of
from tests.patience import PATIENCE, within
from tests.real.missing import require
from tests.real.opa import PullingOpa

pytestmark = pytest.mark.real
TOKEN = "an-engine-token-of-32-characters-or-more"
__all__ = ["decider", "migrated_data", "services", "settings"]


@pytest.fixture
def begun() -> None:
    return None


@pytest.fixture
def clock() -> MovingClock:
    return MovingClock()


@asynccontextmanager
async def served(app: Any) -> AsyncIterator[str]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(app, lifespan="off", log_config=None, timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/api/v1/opa"
        server.should_exit = True
        await serving


@asynccontextmanager
async def pulling(config: pytest.Config, url: str, key: bytes) -> AsyncIterator[PullingOpa]:
    server = PullingOpa(url, TOKEN, key)
    require(config, server)
    await asyncio.to_thread(server.start)
    try:
        yield server
    finally:
        await asyncio.to_thread(server.close)


async def eventually(condition: Callable[[], Any]) -> None:
    async with within(PATIENCE):
        while not await condition():  # noqa: ASYNC110 - another process sends no event
            await asyncio.sleep(0.1)


async def decided(services: Services) -> Decision:
    async with services.database.read() as session:
        active = await services.policies.active(session)
    return await decide(services, question(), active)


async def engines(services: Services) -> list[PolicyEngine]:
    async with services.database.read() as session:
        return list((await session.exec(select(PolicyEngine))).all())


async def test_it_takes_each_active_revision_and_reports(
    services: Services, clock: MovingClock, pytestconfig: pytest.Config
) -> None:
    policy = services.settings.policy.model_copy(update={"engine_token": SecretStr(TOKEN)})
    services = replace(services, settings=services.settings.model_copy(update={"policy": policy}))
    key = signing_key(services.policies.keys)
    await sign_active(services, key)
    pem = (services.policies.keys / VERIFIES).read_bytes()
    async with served(console_on(services)) as url, pulling(pytestconfig, url, pem) as server:
        opa = OpaDecider(OpaAddress(server.url), timeout=PATIENCE, asking_key=services.asking_key)
        with_opa = with_decider(services, opa)

        async def holds(revision: str) -> bool:
            return (await opa.evaluate(Entrypoint.SCOPE, {})).revision == revision

        await eventually(lambda: holds(services.policies.shipped.revision))
        assert (await decided(with_opa)).allow
        other = without_shared()
        await put_in_force(services, other)
        await sign_active(services, key)
        await eventually(lambda: holds(other.revision))
        after = await decided(with_opa)
        assert (after.allow, after.revision, after.engine) == (False, other.revision, "opa")

        async def reported() -> bool:
            return any(one.revision == other.revision and one.decisions for one in await engines(services))

        await eventually(reported)
        assert (await stage_of(services)).state == "complete"
        clock.forward(6)
        assert await policy_trouble(with_opa) is None
        assert [one.ignored for one in await engines(services)] == [0]
        embedded = EmbeddedDecider(other, decision_seconds=PATIENCE)
        both = with_decider(services, FallbackDecider(opa, embedded))
        assert (await decided(both)).engine == "opa"
        await asyncio.to_thread(server.stop)
        alone = await decided(both)
        assert (alone.engine, alone.revision, alone.reasons) == (STEPPED_IN, other.revision, ("no_grant",))
        assert (await decided(with_opa)).reasons == ("policy_error",)
        await opa.close()
        await embedded.close()


@dataclass
class Shelf:
    """A place that hands out whatever a test puts there, and keeps what OPA reports."""

    bundle: bytes = b""
    tag: int = 0
    told: list[Any] = field(default_factory=list)

    def put(self, bundle: bytes) -> None:
        self.bundle, self.tag = bundle, self.tag + 1
        self.told.clear()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        if scope["path"].endswith("/status"):
            self.told.append(json.loads(gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body))
        found = self.bundle if scope["path"].endswith(".tar.gz") else b""
        headers = [(b"etag", b'"%d"' % self.tag), (b"content-type", b"application/gzip")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": found})

    async def refused(self) -> bool:
        return any(one["bundles"]["guildhall"].get("message") for one in self.told if one.get("bundles"))


KEY = new_key()
GOOD = read_bundle()


def hostile() -> Iterator[tuple[str, bytes]]:
    signed, other = sign_bundle(GOOD, KEY), without_shared()
    extra = Bundle({**GOOD.files, "extra.rego": "package guildhall.extra"}, GOOD.revision)
    yield "tampered", pack_bundle(Bundle(other.files, GOOD.revision), signed)
    yield "unsigned", pack_bundle(other, '{"signatures":[]}')
    yield "another key", pack_bundle(other, sign_bundle(other, new_key()))
    yield "an extra file", pack_bundle(extra, signed)
    yield "another manifest", pack_bundle(Bundle(GOOD.files, revise({})), signed)


async def test_case_79_it_keeps_the_old_bundle_when_handed_another(pytestconfig: pytest.Config) -> None:
    shelf = Shelf(pack_bundle(GOOD, sign_bundle(GOOD, KEY)))
    async with served(shelf) as url, pulling(pytestconfig, url, KEY.as_pem(private=False)) as server:
        opa = OpaDecider(OpaAddress(server.url), timeout=PATIENCE)

        async def holds() -> bool:
            return (await opa.evaluate(Entrypoint.SCOPE, {})).revision == GOOD.revision

        await eventually(holds)
        for name, bundle in hostile():
            shelf.put(bundle)
            await eventually(shelf.refused)
            assert await holds(), name
        await opa.close()
