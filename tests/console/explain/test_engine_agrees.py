"""What the tables say of a whole organisation is what the engine says, one question at a time."""

import asyncio
from collections.abc import Mapping
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.explain.history import Moment, Stated
from console.explain.organisation import Organisation
from console.explain.question import question
from console.explain.rights import Tables, could
from policy.bundles import read_bundle
from policy.decide import decide
from policy.decision import Decision
from policy.embedded import EmbeddedDecider
from tests.console.explain.past import TICK, TICKS, Act, State, histories, painted

pytestmark = pytest.mark.slow

ACTIONS = ("model.invoke", "model.read", "route.stop", "grant.revoke", "access.explain", "model.publish")
NOBODY = UUID(int=0)
BUNDLE = read_bundle()


def organisation(acts: list[Act], valid: int, known: int) -> Organisation:
    rows: Mapping[str, Mapping[UUID, State]] = painted(acts, valid, known)
    stated = {
        kind: {row_id: Stated(row_id, state, 0, NOBODY) for row_id, state in found.items()}
        for kind, found in rows.items()
    }
    return Organisation(stated, Moment(valid * TICK, known * TICK))


async def ask(
    decider: EmbeddedDecider, org: Organisation, person: UUID, route: Stated, action: str
) -> Decision:
    query = question(org, person, route, action, profile="embedded")
    return await decide(decider, query, active_revision=BUNDLE.revision)


@settings(max_examples=40, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(acts=histories(), valid=st.integers(0, TICKS - 1), known=st.integers(0, TICKS - 1))
def test_the_tables_agree_with_the_engine(
    decider: EmbeddedDecider, acts: list[Act], valid: int, known: int
) -> None:
    org, tables = organisation(acts, valid, known), Tables(BUNDLE.files)
    for action in ACTIONS:
        for route in org.routes.values():
            model = org.model_of(route)
            if model is None or org.team_name(model.names("team_id")) is None:
                continue  # a route of nothing: no question can be asked about it
            found = {one.person: one.grounds for one in could(org, tables, action, route)}
            for person in filter(org.is_active, org.people):
                decision = asyncio.run(ask(decider, org, person, route, action))
                assert decision.reasons != ("policy_error",)
                assert found.get(person, ()) == decision.matched, (action, decision)
