"""The pages of people, teams and rules: each for whom it is, and each form does what it says."""

import pytest

from console.services import Services
from sso.dev.people import DEMO_PEOPLE
from tests.console.conftest import Admit
from tests.console.visitor import Visitor, visit

pytestmark = pytest.mark.slow

PAGES = ("/people", "/people/teams", "/people/teams/risk", "/people/rules", "/people/alone", "/me")


async def arrive(services: Services, person: str) -> Visitor:
    visitor = visit(services)
    await visitor.sign_in(person)
    return visitor


async def send(visitor: Visitor, path: str, **typed: str) -> tuple[int, str]:
    answer = await visitor.client.post(path, data={**typed, "_csrf": await visitor.token()})
    return answer.status_code, answer.headers.get("location", answer.text)


async def test_each_page_is_for_whom_it_is(services: Services, people: object) -> None:
    seen = {}
    for person in ("member", "owner", "reviewer", "auditor", "admin"):
        visitor = await arrive(services, person)
        seen[person] = [(await visitor.client.get(path)).status_code for path in PAGES]
    assert seen == {
        "member": [303, 200, 404, 403, 403, 200],
        "owner": [303, 200, 200, 403, 403, 200],
        "reviewer": [303, 200, 404, 403, 403, 200],
        "auditor": [200, 200, 200, 200, 403, 200],
        "admin": [200, 200, 200, 200, 200, 200],
    }


async def test_an_admin_is_led_from_a_person_to_where_they_are_signed_in(
    services: Services, people: object, admit: Admit
) -> None:
    admin, auditor = await arrive(services, "admin"), await arrive(services, "auditor")
    member = (await admit("member", DEMO_PEOPLE["member"].groups)).id
    link = f'href="/people/{member}/sessions"'
    assert link in (await admin.client.get(f"/people/{member}")).text
    assert (await admin.client.get(f"/people/{member}/sessions")).status_code == 200
    seen = (await auditor.client.get(f"/people/{member}/sessions")).status_code == 200
    assert (link in (await auditor.client.get(f"/people/{member}")).text) == seen


async def test_an_owner_puts_somebody_in_and_takes_them_out(services: Services, people: object) -> None:
    owner = await arrive(services, "owner")
    status, lead = await send(
        owner, "/people/teams/risk/members", person="member", role="member", reason="Works there now"
    )
    assert (status, lead) == (303, "/people/teams/risk")
    page = (await owner.client.get("/people/teams/risk")).text
    assert ">member<" in page
    path = page.split('action="/people/memberships/')[1].split('"')[0]
    assert await send(owner, f"/people/memberships/{path}") == (303, "/people/teams/risk")
    assert ">member<" not in (await owner.client.get("/people/teams/risk")).text


async def test_what_was_typed_wrong_is_said_beside_its_field(services: Services, people: object) -> None:
    admin = await arrive(services, "admin")
    status, text = await send(
        admin, "/people/teams/risk/members", person="nobody", role="member", reason="Works there now"
    )
    assert (status, "There is nobody by that id or handle." in text) == (422, True)
    status, text = await send(admin, "/people/teams", name="Not A Team")
    assert status == 422


async def test_a_role_of_two_people_leads_to_its_change(
    services: Services, people: dict[str, object], admit: Admit
) -> None:
    await admit("second", DEMO_PEOPLE["admin"].groups)
    admin = await arrive(services, "admin")
    member = (await admit("member", DEMO_PEOPLE["member"].groups)).id
    page = (await admin.client.get(f"/people/{member}")).text
    assert "By mapping rule: groups is retail." in page
    status, lead = await send(
        admin, f"/people/{member}/roles", role="reviewer", scope="all", reason="Helps out"
    )
    assert (status, lead.rpartition("/")[0]) == (303, "/records/changes")
    change = (await admin.client.get(lead)).text
    assert 'href="/people"' in change
    assert "Member (member)" in change


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"person": "member"}, "of team retail"),
        ({"claims": '{"groups": ["risk-owners"]}'}, "of team risk"),
        ({"claims": '{"groups": ["none"]}'}, "No role and no team: no rule fits."),
        ({"claims": '{"_claim_names": {"groups": "src1"}}'}, "groups_overage"),
        ({"claims": "no JSON"}, "Paste the claims as a JSON object"),
        ({}, "Say whose rights"),
    ],
)
async def test_a_preview_says_what_this_person_would_get(
    services: Services, people: object, typed: dict[str, str], sentence: str
) -> None:
    admin = await arrive(services, "admin")
    status, text = await send(admin, "/people/rules/preview", issuer=services.sign_in.default, **typed)
    assert (status, sentence in text) == (200, True)


async def test_a_rule_that_matches_nobody_is_shown_as_such(services: Services, people: object) -> None:
    admin = await arrive(services, "admin")
    rule = {
        "issuer": services.sign_in.default,
        "claim": "groups",
        "matcher": "path_prefix",
        "value": "/teams",
        "role": "member",
        "reason": "Groups are paths now",
    }
    assert await send(admin, "/people/rules", **rule) == (303, "/people/rules")
    page = (await admin.client.get("/people/rules")).text
    assert "the team that the path&#39;s next step names" in page or "path's next step" in page
    assert "1 person" in page
    assert "Nobody" in page
    alone = (await admin.client.get("/people/alone")).text
    assert "Demo admin added mapping rule “groups is at or below /teams: member”." in alone
