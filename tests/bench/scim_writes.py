"""Durable writes of a directory at the SCIM door: users made, changed and put into groups, one after another.

Each answer comes after the commit, with its records in it. Processor time is this process's, client included,
and on PostgreSQL the database's too: it says what a machine could do that nobody else keeps busy.
"""

import itertools
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
from uuid_utils.compat import uuid7

from console import runtime
from console.installation import migrate_all, stamp
from console.scim.door import scim_application
from console.services import Services, build
from console.settings import load_settings
from console.sign_in.providers import dev_issuer
from sso.models import GroupsAs, ScimCredential, SubjectFrom
from sso.scim.tokens import new_token
from tests.bench.postgres import DurablePostgres
from tests.bench.result import ROOT, Result, Row, median_row

ROUNDS, USERS = 5, 30
FLOOR, AIM = 50.0, 100.0
YEAR = 365 * 86_400_000_000
NUMBERS: Iterator[int] = itertools.count()


def measure_sqlite() -> Result:
    """Measure on SQLite, synchronous to the disk."""
    return Result("scim-writes-sqlite", runtime.run(_measure(None, lambda: 0.0)))


def measure_postgresql() -> Result:
    """Measure on PostgreSQL, synchronous to the disk."""
    server = DurablePostgres()
    server.start()
    try:
        rows = runtime.run(_measure(server.create_database(), server.processor))
    finally:
        server.close()
    return Result("scim-writes-postgresql", rows)


async def _measure(url: str | None, database: Callable[[], float]) -> list[Row]:
    folder = ROOT / "var" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        async with _services(Path(scratch) / "var", url) as services, _client(services) as client:
            await _round(client, database)  # the first warms up
            rounds = [await _round(client, database) for _ in range(ROUNDS)]
    by_processor, by_clock = zip(*rounds, strict=True)
    return [
        median_row("durable writes by processor time", "writes/s", list(by_processor), FLOOR, AIM),
        median_row("durable writes by the clock, one client", "writes/s", list(by_clock)),
    ]


async def _round(client: httpx2.AsyncClient, database: Callable[[], float]) -> tuple[float, float]:
    """Write thrice for each user; return writes a second of processor time, and of the clock."""
    group = await _sent(client.post("/Groups", json={"displayName": f"Group {next(NUMBERS)}"}))
    began, used, theirs = time.perf_counter(), time.process_time(), database()
    for _ in range(USERS):
        name = f"person-{next(NUMBERS)}"
        said = {"userName": f"{name}@a.example", "externalId": name, "displayName": name.title()}
        user = await _sent(client.post("/Users", json=said))
        await _sent(client.patch(f"/Users/{user['id']}", json=_patch("replace", "title", "Engineer")))
        member = _patch("add", "members", [{"value": user["id"]}])
        await _sent(client.patch(f"/Groups/{group['id']}", json=member))
    processor = time.process_time() - used + database() - theirs
    return 3 * USERS / processor, 3 * USERS / (time.perf_counter() - began)


def _patch(operation: str, path: str, value: object) -> dict[str, Any]:
    schema = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
    return {"schemas": [schema], "Operations": [{"op": operation, "path": path, "value": value}]}


async def _sent(request: Any) -> dict[str, Any]:
    answer = await request
    if answer.status_code >= 300:
        raise RuntimeError(f"{answer.status_code}: {answer.text}")
    return dict(answer.json()) if answer.content else {}


@asynccontextmanager
async def _services(data: Path, url: str | None) -> AsyncIterator[Services]:
    settings = load_settings(data=data, **({"database": {"url": url}} if url else {}))
    await migrate_all(settings)
    services = build(settings)
    try:
        await stamp(services)
        yield services
    finally:
        await services.close()


@asynccontextmanager
async def _client(services: Services) -> AsyncIterator[httpx2.AsyncClient]:
    token = new_token()
    credential = ScimCredential(
        name="bench",
        issuer=dev_issuer(services.settings),
        subject_from=SubjectFrom.EXTERNAL_ID,
        groups_as=GroupsAs.TEAMS,
        token_id=token.id,
        verifier=token.verifier(services.identity_key),
        change_id=uuid7(),
        created=services.clock(),
        expires=services.clock() + YEAR,
    )
    async with services.database.write() as session:
        session.add(credential)
    transport = httpx2.ASGITransport(app=scim_application(services))
    headers = {"Authorization": f"Bearer {token.text}"}
    base = f"{services.settings.base_url}/scim/v2"
    async with httpx2.AsyncClient(transport=transport, base_url=base, headers=headers) as client:
        yield client
