"""A superuser's hand in the tables, under a worker that runs: alarmed and without effect in seconds."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
import sqlalchemy as sa

from audit.models import entry
from console.services import Services
from console.worker import run_worker
from sso.models import PlatformRole, RoleAssignment, Source
from tests.console.unexplained.conftest import Place, a_grant
from tests.console.unexplained.test_unexplained import grants_of, insert, rows
from tests.patience import PATIENCE

pytestmark = pytest.mark.slow
EVERY_SECONDS = 1


@asynccontextmanager
async def working(services: Services) -> AsyncIterator[None]:
    """The worker as the product runs it, comparing each second."""
    audit = services.settings.audit.model_copy(update={"compare_seconds": EVERY_SECONDS})
    quick = replace(services, settings=services.settings.model_copy(update={"audit": audit}))
    stop = asyncio.Event()
    worker = asyncio.create_task(run_worker(quick, stop))
    try:
        yield
    finally:
        stop.set()
        await worker


async def logged(services: Services) -> list[str]:
    async with services.log.engine.connect() as connection:
        chosen = sa.select(entry.c.resource_type).where(entry.c.action == "state.unexplained")
        return sorted((await connection.execute(chosen)).scalars().all())


async def test_an_inserted_grant_and_a_changed_and_a_deleted_role_are_alarmed_in_time(place: Place) -> None:
    change, grant = a_grant(place.people["member"].id, place.route.id)
    first, second = (await place.read(RoleAssignment))[:2]
    table = rows(RoleAssignment)
    async with working(place.services):
        await place.do(
            insert(change),
            insert(grant),
            table.update()
            .where(table.c.id == first.id)
            .values(role=PlatformRole.ADMIN, managed_by=Source.MANUAL),
            table.delete().where(table.c.id == second.id),
        )
        async with asyncio.timeout(PATIENCE):
            while len(await logged(place.services)) < 4:  # noqa: ASYNC110 - the worker sends no event here
                await asyncio.sleep(0.1)
        assert await grants_of(place, "member") == []
        assert first.id not in {row.id for row in await place.read(RoleAssignment)}
    assert await logged(place.services) == ["access_grant", "change", "role_assignment", "role_assignment"]
