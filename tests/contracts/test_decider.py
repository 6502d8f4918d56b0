"""One contract for both engines: the same table of decisions, the same answers, the same way of failing."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
import pytest_asyncio

from policy.bundles import read_bundle
from policy.decide import decide, plan, scope
from policy.decision import UNDEFINED, Decider, Document, Entrypoint, Evaluation, GroupCount, Query
from policy.embedded import EmbeddedDecider
from policy.opa import OpaAddress, OpaDecider
from tests.patience import PATIENCE

TABLE = Path(__file__).parents[1] / "golden" / "decisions"
ENGINES = ["embedded", pytest.param("opa", marks=pytest.mark.real)]
GENERATED = 300


def rows() -> list[dict[str, Any]]:
    return [row for file in sorted(TABLE.glob("*.json")) for row in json.loads(file.read_text("utf-8"))]


@pytest_asyncio.fixture(params=ENGINES)
async def decider(request: pytest.FixtureRequest) -> AsyncIterator[Decider]:
    engine: Decider = (
        EmbeddedDecider(decision_seconds=PATIENCE)
        if request.param == "embedded"
        else OpaDecider(OpaAddress(request.getfixturevalue("opa_url")), timeout=PATIENCE)
    )
    yield engine
    await engine.close()


@pytest.fixture
def revision() -> str:
    return read_bundle().revision


async def test_it_answers_the_table(decider: Decider, revision: str) -> None:
    table = rows()
    assert len(table) >= 60
    differing = {}
    for row in table:
        evaluation = await decider.evaluate(Entrypoint.DECISION, row["input"])
        if (evaluation.result, evaluation.revision) != (row["expect"], revision):
            differing[row["name"]] = evaluation
    assert differing == {}


async def test_each_row_becomes_a_decision(decider: Decider, revision: str) -> None:
    for row in rows():
        given = row["input"]
        query = Query(
            given["subject"], given["action"], given["resource"], tuple(given["grants"]), given["context"]
        )
        decision = await decide(decider, query, active_revision=revision)
        assert query.document() == given
        assert (decision.allow, list(decision.reasons)) == (
            row["expect"]["allow"],
            row["expect"]["reasons"],
        ), row["name"]


async def test_another_revision_decides_nothing(decider: Decider) -> None:
    given = next(row for row in rows() if row["expect"]["allow"])["input"]
    query = Query(
        given["subject"], given["action"], given["resource"], tuple(given["grants"]), given["context"]
    )
    decision = await decide(decider, query, active_revision="0" * 64)
    assert (decision.allow, decision.reasons) == (False, ("policy_wrong_revision",))


CHANGE: Document = {
    "id": "c",
    "kind": "access",
    "requester": "member",
    "content_hash": "aa",
    "tier": "medium",
    "data_class": "personal",
    "team": "risk",
    "receiving_team": "retail",
    "reviews": [{"by": "owner", "decision": "approve", "groups": ["owner:risk"]}],
}


async def test_it_plans_approvals(decider: Decider, revision: str) -> None:
    answer = await plan(decider, CHANGE, active_revision=revision)
    assert answer.required == (GroupCount("owner:risk", 1), GroupCount("reviewer", 1))
    assert (answer.missing, answer.why) == ((GroupCount("reviewer", 1),), ("tier:medium",))


async def test_what_it_cannot_plan_is_undefined(decider: Decider) -> None:
    unknown = {"v": 1, "context": {"change": {**CHANGE, "tier": "odd"}}}
    assert (await decider.evaluate(Entrypoint.PLAN, unknown)).result is UNDEFINED


async def test_it_scopes_lists(decider: Decider, revision: str) -> None:
    subject = {
        "id": "p",
        "kind": "person",
        "teams": ["retail"],
        "owner_of": [],
        "roles": [],
        "scopes": None,
        "auth": {"method": "session", "acr": None, "auth_time": None},
    }
    query = Query(subject, "model.read", {"type": "route"}, (), {"now": 1})
    answer = await scope(decider, query, active_revision=revision)
    assert answer.document() == {
        "any": [
            {"all": [{"field": "team", "op": "in", "value": ["retail"]}]},
            {"all": [{"field": "visibility", "op": "in", "value": ["listed", "shared"]}]},
        ]
    }


@pytest.mark.parametrize("entrypoint", list(Entrypoint))
async def test_nothing_asked_allows_nothing(decider: Decider, entrypoint: Entrypoint) -> None:
    result = (await decider.evaluate(entrypoint, {})).result
    assert result is UNDEFINED or result == {"any": []} or (isinstance(result, dict) and not result["allow"])


async def test_it_can_be_pinged_and_closed_twice(decider: Decider) -> None:
    await decider.ping()
    await decider.close()
    await decider.close()


NOW = 1_797_000_000
TEAMS = ("retail", "risk", "vision", 'ré"s\\k', "\x00", "")
IDS = ("p1", "p2", "漢\n字", "")


def some(random: Random, options: tuple[Any, ...], most: int = 2) -> list[Any]:
    return [random.choice(options) for _ in range(random.randint(0, most))]


def moment(random: Random) -> int:
    return NOW + random.choice((-100_000, -301, -300, -299, -1, 0, 1, 30, 31, 100_000))


def known_actions() -> list[str]:
    table = json.loads(read_bundle().files["data.json"])["guildhall"]
    held = [*table["platform_roles"].values(), *table["team_roles"].values(), table["own"], table["granted"]]
    return sorted({action for actions in held for action in actions})


ACTIONS = (
    "nothing.known",
    "access_request.review",
    "change.create",
    "change.review",
    "change.review",
    "model.invoke",
    "model.invoke",
)
KINDS = ("erasure", "hold_release", "retention", "odd")


def a_subject(random: Random, action: str) -> dict[str, Any]:
    names = some(random, ("admin", "auditor", "reviewer", "owner", "rôle"))
    scopes: tuple[Any, ...] = ("all", ["risk"], ["retail", "vision"], [])
    return {
        "id": random.choice(IDS),
        "kind": random.choice(("person", "person", "person", "service", "system", "odd")),
        "teams": some(random, TEAMS),
        "owner_of": some(random, TEAMS[:3]),
        "roles": [{"role": name, "scope": random.choice(scopes)} for name in names],
        "scopes": random.choice((None, None, None, [action], ["self.read"], [])),
        "auth": {
            "method": random.choice(("session", "bearer", "bearer", "system")),
            "acr": random.choice((None, "gold", "gold", "1")),
            "auth_time": random.choice((None, moment(random), moment(random))),
        },
    }


def a_resource(random: Random, about_change: bool) -> dict[str, Any]:
    kinds = ("access_request", "change") if about_change else ("route", "route", "grant", "receipt", "log")
    return {
        "type": random.choice(kinds),
        "kind": random.choice(KINDS),
        "id": random.choice(("r1", "r2", None)),
        "team": random.choice(("risk", "risk", "retail", *TEAMS)),
        "visibility": random.choice(("hidden", "listed", "shared", "odd")),
        "tier": random.choice(("low", "odd")),
        "state": random.choice(("active", "active", "stopped")),
        "receiving_team": random.choice(TEAMS),
        "person": random.choice(IDS),
        "part": random.choice(("tile", "entries")),
    }


def a_change(random: Random) -> dict[str, Any]:
    groups = ("owner:risk", "reviewer", "owner:vision")
    return {
        **CHANGE,
        "kind": random.choice(("access", "access", *KINDS)),
        "parties": some(random, IDS),
        "requester": random.choice(IDS),
        "team": random.choice(("risk", "risk", "vision")),
        "tier": random.choice(("low", "medium", "high", "odd")),
        "reviews": [
            {
                "by": random.choice(IDS),
                "decision": random.choice(("approve", "refuse")),
                "groups": some(random, groups),
            }
            for _ in range(random.randint(0, 3))
        ],
    }


def a_grant(random: Random, number: int) -> dict[str, Any]:
    return {
        "id": f"g{number}",
        "permission": random.choice(("model.invoke", "model.invoke", "model.read")),
        "principal_type": random.choice(("person", "team", "team", "service")),
        "principal_id": random.choice((*IDS, *TEAMS)),
        "resource_id": random.choice(("r1", "r1", "r2")),
        "starts": moment(random),
        "ends": moment(random),
    }


def generated(random: Random, actions: list[str]) -> dict[str, Any]:
    """One document anybody could cause: sensible as a rule, with odd text and times at the bounds."""
    action = random.choice((*actions, *ACTIONS))
    about_change = action.startswith(("access_request.", "change.")) and not action.endswith(".create")
    return {
        "v": random.choice((1, 1, 1, 1, 1, 1, 1, 2)),
        "subject": a_subject(random, action),
        "action": action,
        "resource": a_resource(random, about_change),
        "grants": [a_grant(random, number) for number in range(random.randint(0, 4))],
        "context": {
            "now": NOW,
            "allowed_acr": random.choice((["gold"], ["gold"], [], ["1", "gold"])),
            "profile": "production",
            "change": a_change(random) if about_change else None,
        },
    }


@pytest.mark.real
@pytest.mark.parametrize("seed", [20260504])
async def test_both_engines_answer_generated_documents_alike(opa_url: str, seed: int) -> None:
    random, actions = Random(seed), known_actions()  # noqa: S311 - a seed makes it repeatable
    embedded, opa = (
        EmbeddedDecider(decision_seconds=PATIENCE),
        OpaDecider(OpaAddress(opa_url), timeout=PATIENCE),
    )
    allowed = 0
    try:
        for number in range(GENERATED):
            document = generated(random, actions)
            for entrypoint in Entrypoint:
                ours = await embedded.evaluate(entrypoint, document)
                theirs = await opa.evaluate(entrypoint, document)
                assert _comparable(ours) == _comparable(theirs), (
                    f"seed {seed}, document {number}: {json.dumps(document)}"
                )
                if entrypoint is Entrypoint.DECISION and isinstance(ours.result, dict):
                    allowed += ours.result["allow"]
    finally:
        await embedded.close()
        await opa.close()
    assert GENERATED // 50 < allowed < GENERATED


def _comparable(evaluation: Evaluation) -> object:
    """Return an answer with a condition's values as a set: the engines sort text beyond ASCII differently."""
    if not isinstance(evaluation.result, dict) or "any" not in evaluation.result:
        return evaluation
    parts = [part for one in evaluation.result["any"] for part in one["all"]]
    values = [
        (
            part["field"],
            part["op"],
            frozenset(part["value"]) if isinstance(part["value"], list) else part["value"],
        )
        for part in parts
    ]
    return len(evaluation.result["any"]), values, evaluation.revision
