"""What a gateway counts is what the log holds; it sheds before its spool is full, and returns by itself."""

import contextlib
import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
import sqlalchemy as sa

from audit.models import entry
from console.services import Services
from sso.principal import Principal
from tests.console.conftest import Catalog, TokenFor
from tests.console.gateway.clusters import ScriptedCluster
from tests.console.gateway.conftest import Desk, gateway_on
from tests.patience import PATIENCE

pytestmark = pytest.mark.slow
ROOM = 1024**2


@pytest.fixture
def small_disk(services: Services) -> Iterator[Path]:
    """A disk of one mebibyte where the spool lies."""
    folder = services.settings.spool
    folder.mkdir()
    mounted = ["mount", "-t", "tmpfs", "-o", f"size={ROOM}", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mounted, check=False, capture_output=True).returncode != 0:
        pytest.skip("a disk of its own can only be mounted by root")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture
async def set_up(
    services: Services,
    catalog: Catalog,
    token_for: TokenFor,
    people: dict[str, Principal],
    cluster: ScriptedCluster,
) -> Any:
    """Opens a gateway where the member may call risk.credit-default; it ends with the block."""

    @asynccontextmanager
    async def opened(served: Services = services) -> AsyncIterator[Desk]:
        async with gateway_on(served) as url, httpx2.AsyncClient(base_url=url, timeout=PATIENCE) as http:
            desk = Desk(served, catalog, token_for, http)
            await desk.serve(cluster.url, {"1": 100})
            await desk.grant(people["member"].id)
            yield desk

    return opened


def fill(path: Path) -> None:
    with contextlib.suppress(OSError), path.open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 4096)


async def logged(desk: Desk, action: str) -> list[dict[str, Any]]:
    await desk.worker.drain()
    async with desk.services.log.engine.connect() as connection:
        chosen = sa.select(entry.c.id).where(entry.c.action == action).order_by(entry.c.index)
        ids = (await connection.execute(chosen)).scalars().all()
    return [dict(await desk.worker.head(one)) for one in ids]


async def test_calls_and_refusals_are_counted_and_agree(set_up: Any) -> None:
    async with set_up() as desk:
        for _ in range(3):
            assert (await desk.call()).status_code == 200
        assert (await desk.call(who="owner")).status_code == 403
        assert (await desk.call("/v2/models/risk.no-such/infer")).status_code == 404
    found = await logged(desk, "census.record")
    assert [head["outcome"] for head in found] == ["success"] * 2
    assert {str(head["reasons"]) for head in found} == {
        "['entries:4', 'entries_total:5', 'admitted:3', 'refused:1', 'total:5']",
        "['entries:1', 'entries_total:5', 'admitted:0', 'refused:1', 'total:5']",
    }
    assert [head["action"] for head in await logged(desk, "producer.close")] == ["producer.close"]
    assert await logged(desk, "producer.lost") == []


async def test_a_person_refused_again_and_again_gets_the_id_of_the_summary(set_up: Any) -> None:
    async with set_up() as desk:
        ids = [(await desk.call(who="owner")).headers["guildhall-audit-id"] for _ in range(30)]
        assert (await desk.call()).status_code == 200, "and nobody else is refused"
        assert "guildhall-audit-id" not in (await desk.http.get("/v2/models/risk.churn")).headers
    assert len(set(ids)) == 21
    await desk.services.denials.stop()
    summary, stranger = await logged(desk, "denial.summary")
    if "actor" not in summary:
        summary, stranger = stranger, summary
    assert (summary["id"], summary["reasons"]) == (ids[-1], ["no_grant", "count:10"])
    assert stranger["reasons"] == ["token_missing", "count:1"]


async def test_a_full_disk_refuses_calls_and_is_over_when_there_is_space(
    services: Services, set_up: Any, small_disk: Path
) -> None:
    async with set_up() as desk:
        assert (await desk.call()).status_code == 200
        filler = small_disk / "filler"
        fill(filler)
        full = [await desk.call() for _ in range(20)]
        refused = [one for one in full if one.status_code == 503]
        assert refused
        assert full[-1].json()["reasons"] == ["audit_unavailable"]
        filler.unlink()
        services.clock.forward(2)  # type: ignore[attr-defined]
        assert (await desk.call()).status_code == 200
    invoked = await logged(desk, "model.invoke")
    served = [one for one in invoked if one["outcome"] == "success"]
    assert len(served) == 2 + sum(one.status_code == 200 for one in full)
    assert {one["outcome"] for one in invoked} <= {"success", "unknown"}


async def test_a_spool_nearly_full_sheds_calls_and_keeps_what_it_holds(
    services: Services, set_up: Any
) -> None:
    gateway = services.settings.gateway.model_copy(update={"spool_limit_bytes": ROOM})
    tight = replace(services, settings=services.settings.model_copy(update={"gateway": gateway}))
    async with set_up(tight) as desk:
        assert (await desk.call()).status_code == 200
        (services.settings.spool / "other.spool").write_bytes(b"x" * ROOM)
        services.clock.forward(2)  # type: ignore[attr-defined]
        shed = await desk.call()
        assert (shed.status_code, shed.json()["reasons"]) == (503, ["audit_unavailable"])
        assert (await desk.http.get("/v2/health/ready")).status_code == 503
        (services.settings.spool / "other.spool").unlink()
        services.clock.forward(2)  # type: ignore[attr-defined]
        assert (await desk.call()).status_code == 200
