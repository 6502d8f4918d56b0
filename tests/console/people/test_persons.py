"""Reading people, keeping them out, and what an admin did alone."""

from uuid import UUID

import pytest
from sqlmodel import select

from console.models import SingleAct
from console.services import Services
from sso.models import RoleAssignment, Session
from sso.principal import Principal
from tests.console.conftest import Admit, MovingClock
from tests.console.people.conftest import Desk
from tests.console.visitor import visit

pytestmark = pytest.mark.slow
DAY = 86_400


async def test_a_person_shows_what_they_hold_and_by_which_rule(desk: Desk) -> None:
    member = await desk.person("member")
    (membership,) = member["memberships"]
    assert (membership["team"], membership["managed_by"]) == ("retail", "claim")
    assert membership["why"] == "By mapping rule: groups is retail."
    assert (member["sources"], member["sessions"]) == (["claim"], 1)
    assert member["identities"][0]["subject"] == "demo-member"


async def test_whose_data_was_read_is_recorded(desk: Desk) -> None:
    member = await desk.person("member")
    found = [head for head in await desk.acts("person.read") if head["resource"]["id"] == member["id"]]
    assert len(found) >= 1


async def test_people_are_found_page_by_page(desk: Desk) -> None:
    first = await desk.get("admin", "/people", limit=2)
    rest = await desk.get("admin", "/people", limit=200, after=first["next"])
    handles = [item["handle"] for item in [*first["items"], *rest["items"]]]
    assert handles == sorted(handles)
    assert set(handles) >= {"admin", "auditor", "member", "owner", "reviewer"}
    assert (len(first["items"]), rest["next"]) == (2, None)


@pytest.mark.parametrize(
    ("wanted", "handles"),
    [
        ({"role": "auditor"}, {"auditor"}),
        ({"team": "retail"}, {"member"}),
        ({"q": "DEMO-OW"}, set()),
        ({"q": "MEMB"}, {"member"}),
        ({"state": "disabled"}, set()),
        ({"q": "%"}, set()),
    ],
)
async def test_people_are_found_by(desk: Desk, wanted: dict[str, str], handles: set[str]) -> None:
    found = (await desk.get("admin", "/people", **wanted))["items"]
    assert {item["handle"] for item in found} == handles


async def test_who_is_disabled_is_out_with_everything(desk: Desk) -> None:
    member = await desk.person("member")
    assert (await desk.post("admin", f"/people/{member['id']}/disable")).status_code == 204
    assert (await desk.call("member", "GET", "/me")).status_code == 401
    async with desk.services.database.read() as session:
        (row,) = await session.exec(select(Session).where(Session.person_id == UUID(member["id"])))
    assert row.revoked_at is not None
    again = await desk.post("admin", f"/people/{member['id']}/disable")
    assert (again.status_code, again.json()["reasons"]) == (409, ["nothing_to_change"])
    assert (await desk.post("admin", f"/people/{member['id']}/enable")).status_code == 204
    assert (await desk.person("member"))["state"] == "active"


async def test_the_last_admin_is_neither_disabled_nor_demoted(desk: Desk) -> None:
    admin = await desk.person("admin")
    refused = await desk.post("admin", f"/people/{admin['id']}/disable")
    assert (refused.status_code, refused.json()["reasons"]) == (409, ["last_admin"])


@pytest.mark.parametrize("who", ["owner", "reviewer", "auditor", "member"])
async def test_only_an_admin_keeps_people_out(desk: Desk, who: str) -> None:
    member = await desk.person("member")
    assert (await desk.post(who, f"/people/{member['id']}/disable")).status_code == 403


async def test_in_the_first_days_one_admin_suffices_and_a_second_confirms(desk: Desk, admit: Admit) -> None:
    given = await desk.post("admin", "/roles", person="owner", role="reviewer", reason="Helps out")
    assert (given.status_code, given.json()["state"]) == (201, "done")
    assert (await desk.acts("role.assign"))[-1]["flags"] == ["single_person"]
    (act,) = (await desk.get("admin", "/single-acts"))["items"]
    assert (act["action"], act["own"], act["confirmed"]) == ("role.assign", True, None)
    assert act["sentence"] == "Admin gave owner a role."
    own = await desk.post("admin", f"/single-acts/{act['id']}/confirm")
    assert (own.status_code, own.json()["reasons"]) == (403, ["own_act"])
    another = await admit("second", ("guildhall-admins",))
    async with desk.services.database.write() as session:
        row = (await session.exec(select(SingleAct))).one()
        row.actor_id = another.id
        session.add(row)
    assert (await desk.post("admin", f"/single-acts/{act['id']}/confirm")).status_code == 204
    assert (await desk.get("admin", "/single-acts"))["items"] == []
    assert len((await desk.get("admin", "/single-acts", all=True))["items"]) == 1
    assert len(await desk.acts("single_person.confirm")) >= 1


async def test_the_first_days_end_after_seven_days(desk: Desk, clock: MovingClock) -> None:
    clock.forward(7 * DAY)
    asked = await desk.post("admin", "/roles", person="owner", role="reviewer", reason="Helps out")
    assert asked.status_code == 202


async def test_the_first_days_end_with_a_second_admin(desk: Desk, second: None) -> None:
    asked = await desk.post("admin", "/roles", person="owner", role="reviewer", reason="Helps out")
    assert asked.status_code == 202


async def test_who_takes_the_role_from_the_second_admin_does_not_act_alone_again(
    desk: Desk, people: dict[str, Principal], admit: Admit
) -> None:
    second = {"person": "owner", "role": "admin", "reason": "Looks after it with me"}
    assert (await desk.post("admin", "/roles", **second)).json()["state"] == "done"
    await admit("owner", ("risk-owners",))
    (held,) = [one for one in (await desk.person("owner"))["held_roles"] if one["role"] == "admin"]
    assert (await desk.call("admin", "DELETE", f"/roles/{held['id']}")).status_code == 204
    given = await desk.post("admin", "/roles", person="member", role="reviewer", reason="A friend")
    assert (given.status_code, given.json()["state"]) == (202, "pending")


async def test_case_34_a_role_that_was_lost_is_gone_from_the_session_that_is_open(
    services: Services, people: dict[str, Principal]
) -> None:
    auditor = visit(services)
    await auditor.sign_in("auditor")
    assert (await auditor.client.get("/people")).status_code == 200
    async with services.database.write() as session:
        for role in await session.exec(select(RoleAssignment).filter_by(person_id=people["auditor"].id)):
            await session.delete(role)
    left = await auditor.client.get("/people")
    assert (left.status_code, left.headers["location"]) == (303, "/people/teams")
    assert (await auditor.client.get(f"/people/{people['member'].id}")).status_code == 403
