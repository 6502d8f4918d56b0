"""Fills the catalog with many routes at once, as publishing would leave them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlmodel import col, select
from uuid_utils.compat import uuid7

from console.catalog.queries import RouteFilter, list_routes
from console.models import DataClass, Model, Route, Tier, Visibility
from console.services import Services
from console.web.pagination import Key, decode_cursor
from console.work import UnitOfWork
from policy.models import Change, ChangeKind, ChangeState, Grant, PrincipalType
from sso.principal import Principal
from tests.console.begun import TESTS
from tests.console.conftest import START

DAY = 86_400_000_000
EVERYTHING = RouteFilter()


@dataclass(frozen=True)
class Shelf:
    """Puts routes, grants and requests into the tables."""

    services: Services
    teams: Mapping[str, UUID]

    async def put(self, *names: str, **facts: Any) -> list[Route]:
        """Add a route for each name; `facts` are the same for all."""
        routes, models = [], []
        for name in names:
            team, _, model_name = name.partition(".")
            given = {"title": model_name, "summary": "Scores.", "task": "scoring", "purpose": "support"}
            given |= {"visibility": Visibility.LISTED, "tier": Tier.LOW, "data_class": DataClass.PUBLIC}
            owner = self.teams[facts.get("team", team)]
            rest = {key: value for key, value in facts.items() if key != "team"}
            row = given | rest | {"namespace": team, "name": model_name, "team_id": owner}
            model = Model(**row, card="{}", created=START)
            models.append(model)
            routes.append(Route(name=name, model_id=model.id, created=START))
        async with self.services.database.write() as session:
            session.add_all(models)
            await session.flush()
            session.add_all(routes)
        return routes

    async def grant(self, route: Route, kind: PrincipalType, principal: UUID, **facts: Any) -> Grant:
        """Add a grant; it holds for a day around now unless `facts` say otherwise."""
        now = self.services.clock()
        given: dict[str, Any] = {"starts": now - DAY, "ends": now + DAY, "permission": "model.invoke"}
        change = await self.request(route, principal, ChangeState.APPROVED)
        row = Grant(
            id=uuid7(),
            principal_type=kind,
            principal_id=principal,
            resource_type="route",
            resource_id=route.id,
            change_id=change.id,
            **given | facts,
        )
        async with self.services.database.write() as session:
            session.add(row)
        return row

    async def request(
        self, route: Route, requester: UUID, state: ChangeState = ChangeState.PENDING
    ) -> Change:
        """Add a request for access."""
        change = Change(
            id=uuid7(),
            kind=ChangeKind.ACCESS,
            resource_type="route",
            resource_id=route.id,
            team_id=self.teams["retail"],
            requester_id=requester,
            content="{}",
            content_hash="0" * 64,
            state=state,
            required="[]",
            policy_revision="0" * 64,
            created=START,
        )
        async with self.services.database.write() as session:
            session.add(change)
        return change

    async def all_routes(self) -> list[Route]:
        async with self.services.database.read() as session:
            return list(await session.exec(select(Route).order_by(col(Route.name))))


def work_of(services: Services, principal: Principal) -> UnitOfWork:
    return UnitOfWork(services, principal, TESTS)


async def names(work: UnitOfWork, wanted: RouteFilter = EVERYTHING, size: int = 50) -> list[str]:
    """Every name of a list, page by page."""
    found: list[str] = []
    after: Key | None = None
    while True:
        page = await list_routes(work, wanted, after, size)
        assert len(page.items) <= size
        found += [item.name for item in page.items]
        if page.next is None:
            return found
        after = decode_cursor(page.next, 1)
