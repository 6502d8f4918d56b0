"""Two people shorten a retention, the worker removes what is old enough, and every entry still verifies.

Console and worker run here, with a clock that was 400 days behind when people signed in; the commands are
processes of their own.
"""

import asyncio
import hashlib
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from audit.canonical import decode_map
from audit.reader import LogReader, StoredEntry
from console.clock import system_clock
from console.installation import migrate_all
from console.serve import build_asgi, write_run_file
from console.services import Services, build
from console.settings import Settings, load_settings
from console.worker import run_worker
from tests.console.begun import begin
from tests.journeys.embedded import dev_token
from tests.journeys.product import Product, Reply
from tests.journeys.test_exported_log import run_alone
from tests.patience import within
from tests.real.server import free_port

pytestmark = pytest.mark.journey

DAY = 86_400_000_000
SIGN_IN = "session.create"
WANTED = {"name": "auth", "days": 200, "reason": "Sign-ins are not asked for after that."}
SEARCHABLE_SECONDS = 2.0


@dataclass
class LateClock:
    """A real clock that is behind by as much as it is told."""

    behind: int = 0

    def __call__(self) -> int:
        return system_clock() - self.behind


@dataclass
class House:
    """An installation that runs in this process, and the commands of somebody beside it."""

    services: Services
    product: Product
    log: LogReader = field(init=False)

    def __post_init__(self) -> None:
        self.log = self.services.log

    async def cli(self, *words: str) -> str:
        """Run a command that must succeed; return what it said."""
        ran = await asyncio.to_thread(self.product.cli, *words)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    async def post(self, who: str, path: str, body: object, *, step_up: bool = False) -> Any:
        """Post to the API as somebody; return the answer's content."""
        token = await asyncio.to_thread(dev_token, self.product, who, step_up)
        address = f"/api/v1{path}"
        reply: Reply = await asyncio.to_thread(self.product.ask, "POST", address, body, token=token)
        assert reply.status == 201, reply.text
        return reply.json

    async def found(self, token: str, query: str) -> list[Any]:
        """Search by the API as an auditor."""
        address = f"/api/v1/audit/events?q={query}"
        reply: Reply = await asyncio.to_thread(self.product.ask, "GET", address, token=token)
        assert reply.status == 200, reply.text
        items: list[Any] = reply.json["items"]
        return items

    async def entries(self, action: str) -> list[StoredEntry]:
        """Return the entries of one action."""
        found = await self.log.entries(range(await self.log.size()))
        return [one for one in found if decode_map(one.head)["action"] == action]


async def until(probe: Callable[[], Any], what: str) -> Any:
    """Return the first true answer."""
    for _ in range(1_200):
        if found := await probe():
            return found
        await asyncio.sleep(0.05)
    raise AssertionError(what)


@asynccontextmanager
async def working(services: Services) -> AsyncIterator[None]:
    """Run the worker."""
    stop = asyncio.Event()
    task = asyncio.create_task(run_worker(services, stop))
    try:
        yield
    finally:
        stop.set()
        await task


@asynccontextmanager
async def serving(services: Services) -> AsyncIterator[None]:
    """Serve the console."""
    settings = services.settings
    config = uvicorn.Config(
        build_asgi(services, "console"),  # type: ignore[arg-type]
        port=settings.server.port,
        log_level="warning",
        ws="none",
    )
    server = uvicorn.Server(config)
    write_run_file(settings)
    task = asyncio.create_task(server.serve())
    try:
        await until(lambda: asyncio.sleep(0, server.started), "the console answers")
        yield
    finally:
        server.should_exit = True
        await task


@pytest.fixture
async def settings(tmp_path: Path) -> Settings:
    made = load_settings(
        data=tmp_path / "var", server={"port": free_port()}, policy={"deadline_milliseconds": 3000}
    )
    await migrate_all(made)
    return made


@pytest.fixture
async def house(settings: Settings) -> AsyncIterator[House]:
    """People signed in 400 days ago, and since then the log was signed; now it is today."""
    clock = LateClock(400 * DAY)
    await begin(settings, clock)
    past = build(settings, clock)
    async with working(past):
        await until(lambda: signed(past.log), "the log is signed")
    await past.close()
    services = build(settings)
    given = {"GUILDHALL_DATA": str(settings.data), "GUILDHALL_SERVER__PORT": str(settings.server.port)}
    product = Product(settings.data, settings.base_url, settings.base_url, given)
    async with working(services), serving(services):
        yield House(services, product)
    await services.close()


async def signed(log: LogReader) -> bool:
    """Whether everything that people did is in the log, and signed."""
    newest, found = await log.latest_checkpoint(), await log.entries(range(200))
    ins = [one for one in found if decode_map(one.head)["action"] == SIGN_IN]
    return len(ins) == 5 and newest is not None and newest.size == len(found)


async def test_what_is_kept_no_longer_is_gone_and_everything_still_verifies(
    house: House, tmp_path: Path
) -> None:
    old = await house.entries(SIGN_IN)
    assert all([await house.log.body(one.index) for one in old])
    before = tmp_path / "before.tlog-proof"
    await house.cli("audit", "receipt", str(old[0].id), "--output", str(before))

    change = await house.post("admin", "/retention", WANTED)
    signs = {"decision": "approve", "meaning": "I have looked at it", "reason": ""}
    signs["content_hash"] = change["content_hash"]
    path = f"/changes/{change['id']}/reviews"
    assert (await house.post("reviewer", path, signs, step_up=True))["state"] == "approved"

    (tombstone,) = await until(lambda: house.entries("log.prune"), "the worker removes")
    assert [await house.log.body(one.index) for one in old] == [None] * len(old)
    last = tmp_path / "tombstone.tlog-proof"
    await house.cli("audit", "receipt", str(tombstone.id), "--output", str(last))
    copy = tmp_path / "copy"
    await house.cli("audit", "export", str(copy))
    for proven in (before, last, copy):
        ran = await asyncio.to_thread(verified, proven, copy / "vkey")
        assert ran == "ok", proven
    assert told(tombstone) == told_of(await removed(house, tombstone), change["id"])


async def test_what_was_done_is_searchable_within_two_seconds(house: House) -> None:
    token = await asyncio.to_thread(dev_token, house.product, "auditor", False)
    change = await house.post("admin", "/retention", WANTED)
    async with within(SEARCHABLE_SECONDS):
        await until(lambda: house.found(token, f"resource:{change['id']}"), "what was done is found")


def verified(proven: Path, vkey: Path) -> str:
    """Verify without the console, offline; return the first word."""
    command = [sys.executable, "-m", "audit", "verify", str(proven), "--key", f"@{vkey}"]
    return run_alone(command).stdout.partition(":")[0]


async def removed(house: House, tombstone: StoredEntry) -> list[StoredEntry]:
    """Return the entries of the class before the tombstone that are old enough, as a stranger finds them."""
    earlier = await house.log.entries(range(tombstone.index))
    heads = [(one, decode_map(one.head)) for one in earlier]
    year = str(decode_map(tombstone.head)["time"])[:4]
    return [
        one
        for one, head in heads
        if head["retention"] == "auth" and "body" in head and str(head["time"])[:4] < year
    ]


def told(tombstone: StoredEntry) -> tuple[set[str], str]:
    """What the tombstone says: how many, by which digest, and on whose word."""
    head = decode_map(tombstone.head)
    flags: list[str] = head["flags"]  # type: ignore[assignment]
    return {one for one in flags if one.startswith(("class:", "removed:", "digest:"))}, str(head["request"])


def told_of(entries: list[StoredEntry], change: str) -> tuple[set[str], str]:
    """What a tombstone of these entries must say, from their heads alone."""
    digest = hashlib.sha256()
    for one in entries:
        digest.update(one.index.to_bytes(8, "big") + bytes.fromhex(str(decode_map(one.head)["body"])))
    return {"class:auth", f"removed:{len(entries)}", f"digest:{digest.hexdigest()}"}, change
