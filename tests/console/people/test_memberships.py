"""Memberships and roles by hand: who may, when it takes two, and whose rows nobody touches."""

from typing import Any
from uuid import UUID

import pytest
from sqlmodel import select
from uuid_utils.compat import uuid7

from policy.models import Change, ChangeKind, ChangeState, Grant, PrincipalType
from sso.models import Membership, Source
from tests.console.conftest import Admit
from tests.console.people.conftest import Desk

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("second")]


async def rows(desk: Desk, source: Source = Source.MANUAL) -> list[Membership]:
    async with desk.services.database.read() as session:
        return list(await session.exec(select(Membership).filter_by(managed_by=source)))


async def grant_to(desk: Desk, team: UUID) -> None:
    """Let a team hold a grant that ends tomorrow."""
    now = desk.services.clock()
    change = Change(
        id=uuid7(),
        kind=ChangeKind.ACCESS,
        resource_type="route",
        resource_id=uuid7(),
        requester_id=uuid7(),
        content="{}",
        content_hash="0",
        state=ChangeState.APPROVED,
        required="[]",
        policy_revision="0",
        created=now,
    )
    grant = Grant(
        id=uuid7(),
        principal_type=PrincipalType.TEAM,
        principal_id=team,
        permission="model.invoke",
        resource_type="route",
        resource_id=uuid7(),
        change_id=change.id,
        starts=now,
        ends=now + 86_400_000_000,
    )
    async with desk.services.database.write() as session:
        session.add(change)
        await session.flush()
        session.add(grant)


async def test_an_owner_puts_somebody_into_their_own_team(desk: Desk) -> None:
    joined = await desk.join("owner")
    assert (joined.status_code, joined.json()["state"]) == (201, "done")
    (row,) = await rows(desk)
    assert str(row.id) == joined.json()["id"]
    (head,) = [one for one in await desk.acts("membership.create") if one["actor"] != one["resource"]["id"]][
        -1:
    ]
    assert head["resource"] == {"type": "person", "id": str(row.person_id)}
    assert "single_person" not in head.get("flags", [])


@pytest.mark.parametrize(
    ("who", "body", "reasons"),
    [
        ("owner", {"team": "retail"}, ["role_missing:admin", "role_missing:owner"]),
        ("owner", {"role": "owner"}, ["ordinary_membership_only"]),
        ("member", {"team": "retail"}, ["role_missing:admin", "role_missing:owner"]),
        ("reviewer", {}, ["role_missing:admin", "role_missing:owner"]),
        ("auditor", {}, ["role_missing:admin", "role_missing:owner"]),
    ],
)
async def test_nobody_else_manages_members(
    desk: Desk, who: str, body: dict[str, Any], reasons: list[str]
) -> None:
    refused = await desk.join(who, **body)
    assert (refused.status_code, refused.json()["reasons"]) == (403, reasons)
    assert await rows(desk) == []


async def test_a_team_that_holds_grants_takes_two_people(desk: Desk, teams: dict[str, UUID]) -> None:
    await grant_to(desk, teams["risk"])
    asked = await desk.join("owner")
    assert (asked.status_code, asked.json()["state"]) == (202, "pending")
    assert await rows(desk) == []
    assert (await desk.approve("reviewer", asked.json()["change"])).json()["state"] == "approved"
    (row,) = await rows(desk)
    assert row.team_id == teams["risk"]


async def test_an_owner_is_made_by_two_people(desk: Desk) -> None:
    asked = await desk.join("admin", role="owner")
    assert asked.status_code == 202
    own = await desk.approve("admin", asked.json()["change"])
    assert (own.status_code, own.json()["reasons"]) == (403, ["requester_may_not_decide"])
    assert (await desk.approve("reviewer", asked.json()["change"])).status_code == 201
    assert "risk" in (await desk.person("member"))["owner_of"]


async def test_whoever_would_gain_by_it_does_not_answer(desk: Desk) -> None:
    asked = await desk.join("admin", person="reviewer", role="owner")
    refused = await desk.approve("reviewer", asked.json()["change"])
    assert (refused.status_code, refused.json()["reasons"]) == (403, ["party_may_not_decide"])
    assert await rows(desk) == []


async def test_a_role_is_given_by_two_people_and_taken_by_one(desk: Desk) -> None:
    asked = await desk.post("admin", "/roles", person="owner", role="reviewer", reason="Helps out")
    assert asked.status_code == 202
    assert (await desk.person("owner"))["roles"] == []
    assert (await desk.approve("reviewer", asked.json()["change"])).status_code == 201
    (role,) = (await desk.person("owner"))["held_roles"]
    assert (role["role"], role["managed_by"], role["why"]) == ("reviewer", "manual", "It was given by hand.")
    assert (await desk.call("admin", "DELETE", f"/roles/{role['id']}")).status_code == 204
    assert (await desk.person("owner"))["roles"] == []


@pytest.mark.parametrize("who", ["owner", "reviewer", "auditor", "member"])
async def test_only_an_admin_gives_roles(desk: Desk, who: str) -> None:
    refused = await desk.post(who, "/roles", person=who, role="admin", reason="I would like to")
    assert (refused.status_code, refused.json()["reasons"]) == (403, ["role_missing:admin"])


async def test_what_a_rule_keeps_is_taken_out_by_nobody(desk: Desk) -> None:
    kept = (await desk.get("admin", "/teams/retail/members"))["items"][0]
    assert kept["managed_by"] == "claim"
    refused = await desk.call("admin", "DELETE", f"/memberships/{kept['id']}")
    assert (refused.status_code, refused.json()["reasons"]) == (409, ["kept_by_source"])


async def test_an_owner_takes_out_only_whom_a_hand_put_in(desk: Desk) -> None:
    joined = (await desk.join("owner")).json()
    mine = [
        one for one in (await desk.get("owner", "/teams/risk/members"))["items"] if one["role"] == "owner"
    ]
    refused = await desk.call("owner", "DELETE", f"/memberships/{mine[0]['id']}")
    assert (refused.status_code, refused.json()["reasons"]) == (403, ["ordinary_membership_only"])
    assert (await desk.call("owner", "DELETE", f"/memberships/{joined['id']}")).status_code == 204
    assert await rows(desk) == []


async def test_case_51_a_membership_of_another_team_does_not_exist(desk: Desk) -> None:
    kept = (await desk.get("admin", "/teams/risk/members"))["items"][0]
    for path in (f"/memberships/{kept['id']}", f"/memberships/{uuid7()}"):
        answer = await desk.call("member", "DELETE", path)
        assert (answer.status_code, answer.json()["reasons"]) == (404, ["not_found"])
    for path in ("/teams/risk", "/teams/nothing-of-that-name", "/teams/risk/members"):
        assert (await desk.call("member", "GET", path)).status_code == 404


async def test_case_53_no_field_beyond_the_forms_own_is_taken(desk: Desk) -> None:
    for extra in ({"managed_by": "claim"}, {"id": str(uuid7())}, {"approved": True}, {"state": "done"}):
        refused = await desk.join("admin", **extra)
        assert refused.status_code == 422
        assert refused.json()["fields"].keys() == extra.keys()
    role = {"person": "owner", "role": "admin", "reason": "I may", "managed_by": "claim"}
    assert (await desk.post("admin", "/roles", **role)).status_code == 422
    assert await rows(desk) == []


async def test_case_54_lists_hold_what_the_scope_holds_and_no_more(desk: Desk, admit: Admit) -> None:
    seen = {
        who: [team["name"] for team in (await desk.get(who, "/teams"))["items"]]
        for who in ("member", "owner", "reviewer", "admin", "auditor")
    }
    assert seen["member"] == ["retail"]
    assert seen["owner"] == ["health", "risk", "vision"]
    assert seen["reviewer"] == []
    assert seen["admin"] == seen["auditor"] == ["health", "retail", "risk", "vision"]
    assert (await desk.get("member", "/teams", q="ris"))["items"] == []
    for who in ("member", "owner", "reviewer"):
        assert (await desk.call(who, "GET", "/people", params={"q": "admin"})).status_code == 403


async def test_case_58_no_column_is_named_by_a_client(desk: Desk) -> None:
    everything = await desk.get("admin", "/people")
    for name in ("sort", "order_by", "profile.email", "filter", "secret_hash"):
        assert await desk.get("admin", "/people", **{name: "email"}) == everything
    assert (await desk.call("admin", "GET", "/people", params={"state": "x' or 1=1"})).status_code == 422
    assert (await desk.call("admin", "GET", "/people", params={"after": "e30"})).status_code == 422


async def test_case_59_a_response_has_only_the_fields_that_were_chosen(desk: Desk) -> None:
    member = await desk.person("member")
    assert {"id_hash", "digest", "sealed", "person_id"}.isdisjoint(str(member))
    (first, *_) = (await desk.get("admin", "/teams"))["items"]
    assert first.keys() == {"id", "name", "members", "owners", "models", "grants"}
