"""Rows that go in through the driver are the same on SQLite and on PostgreSQL: read back, and explained."""

from uuid import UUID

import pytest

from console.directory.comparing import compare, read_known
from console.services import Services
from console.unexplained.comparison import Comparison
from sso.models import MappingRule, RuleRole
from sso.syncing.snapshot import Snapshot
from tests.console.catalog.both import settings
from tests.console.directory.scene import SETTINGS, add_rules, somebody, sync, teams_of

__all__ = ["settings"]


@pytest.fixture(autouse=True)
async def rules(services: Services, teams: dict[str, UUID]) -> None:
    await add_rules(services, teams)
    role = RuleRole.AUDITOR
    rule = MappingRule(issuer=SETTINGS.known_as, claim="groups", value="/audit", role=role, created=0)
    async with services.database.write() as session:
        session.add(rule)


async def test_what_a_sync_puts_in_is_what_the_next_one_finds(
    services: Services, teams: dict[str, UUID]
) -> None:
    before = len(await Comparison(services).findings())
    people = [somebody("ada@one.example", "/risk", "/audit"), somebody("ada@two.example", "/retail")]
    assert (await sync(services, *people)).people == len(people)
    known = await read_known(services, SETTINGS, None)
    snapshot = Snapshot(SETTINGS.known_as, {one.subject: one for one in people})
    assert compare(SETTINGS, snapshot, known).changes == ()
    assert await teams_of(services, "ada@two.example") == {teams["retail"]}
    assert len(await Comparison(services).findings()) == before
    assert (await sync(services, somebody("ada@one.example"), people[1])).people == 1
    assert await teams_of(services, "ada@one.example") == set()
    assert len(await Comparison(services).findings()) == before
