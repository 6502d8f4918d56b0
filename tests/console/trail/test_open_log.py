"""Where `audit.public` says so, anybody watches the log grow; nobody sees an entry for it."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from audit.checkpoints.checkpoint import verify_checkpoint
from console.settings import load_settings
from policy.embedded import EmbeddedDecider
from tests.console.trail.trail import Trail
from tests.real.server import free_port

pytestmark = pytest.mark.slow


@pytest.fixture
async def trail(migrated: Path, tmp_path: Path, decider: EmbeddedDecider) -> AsyncIterator[Trail]:
    """What every trail has, and this one setting."""
    data = tmp_path / "data"
    shutil.copytree(migrated, data)
    settings = load_settings(data=data, server={"port": free_port()}, audit={"public": True})
    async with Trail.open(settings, decider) as opened:
        yield opened


async def test_hashes_and_signatures_are_anybodys(trail: Trail) -> None:
    await trail.happen_often(260)
    await trail.settle()
    note = await trail.http.get("/log/checkpoint")
    assert (note.status_code, note.headers["cache-control"]) == (200, "no-cache")
    assert verify_checkpoint(note.content, trail.vkey).size > 260
    whole = await trail.http.get("/log/tile/0/000")
    assert (whole.status_code, len(whole.content)) == (200, 256 * 32)
    assert whole.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert (await trail.http.get("/log/tile/1/000.p/1")).headers["cache-control"] == "no-cache"
    assert (await trail.http.get("/log/timestamp")).status_code == 404, "nothing was stamped"
    assert (await trail.http.get("/log/timestamp/checkpoint")).status_code == 404


async def test_entries_stay_with_auditors_of_everything(trail: Trail) -> None:
    await trail.happen_often(260)
    await trail.settle()
    whole = await trail.get("auditor", "/log/tile/entries/000")
    assert whole.headers["cache-control"] == "private, max-age=31536000, immutable", "as where it is not open"
    path = "/log/tile/entries/000.p/1"
    assert (await trail.http.get(path)).status_code == 401
    assert (await trail.get("member", path)).status_code == 403
    assert (await trail.get("auditor", path)).status_code == 200
    for other in ("/log/tile/entries", "/log/tile//entries/000.p/1", "/log/tile/0/../entries/000.p/1"):
        assert (await trail.http.get(other)).status_code in {401, 404}, other
    await trail.settle()
    found = (await trail.get("auditor", "/api/v1/audit/events", q="action:log.read")).json()["items"]
    told = sorted((item["actor"]["name"], item["outcome"]) for item in found)
    assert told == [*[("Demo auditor", "success")] * 2, ("Demo member", "denied")]


async def test_nothing_beyond_the_signed_size(trail: Trail) -> None:
    await trail.settle()
    for path in ("0/009", "0/000.p/255", "x/000", "99/000.p/1"):
        assert (await trail.http.get(f"/log/tile/{path}")).status_code == 404, path
