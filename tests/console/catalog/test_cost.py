"""What a page costs: queries and questions, however many rows it has."""

from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from console.catalog.queries import list_routes
from console.services import Services
from policy.decision import Decider, Document, Entrypoint, Evaluation
from policy.models import PrincipalType
from sso.principal import Principal
from tests.console.catalog.both import settings  # noqa: F401 - both databases
from tests.console.catalog.shelf import EVERYTHING, Shelf, work_of


@dataclass
class CountingDecider:
    """Counts the questions put to a real engine."""

    engine: Decider
    asked: int = 0

    @property
    def name(self) -> str:
        return self.engine.name

    async def evaluate(self, entrypoint: Entrypoint, document: Document) -> Evaluation:
        self.asked += 1
        return await self.engine.evaluate(entrypoint, document)

    async def ping(self) -> None:
        await self.engine.ping()

    async def close(self) -> None:
        await self.engine.close()


async def test_a_page_costs_the_same_however_many_rows_it_has(
    services: Services, shelf: Shelf, people: dict[str, Principal]
) -> None:
    counting = CountingDecider(services.decider)
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        statements.append(statement)

    sa.event.listen(services.database.engine.sync_engine, "before_cursor_execute", note)
    costs = []
    for size in (1, 50):
        routes = await shelf.put(*(f"risk.m{size}-{number}" for number in range(size + 5)))
        await shelf.grant(routes[0], PrincipalType.TEAM, shelf.teams["retail"])
        work = work_of(replace(services, decider=counting), people["member"])
        statements.clear()
        counting.asked = 0
        page = await list_routes(work, EVERYTHING, None, size)
        assert len(page.items) == size
        costs.append((len([one for one in statements if one.startswith("SELECT")]), counting.asked))
    assert costs[0] == costs[1]
    queries, questions = costs[1]
    assert questions == 1
    assert queries <= 12, statements
