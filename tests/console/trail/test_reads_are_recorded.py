"""Every route that shows entries leaves one; those that show hashes only are published, and do not."""

import sqlalchemy as sa
from litestar.handlers import HTTPRouteHandler

from audit.models import entry
from console.declared import PERMISSION
from console.trail.api import API, LOG_HANDLERS
from console.unrecorded import ADDRESSES
from policy.permissions import Permission
from tests.console.trail.trail import Trail, doors

ADDRESS = {
    "/api/v1/audit/events": ("/api/v1/audit/events", "audit.read"),
    "/api/v1/audit/events/{event_id:uuid}": ("/api/v1/audit/events/{event}", "audit.read"),
    "/api/v1/audit/events/{event_id:uuid}/proof": ("/api/v1/audit/events/{event}/proof", "audit.read"),
    "/api/v1/audit/range": ("/api/v1/audit/range", "audit.export"),
    "/log/tile/{address:path}": ("/log/tile/entries/000.p/1", "log.read"),
}
UNRECORDED = {
    "/api/v1/audit/key": "/api/v1/audit/key",
    "/log/checkpoint": "/log/checkpoint",
    "/log/tile/{address:path}": "/log/tile/0/000.p/1",
}
UNSTAMPED = {"/log/timestamp", "/log/timestamp/checkpoint"}
"""Of a log that nobody stamped, there is nothing to read."""


async def count(trail: Trail) -> dict[str, int]:
    await trail.settle()
    asked = sa.select(entry.c.action, sa.func.count()).group_by(entry.c.action)
    async with trail.services.log.engine.connect() as connection:
        rows = (await connection.execute(asked)).all()
    return {str(action): int(number) for action, number in rows}


async def test_each_read_of_entries_is_one_entry_and_no_other_is(trail: Trail) -> None:
    event = str(await trail.happen())
    before = await count(trail)
    for path, (address, action) in ADDRESS.items():
        asked = {"first": 0, "last": 0} if path.endswith("range") else {}
        answer = await trail.get("auditor", address.replace("{event}", event), **asked)
        assert answer.status_code == 200, (path, answer.text)
        after = await count(trail)
        assert after == before | {action: before.get(action, 0) + 1}, path
        before = after
    for path, address in UNRECORDED.items():
        assert (await trail.get("auditor", address)).status_code == 200, path
        assert await count(trail) == before, path
    for path in UNSTAMPED:
        assert (await trail.get("auditor", path)).status_code == 404, path
        assert await count(trail) == before, path


async def test_the_list_above_is_every_route_that_reads_the_log(trail: Trail) -> None:
    rights = {Permission.AUDIT_READ, Permission.AUDIT_EXPORT, Permission.LOG_READ}
    assert len([*API, *LOG_HANDLERS]) >= len(ADDRESS)
    reads = {
        route.path
        for route in doors(trail.services).routes
        for handler in getattr(route, "route_handlers", ())
        if isinstance(handler, HTTPRouteHandler) and handler.opt.get(PERMISSION) in rights
    }
    assert reads == ADDRESS.keys() | UNRECORDED.keys() | UNSTAMPED
    assert UNRECORDED.keys() | UNSTAMPED <= ADDRESSES.keys()
