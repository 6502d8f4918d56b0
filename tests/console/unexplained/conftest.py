"""An installation all of whose rows came by recorded acts, on SQLite and on PostgreSQL."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel, col, select
from uuid_utils.compat import uuid7

from audit.custody.holds import hold_of
from audit.event import Part
from audit.events import Action
from audit.models import LegalHold
from console.access.rows import grant_row
from console.catalog.discovery import create_cluster, sync_cluster
from console.catalog.forms import ClusterCreate, ModelPublish
from console.catalog.publishing import publish_model
from console.changes.rows import change_row
from console.custody.rows import hold_row
from console.models import Route, UnexplainedRow
from console.people.forms import MappingRuleCreate
from console.people.mapping import create_rule
from console.questions import Origin, Resource
from console.services import Services
from console.sign_in.providers import dev_issuer
from console.unexplained.watch import Watch
from console.work import UnitOfWork
from policy.models import Change, ChangeKind, ChangeState, Grant, PrincipalType
from sso.dev.people import DEMO_RULES
from sso.models import Team
from sso.principal import Principal, system_principal
from tests.console.catalog.both import settings
from tests.console.catalog.conftest import publication
from tests.console.catalog.v2_cluster import open_cluster
from tests.console.conftest import START
from tests.console.gateway.records import Worker
from tests.console.visitor import heads

__all__ = ["settings"]
DAY = 86_400_000_000


@dataclass
class Place:
    """One installation, the worker's watch over it, and a superuser's hand in its tables."""

    services: Services
    people: dict[str, Principal]
    route: Route
    watch: Watch

    async def look(self) -> int:
        return await self.watch.look()

    async def drain(self) -> None:
        await Worker(self.services).drain()

    async def do(self, *statements: sa.Executable) -> None:
        """Change rows as a database administrator would: no act, no record."""
        async with self.services.database.engine.execution_options(write=True).begin() as connection:
            for statement in statements:
                await connection.execute(statement)

    async def read(self, table: type[SQLModel]) -> list[Any]:
        async with self.services.database.read() as session:
            return list(await session.exec(select(table)))

    async def found(self) -> set[tuple[str, str]]:
        """Kind and reason of every finding that stands."""
        async with self.services.database.read() as session:
            return {(row.kind, row.why) for row in await session.exec(select(UnexplainedRow))}

    async def told(self) -> list[tuple[str, list[str]]]:
        """Kind and reasons of the findings that wait for the log."""
        heard = await heads(self.services, "state.unexplained")
        return [(head["resource"]["type"], head["reasons"]) for head in heard]  # type: ignore[index,misc]

    async def grant(self) -> Grant:
        """Give the member access to the route, recorded as an approval records it."""
        change, grant = a_grant(self.people["member"].id, self.route.id)
        work = system(self.services)
        async with work.write() as session:
            session.add(change)
            await session.flush()
            session.add(grant)
            rows = [change_row(change, work.now), grant_row(grant)]
            await work.record(Action.GRANT_CREATE, resource=Resource("grant", grant.id), rows=rows)
        return grant


def system(services: Services) -> UnitOfWork:
    return UnitOfWork(services, system_principal("tests"), Origin("tests"))


def a_grant(person_id: UUID, route_id: UUID) -> tuple[Change, Grant]:
    change = Change(
        id=uuid7(),
        kind=ChangeKind.ACCESS,
        resource_type="route",
        resource_id=route_id,
        requester_id=person_id,
        content="{}",
        content_hash="0" * 64,
        state=ChangeState.APPROVED,
        required="[]",
        policy_revision="0" * 64,
        created=START,
    )
    grant = Grant(
        id=uuid7(),
        principal_type=PrincipalType.PERSON,
        principal_id=person_id,
        permission="model.invoke",
        resource_type="route",
        resource_id=route_id,
        change_id=change.id,
        starts=START - DAY,
        ends=START + DAY,
    )
    return change, grant


async def a_hold(place: Place) -> LegalHold:
    """Put the member's acts under hold, recorded as a person's act is."""
    member, work = place.people["member"].id, system(place.services)
    hold = LegalHold(id=uuid7(), actor=member, reason="A matter.", created=work.now, created_by=member)
    async with work.write() as session:
        session.add(hold)
        await session.flush()
        await work.record(
            Action.HOLD_CREATE,
            resource=Resource("hold", hold.id),
            rows=[hold_row(hold)],
            parts=[Part(name="hold", subject=None, content={"conditions": hold_of(hold).row()})],
        )
    return hold


@pytest.fixture
async def teams(services: Services) -> dict[str, UUID]:
    """The demo's teams and rules, made by the acts that make them."""
    issuer = dev_issuer(services.settings)
    for rule in DEMO_RULES:
        form = MappingRuleCreate(
            issuer=issuer, claim=rule.claim, value=rule.value, role=rule.role, team=rule.team
        )
        await create_rule(system(services), form)
    async with services.database.read() as session:
        return {team.name: team.id for team in await session.exec(select(Team))}


@pytest.fixture
async def place(services: Services, people: dict[str, Principal]) -> Place:
    async with open_cluster() as cluster:
        cluster.serve(("churn", "1"), ("churn", "2"), ("fraud", "1"))
        await create_cluster(system(services), ClusterCreate(name="main", url=cluster.url))
        await sync_cluster(system(services), "main")
        await publish_model(system(services), ModelPublish.model_validate(publication()))
    async with services.database.read() as session:
        route = (await session.exec(select(Route).where(col(Route.name) == "risk.churn"))).one()
    place = Place(services, people, route, Watch(services))
    await place.drain()
    return place
