import pytest

from audit.checkpoints.checkpoint import verify_checkpoint
from audit.tree import merkle, tiles
from tests.console.trail.test_events import narrow
from tests.console.trail.trail import Trail

pytestmark = pytest.mark.slow


async def test_tiles_and_bundles_are_what_the_entries_say(trail: Trail) -> None:
    await trail.happen_often(260)
    await trail.settle()
    note = await trail.get("auditor", "/log/checkpoint")
    assert note.headers["cache-control"] == "no-cache"
    size = verify_checkpoint(note.content, trail.vkey).size
    assert size > 260
    entries = await trail.services.log.entries(range(size))
    expected = dict(tiles.hash_tiles([merkle.leaf_hash(one.head) for one in entries]))
    assert set(expected) > {"tile/0/000", "tile/1/000.p/1"}
    for number in range(2):
        chunk = [one.head for one in entries[number * 256 : (number + 1) * 256]]
        expected[tiles.bundle_path(number, len(chunk))] = tiles.encode_bundle(chunk)
    for path, data in expected.items():
        answer = await trail.get("auditor", f"/log/{path}")
        assert answer.content == data, path
        assert answer.headers["content-type"] == "application/octet-stream"
        assert ("immutable" in answer.headers["cache-control"]) == (".p/" not in path), path


async def test_nothing_beyond_the_signed_size_and_no_second_spelling(trail: Trail) -> None:
    await trail.settle()
    for path in ("0/000", "0/000.p/9", "0/001.p/1", "entries/000", "1/000.p/1"):
        assert (await trail.get("auditor", f"/log/tile/{path}")).status_code == 404, path
    for path in (
        "0/x000/000.p/1",
        "00/000.p/1",
        "0/000.p/0",
        "0/000.p/01",
        "99/000.p/1",
        "x/000",
        "0/000/..",
    ):
        assert (await trail.get("auditor", f"/log/tile/{path}")).status_code == 404, path


async def test_the_log_as_files_is_for_auditors_and_entries_for_unscoped_ones(trail: Trail) -> None:
    paths = {"/log/checkpoint": 200, "/log/tile/0/000.p/1": 200, "/log/tile/entries/000.p/1": 403}
    assert (await trail.get("auditor", "/log/tile/entries/000.p/1")).status_code == 200
    for path in paths:
        assert (await trail.get("member", path)).status_code == 403
        assert (await trail.http.get(path)).status_code == 401
    await narrow(trail, '["risk"]')
    for path, status in paths.items():
        assert (await trail.get("auditor", path)).status_code == status, path


async def test_reading_entries_is_recorded(trail: Trail) -> None:
    await trail.get("auditor", "/log/tile/entries/000.p/1")
    await trail.settle()
    found = (await trail.get("auditor", "/api/v1/audit/events", q="action:log.read")).json()["items"]
    assert [item["actor"]["name"] for item in found] == ["Demo auditor"]
