"""For random people and rows, a list is the rows that decisions allow one by one, on both databases."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from console.database import create_main_engine
from policy.decide import decide, scope
from policy.decision import Document, Query
from policy.embedded import EmbeddedDecider
from policy.facts import describe_context, describe_route, describe_subject
from policy.scope import compile  # noqa: A004 - the agreed name
from tests.patience import PATIENCE

NOW = 1_797_000_000
PEOPLE, ROWS, SEED = 12, 40, 20260506
TEAMS = ("risk", "Risk", "retail", "r_sk", "r%", "été", "\u6f22", "it's")
TABLE = sa.Table(
    "listed", sa.MetaData(), *(sa.Column(name, sa.String) for name in ("id", "team", "visibility"))
)
COLUMNS: dict[str, Any] = dict(TABLE.c.items())


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.real)])
async def engine(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    if request.param == "sqlite":
        url = f"sqlite+aiosqlite:///{tmp_path}/lists.db"
    else:
        create: Callable[[], str] = request.getfixturevalue("postgres_database")
        url = create()
    opened = create_main_engine(url)
    yield opened
    await opened.dispose()


def some(random: Random, options: tuple[Any, ...]) -> list[Any]:
    return random.sample(options, random.randint(0, 3))


def a_person(random: Random, number: int) -> Document:
    roles = [(name, random.choice(("all", some(random, TEAMS)))) for name in some(random, ROLES)]
    return describe_subject(
        id=f"p{number}",
        kind=random.choice(("person", "person", "service")),
        method=random.choice(("session", "bearer")),
        teams=some(random, TEAMS),
        owner_of=some(random, TEAMS),
        roles=roles if random.random() < 0.4 else [],
        scopes=random.choice((None, None, ["model.read"], ["self.read"])),
    )


ROLES = ("admin", "auditor", "reviewer")


def a_route(random: Random, number: int) -> Document:
    return describe_route(
        id=f"route-{number}",
        name=f"x.m{number}",
        team=random.choice(TEAMS),
        visibility=random.choice(("hidden", "hidden", "listed", "shared")),
        tier="low",
        data_class="public",
    )


def a_grant(random: Random, number: int) -> Document:
    kind = random.choice(("person", "team", "service"))
    return {
        "id": f"g{number}",
        "permission": random.choice(("model.invoke", "model.invoke", "model.read")),
        "principal_type": kind,
        "principal_id": random.choice(TEAMS) if kind == "team" else f"p{random.randrange(PEOPLE)}",
        "resource_id": f"route-{random.randrange(ROWS)}",
        "starts": NOW + random.choice((-10, -1, 0, 1)),
        "ends": NOW + random.choice((-1, 0, 1, 10)),
    }


@pytest.mark.slow
async def test_a_list_is_its_rows_decided_one_by_one(engine: AsyncEngine) -> None:
    random, decider = Random(SEED), EmbeddedDecider(decision_seconds=PATIENCE)  # noqa: S311 - repeatable
    routes = [a_route(random, number) for number in range(ROWS)]
    grants = tuple(a_grant(random, number) for number in range(ROWS * 2))
    async with engine.begin() as connection:
        await connection.run_sync(TABLE.metadata.create_all)
        await connection.execute(TABLE.insert(), [{name: one[name] for name in COLUMNS} for one in routes])
    sizes = set()
    try:
        for number in range(PEOPLE):
            person = a_person(random, number)
            listed = await _listed(engine, decider, person, grants)
            assert listed == await _decided(decider, person, grants, routes), (SEED, person)
            sizes.add(len(listed))
    finally:
        await decider.close()
    assert len(sizes) > PEOPLE // 3


CONTEXT = describe_context(now=NOW, allowed_acr=[], profile="production")


async def _listed(
    engine: AsyncEngine, decider: EmbeddedDecider, person: Document, grants: tuple[Document, ...]
) -> set[object]:
    query = Query(person, "model.read", {"type": "route"}, grants, CONTEXT)
    shown = await scope(decider, query, active_revision=decider.revision)
    async with engine.connect() as connection:
        rows = await connection.execute(sa.select(TABLE.c.id).where(compile(shown, COLUMNS)))
        return {row.id for row in rows}


async def _decided(
    decider: EmbeddedDecider, person: Document, grants: tuple[Document, ...], routes: list[Document]
) -> set[object]:
    allowed = set()
    for route in routes:
        query = Query(person, "model.read", route, grants, CONTEXT)
        if (await decide(decider, query, active_revision=decider.revision)).allow:
            allowed.add(route["id"])
    return allowed
