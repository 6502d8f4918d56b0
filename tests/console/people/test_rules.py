"""Rules by two people and by path: whom they match, whom they give something, and who may not answer."""

from typing import Any
from uuid import UUID

import pytest

from console import areas  # noqa: F401 - registers every kind
from console.changes.kinds import kind_of
from console.services import Services
from policy.models import ChangeKind
from sso.models import ScimGroup, ScimMember, ScimUser
from sso.principal import Principal
from tests.console.conftest import Admit
from tests.console.people.conftest import Desk

pytestmark = pytest.mark.slow


@pytest.fixture
def rule(services: Services) -> dict[str, Any]:
    return {
        "issuer": services.sign_in.default,
        "claim": "groups",
        "value": "fraud",
        "role": "member",
        "team": "fraud",
        "reason": "A new team",
    }


async def matches(desk: Desk, value: str) -> int:
    listed = (await desk.get("admin", "/mapping-rules"))["items"]
    return next(int(one["matches"]) for one in listed if one["value"] == value)


async def test_a_rule_takes_two_people_once_there_are_two_admins(
    desk: Desk, rule: dict[str, Any], second: None, admit: Admit
) -> None:
    asked = await desk.post("admin", "/mapping-rules", **rule)
    assert asked.status_code == 202
    assert "fraud" not in {team["name"] for team in (await desk.get("admin", "/teams"))["items"]}
    assert (await desk.approve("reviewer", asked.json()["change"])).json()["state"] == "approved"
    await admit("newcomer", ("fraud",))
    assert (await desk.get("admin", "/teams/fraud"))["members"] == 1
    assert await matches(desk, "fraud") == 1


async def test_a_reviewer_whom_the_rule_would_match_does_not_answer(
    desk: Desk, rule: dict[str, Any], second: None
) -> None:
    gain = rule | {"value": "guildhall-reviewers", "role": "owner", "team": "risk"}
    asked = await desk.post("admin", "/mapping-rules", **gain)
    refused = await desk.approve("reviewer", asked.json()["change"])
    assert (refused.status_code, refused.json()["reasons"]) == (403, ["party_may_not_decide"])


async def test_whoever_answers_is_looked_at_and_not_reviewers_alone(
    services: Services, rule: dict[str, Any], people: dict[str, Principal]
) -> None:
    """A policy may let the owners of some team answer for rules."""
    content = rule | {"act": "create", "matcher": "exact", "value": "risk-owners"}
    everybody = frozenset(one.id for one in people.values())
    gainers = kind_of(ChangeKind.MAPPING_RULE).gainers
    async with services.database.read() as session:
        assert await gainers(services, session, content, everybody) == {people["owner"].id}
        gone = content | {"act": "delete"}
        assert await gainers(services, session, gone, everybody) == frozenset()


async def test_a_rule_is_changed_and_deleted_by_two_people(
    desk: Desk, rule: dict[str, Any], admit: Admit
) -> None:
    made = (await desk.post("admin", "/mapping-rules", **rule)).json()["id"]
    await admit("second", ("guildhall-admins",))
    changed = await desk.call("admin", "PUT", f"/mapping-rules/{made}", json=rule | {"value": "fraud-team"})
    assert changed.status_code == 202
    assert (await desk.approve("reviewer", changed.json()["change"])).status_code == 201
    assert await matches(desk, "fraud-team") == 0
    gone = await desk.post("admin", f"/mapping-rules/{made}/delete", reason="Not needed")
    assert (await desk.approve("reviewer", gone.json()["change"])).status_code == 201
    assert "fraud-team" not in {one["value"] for one in (await desk.get("admin", "/mapping-rules"))["items"]}
    assert len(await desk.acts("mapping_rule.update")) == 1
    assert len(await desk.acts("mapping_rule.delete")) == 1


async def test_a_path_names_a_team_that_is_there(desk: Desk, rule: dict[str, Any], admit: Admit) -> None:
    by_path = rule | {"matcher": "path_prefix", "value": "/teams", "team": None}
    assert (await desk.post("admin", "/mapping-rules", **by_path)).status_code == 201
    await admit("walker", ("/teams/risk/eu", "/teams/unknown", "/teamsrisk", "/teams"))
    walker = await desk.person("walker")
    assert [(one["team"], one["role"]) for one in walker["memberships"]] == [("risk", "member")]
    assert walker["memberships"][0]["why"] == "By mapping rule: groups is at or below /teams."
    assert await matches(desk, "/teams") == 1
    found = await desk.post("admin", "/mapping-rules/preview", person="walker")
    assert [(one["team"], one["value"]) for one in found.json()["gives"]] == [("risk", "/teams/risk")]


@pytest.mark.parametrize("value", ["teams", "/teams/", "/", "/a//b", "/a/../b"])
async def test_a_path_is_written_as_one(desk: Desk, rule: dict[str, Any], value: str) -> None:
    refused = await desk.post("admin", "/mapping-rules", **rule | {"matcher": "path_prefix", "value": value})
    assert (refused.status_code, set(refused.json()["fields"])) == (422, {"value"})


async def test_a_draft_is_previewed_before_it_is_saved(desk: Desk, rule: dict[str, Any]) -> None:
    claims = {"groups": ["fraud", "retail"]}
    wanted = {"claims": claims, "issuer": rule["issuer"], "rule": rule}
    found = (await desk.post("admin", "/mapping-rules/preview", **wanted)).json()
    assert [(one["team"], one["rule"] is None) for one in found["gives"]] == [
        ("fraud", True),
        ("retail", False),
    ]
    assert (await desk.post("auditor", "/mapping-rules/preview", **wanted)).status_code == 403


async def test_case_23_a_group_that_is_gone_takes_its_role_with_it_at_the_next_sign_in(
    desk: Desk, admit: Admit
) -> None:
    await admit("leaver", ("retail", "risk-owners"))
    assert (await desk.person("leaver"))["teams"] == ["retail", "risk"]
    await admit("leaver", ("retail",))
    assert (await desk.person("leaver"))["teams"] == ["retail"]


async def test_case_21_five_thousand_groups_are_no_trouble(desk: Desk, admit: Admit) -> None:
    await admit("joiner", ("retail", *(f"/org/unit-{number}/team" for number in range(5_000))))
    assert (await desk.person("joiner"))["teams"] == ["retail"]


async def test_case_19_an_address_of_mail_links_nobody(desk: Desk, admit: Admit) -> None:
    first, second = await admit("same", ("retail",)), await admit("same-2", ("retail",))
    assert first.id != second.id


@pytest.mark.usefixtures("second")
@pytest.mark.parametrize(
    ("claim", "matcher", "value"),
    [
        ("scim:group", "exact", "/approvers/eu"),
        ("scim:group", "path_prefix", "/approvers"),
        ("scim:group-id", "exact", "g-7"),
    ],
)
async def test_a_reviewer_whose_scim_group_the_rule_means_does_not_answer(
    desk: Desk, rule: dict[str, Any], claim: str, matcher: str, value: str
) -> None:
    """What a provider said at their sign-in tells nothing of the groups that SCIM has put them into."""
    reviewer = UUID((await desk.person("reviewer"))["id"])
    async with desk.services.database.write() as session:
        now = desk.services.clock()
        told = {"issuer": rule["issuer"], "created": now, "modified": now}
        user = ScimUser(person_id=reviewer, user_name="reviewer", user_key="reviewer", **told)
        group = ScimGroup(display_name="/approvers/eu", external_id="g-7", **told)
        session.add_all((user, group))
        await session.flush()
        session.add(ScimMember(group_id=group.id, user_id=user.id))
    gain = rule | {"claim": claim, "matcher": matcher, "value": value, "role": "owner", "team": "risk"}
    asked = await desk.post("admin", "/mapping-rules", **gain)
    assert asked.status_code == 202
    refused = await desk.approve("reviewer", asked.json()["change"])
    assert (refused.status_code, refused.json()["reasons"]) == (403, ["party_may_not_decide"])
