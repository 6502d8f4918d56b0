"""Mapping rules: who may add one, what is never taken, and what is recorded."""

from typing import Any

import httpx2
import pytest
from sqlmodel import select

from audit.models import RowVersion
from console.services import Services
from sso.models import MappingRule, Team
from tests.console.conftest import TokenFor
from tests.console.visitor import heads

pytestmark = pytest.mark.slow  # each signs people in over HTTP


@pytest.fixture
def rule(services: Services) -> dict[str, Any]:
    return {
        "issuer": services.sign_in.default,
        "claim": "groups",
        "value": "finance",
        "role": "member",
        "team": "finance",
    }


async def add(
    api: httpx2.AsyncClient, token_for: TokenFor, rule: dict[str, Any], who: str = "admin"
) -> httpx2.Response:
    return await api.post("/mapping-rules", json=rule, headers={"authorization": f"Bearer {token_for(who)}"})


async def rules(services: Services) -> list[MappingRule]:
    async with services.database.read() as session:
        return list(await session.exec(select(MappingRule).where(MappingRule.value == "finance")))


async def test_a_rule_and_its_new_team_are_recorded_with_the_rules_history(
    services: Services, api: httpx2.AsyncClient, token_for: TokenFor, rule: dict[str, Any]
) -> None:
    added = await add(api, token_for, rule)
    assert added.status_code == 201
    assert added.json() == {"state": "done", "id": added.json()["id"], "change": None}
    listed = await api.get("/mapping-rules", headers={"authorization": f"Bearer {token_for('admin')}"})
    shown = {**rule, "id": added.json()["id"], "scope": "all", "matcher": "exact", "matches": 0}
    assert shown in listed.json()["items"]
    assert len(await heads(services, "team.create")) == 1
    (head,) = await heads(services, "mapping_rule.create")
    assert head["resource"] == {"type": "mapping_rule", "id": added.json()["id"]}
    async with services.database.read() as session:
        kept = await session.exec(select(RowVersion).where(RowVersion.kind == "mapping_rule"))
        assert [str(row.row_id) for row in kept] == [added.json()["id"]]


@pytest.mark.parametrize("who", ["member", "owner", "reviewer", "auditor"])
async def test_only_an_admin_adds_rules(
    services: Services, api: httpx2.AsyncClient, token_for: TokenFor, rule: dict[str, Any], who: str
) -> None:
    refused = await add(api, token_for, rule, who)
    assert (refused.status_code, refused.json()["reasons"]) == (403, ["role_missing:admin"])
    assert await rules(services) == []
    (head,) = await heads(services, "mapping_rule.create")
    assert (head["outcome"], head["decision"]) == ("denied", refused.json()["decision_id"])


@pytest.mark.parametrize(
    "extra",
    [
        {"id": "00000000-0000-0000-0000-000000000001"},
        {"approved": True},
        {"team_id": "00000000-0000-0000-0000-000000000001"},
        {"created": 1},
        {"managed_by": "manual"},
    ],
)
async def test_no_member_beyond_the_forms_own_is_taken(
    services: Services, api: httpx2.AsyncClient, token_for: TokenFor, rule: dict[str, Any], extra: object
) -> None:
    assert isinstance(extra, dict)
    refused = await add(api, token_for, rule | extra)
    assert refused.status_code == 422
    assert set(refused.json()["fields"]) == set(extra)
    assert await rules(services) == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"issuer": "https://evil.example"}, "issuer"),
        ({"team": None}, "team"),
        *(({"claim": claim}, "claim") for claim in ("email", "preferred_username", "sub")),
        ({"role": "admin"}, "team"),
        *(
            ({"scope": scope}, "scope")
            for scope in ("some", "[]", "{}", '["\\ud800"]', '["risk","Not A Team"]', "[" * 2000, '"all"')
        ),
    ],
)
async def test_what_would_mean_nothing_is_refused_by_its_field(
    api: httpx2.AsyncClient, token_for: TokenFor, rule: dict[str, Any], changes: dict[str, Any], field: str
) -> None:
    refused = await add(api, token_for, rule | changes)
    assert refused.status_code == 422, refused.text
    assert refused.json()["fields"].keys() == {field}


async def test_a_refused_rule_leaves_no_team_behind(
    services: Services, api: httpx2.AsyncClient, token_for: TokenFor, rule: dict[str, Any]
) -> None:
    await add(api, token_for, rule | {"scope": "some"})
    await add(api, token_for, rule, "member")
    assert await rules(services) == []
    async with services.database.read() as session:
        assert "finance" not in {team.name for team in await session.exec(select(Team))}


async def test_the_same_rule_twice_is_a_conflict(
    services: Services, api: httpx2.AsyncClient, token_for: TokenFor, rule: dict[str, Any]
) -> None:
    assert (await add(api, token_for, rule)).status_code == 201
    twin = await add(api, token_for, rule)
    assert (twin.status_code, twin.json()["reasons"]) == (409, ["same_rule"])
    assert len(await rules(services)) == 1


async def test_a_scope_is_kept_in_one_spelling(
    services: Services, api: httpx2.AsyncClient, token_for: TokenFor, rule: dict[str, Any]
) -> None:
    wanted = rule | {"role": "auditor", "team": None, "scope": ' [ "risk" , "health", "risk"] '}
    await add(api, token_for, wanted)
    assert [one.scope for one in await rules(services)] == ['["health","risk"]']


async def test_a_rule_gives_its_role_at_the_next_sign_in(
    services: Services, api: httpx2.AsyncClient, token_for: TokenFor, rule: dict[str, Any], admit: Any
) -> None:
    await add(api, token_for, rule)
    newcomer = await admit("newcomer", ("finance",))
    assert newcomer.handle == "newcomer"
    assert str(newcomer.id) in {head["actor"] for head in await heads(services, "membership.create")}


async def test_rules_are_listed_for_those_who_may_see_them(
    api: httpx2.AsyncClient, token_for: TokenFor
) -> None:
    for who, status in (("admin", 200), ("auditor", 200), ("member", 403), ("owner", 403)):
        headers = {"authorization": f"Bearer {token_for(who)}"}
        listed = await api.get("/mapping-rules", headers=headers)
        assert listed.status_code == status, who
    listed = await api.get("/mapping-rules", headers={"authorization": f"Bearer {token_for('admin')}"})
    assert {"value": "retail", "team": "retail"}.items() <= listed.json()["items"][0].items()
