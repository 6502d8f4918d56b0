"""A list shows a row exactly when a decision about that row allows to read it."""

import itertools
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
import sqlalchemy as sa

from policy.decide import decide, scope
from policy.decision import Document, Query
from policy.embedded import EmbeddedDecider
from policy.facts import describe_context, describe_route, describe_subject
from policy.scope import compile  # noqa: A004 - the agreed name
from tests.patience import PATIENCE

pytestmark = pytest.mark.slow

NOW = 1_000
ROUTES = [
    describe_route(
        id=f"route-{number}",
        name=f"{team}.m{number}",
        team=team,
        visibility=visibility,
        tier="low",
        data_class="public",
    )
    for number, (team, visibility) in enumerate(
        itertools.product(("risk", "retail", "Risk"), ("hidden", "listed", "shared"))
    )
]
TABLE = sa.Table(
    "route", sa.MetaData(), *(sa.Column(name, sa.String) for name in ("id", "team", "visibility"))
)
COLUMNS: dict[str, Any] = dict(TABLE.c.items())


def held(principal_type: str, principal_id: str, ends: int = 2_000, route: str = "route-0") -> Document:
    return {
        "id": f"g-{principal_id}",
        "permission": "model.invoke",
        "principal_type": principal_type,
        "principal_id": principal_id,
        "resource_id": route,
        "starts": 1,
        "ends": ends,
    }


GRANTS = (
    held("team", "retail"),
    held("person", "p", route="route-6"),
    held("service", "s"),
    held("team", "risk", ends=NOW, route="route-3"),
)
PRINCIPALS: list[Any] = [
    ("x", "person", [], [], [], None),
    ("p", "person", ["retail"], [], [], None),
    ("o", "person", [], ["risk"], [], None),
    ("a", "person", [], [], [("admin", "all")], None),
    ("b", "person", ["retail"], [], [("auditor", ["risk"])], None),
    ("c", "person", [], [], [("auditor", "all")], None),
    ("d", "person", [], [], [("admin", ["retail"]), ("auditor", "all")], None),
    ("e", "person", [], [], [("reviewer", "all")], None),
    ("s", "service", [], [], [], None),
    ("s", "service", ["retail"], [], [], None),
    ("f", "person", ["retail"], [], [], ["model.invoke"]),
    ("g", "person", ["retail"], [], [], ["model.read"]),
]
SUBJECTS = [
    describe_subject(
        id=name, kind=kind, method="bearer", teams=teams, owner_of=owned, roles=roles, scopes=scopes
    )
    for name, kind, teams, owned, roles, scopes in PRINCIPALS
]


@pytest_asyncio.fixture
async def decider() -> AsyncIterator[EmbeddedDecider]:
    decider = EmbeddedDecider(decision_seconds=PATIENCE)
    yield decider
    await decider.close()


@pytest.mark.parametrize("number", range(len(SUBJECTS)))
async def test_the_list_is_the_decisions(decider: EmbeddedDecider, number: int) -> None:
    subject, context = SUBJECTS[number], describe_context(now=NOW, allowed_acr=[], profile="embedded")
    revision = decider.bundle.revision
    allowed = set()
    for route in ROUTES:
        query = Query(subject, "model.read", route, GRANTS, context)
        if (await decide(decider, query, active_revision=revision)).allow:
            allowed.add(route["id"])
    listing = Query(subject, "model.read", {"type": "route"}, GRANTS, context)
    shown = await scope(decider, listing, active_revision=revision)
    assert {route["id"] for route in ROUTES if shown.includes(route)} == allowed
    engine = sa.create_engine("sqlite://")
    with engine.begin() as connection:
        TABLE.metadata.create_all(connection)
        connection.execute(TABLE.insert(), [{name: route[name] for name in COLUMNS} for route in ROUTES])
        rows = connection.execute(sa.select(TABLE.c.id).where(compile(shown, COLUMNS)))
        assert {row.id for row in rows} == allowed
    engine.dispose()
