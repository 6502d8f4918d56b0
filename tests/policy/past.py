"""Generated questions of the past, and a candidate that answers some of them differently."""

import json
import random
from collections.abc import Iterator
from uuid import UUID

from policy.bundles import Bundle, read_bundle, revise
from policy.decision import Query
from policy.facts import describe_context, describe_route, describe_subject
from policy.replay import Past

TEAMS = ("risk", "retail", "health", "ops")
ACTIONS = ("model.invoke", "model.read", "route.stop", "grant.revoke", "audit.read")


def candidate() -> Bundle:
    """Owners stop routes no more, shared models are not called by all, and one reason has another word."""
    files = dict(read_bundle().files)
    data = json.loads(files["data.json"])
    data["guildhall"]["shared"] = ["model.read"]
    data["guildhall"]["team_roles"]["owner"].remove("route.stop")
    files["data.json"] = json.dumps(data)
    reasons = files["guildhall/authz/reasons.rego"]
    files["guildhall/authz/reasons.rego"] = reasons.replace('"grant_expired"', '"grant_ended"')
    files["guildhall/authz/decision.rego"] = files["guildhall/authz/decision.rego"].replace(
        '"grant_expired"', '"grant_ended"'
    )
    return Bundle(files, revise(files))


def queries(count: int, seed: int = 7) -> Iterator[Query]:
    chance = random.Random(seed)  # noqa: S311 - questions, not secrets
    for _ in range(count):
        yield _query(chance)


def _query(chance: random.Random) -> Query:
    teams = chance.sample(TEAMS, chance.randrange(3))
    person, route = UUID(int=chance.randrange(1, 400)), UUID(int=chance.randrange(1, 90))
    now = 1_797_000_000 + chance.randrange(1_000)
    grants = [
        {
            "id": str(UUID(int=chance.randrange(1, 999))),
            "permission": "model.invoke",
            "resource_id": str(route),
            "principal_type": "team",
            "principal_id": team,
            "starts": now - 500,
            "ends": now + chance.choice([-1, 0, 500]),
        }
        for team in chance.sample(TEAMS, chance.randrange(3))
    ]
    role = chance.choice([None, None, None, "auditor", "admin", "reviewer"])
    subject = describe_subject(
        id=person,
        kind=chance.choice(["person", "person", "service"]),
        method="bearer",
        teams=teams,
        owner_of=teams[:1] if chance.random() < 0.3 else [],
        roles=[(role, chance.choice(["all", ["risk"]]))] if role else [],
    )
    resource = describe_route(
        id=route,
        name=f"risk.m{route.int}",
        team=chance.choice(TEAMS),
        visibility=chance.choice(["hidden", "listed", "shared"]),
        tier=chance.choice(["low", "medium", "high"]),
        data_class="internal",
        state=chance.choice(["active", "active", "stopped"]),
    )
    context = describe_context(now=now, allowed_acr=["gold"], profile="production")
    return Query(subject, chance.choice(ACTIONS), resource, tuple(grants), context)


def past_of(number: int, query: Query, allow: bool, reasons: tuple[str, ...]) -> Past:
    return Past(UUID(int=number + 1), query.document(), allow, reasons)
