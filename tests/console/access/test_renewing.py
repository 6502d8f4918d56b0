"""Access that ends is asked for anew in one act, and that is a request like any other."""

from typing import Any

import pytest

from tests.console.conftest import MovingClock
from tests.console.visitor import visit

pytestmark = pytest.mark.slow  # each builds the whole console
DAY = 86_400


async def renew(desk: Any, who: str, grant: str) -> Any:
    return await desk.call(who, "POST", f"/grants/{grant}/renewals")


async def test_a_renewal_is_a_request_filled_in_and_bound(desk: Any) -> None:
    grant = (await desk.approved())["grant_id"]
    asked = await renew(desk, "member", grant)
    assert (asked.status_code, asked.json()["state"]) == (201, "pending")
    read = (await desk.get("reviewer", f"/access-requests/{asked.json()['id']}")).json()
    assert read["content"]["renews"] == grant
    assert (read["content"]["duration_days"], read["content"]["team"]) == (30, "retail")
    assert read["missing"] == [{"group": "owner:risk", "count": 1}, {"group": "reviewer", "count": 1}]
    again = await renew(desk, "member", grant)
    assert (again.status_code, again.json()["reasons"]) == (409, ["already_pending"])
    assert (await desk.answer("owner", asked.json())).status_code == 201
    done = (await desk.answer("reviewer", asked.json())).json()
    assert (done["state"], done["grant_id"] != grant) == ("approved", True)


@pytest.mark.parametrize("who", ["owner", "reviewer", "admin", "auditor"])
async def test_case_51_a_grant_of_another_team_is_not_renewed_nor_told_of(who: str, desk: Any) -> None:
    grant = (await desk.approved())["grant_id"]
    assert (await renew(desk, who, grant)).status_code == 404


async def test_what_was_revoked_is_not_renewed(desk: Any) -> None:
    grant = (await desk.approved())["grant_id"]
    await desk.call("owner", "DELETE", f"/grants/{grant}", json={"reason": "over"})
    refused = await renew(desk, "member", grant)
    assert (refused.status_code, refused.json()["reasons"]) == (409, ["grant_ended"])


async def test_the_first_page_reminds_before_the_end(desk: Any, services: Any, clock: MovingClock) -> None:
    await desk.approved()
    clock.forward(15 * DAY)
    member = visit(services)
    await member.sign_in("member")
    assert "Access that ends soon" not in (await member.client.get("/")).text
    clock.forward(2 * DAY)
    member = visit(services)
    await member.sign_in("member")
    page = (await member.client.get("/")).text
    assert "Access that ends soon" in page
    path = page.split('action="/grants/')[1].split('"')[0]
    sent = await member.client.post(f"/grants/{path}", data={"_csrf": await member.token()})
    assert sent.status_code == 303
    assert "Asked for anew" in (await member.client.get("/")).text


async def test_the_end_of_a_service_accounts_access_is_told_to_its_owner(
    desk: Any, services: Any, clock: MovingClock, admit: Any
) -> None:
    body = {"team": "risk", "name": "nightly", "purpose": "Scores at night"}
    account = (await desk.call("owner", "POST", "/service-accounts", json=body)).json()
    await admit("auditor", ("risk-owners",))
    request = await desk.asked("owner", team="risk", service=account["id"])
    assert (await desk.answer("auditor", request)).status_code == 201
    assert (await desk.answer("reviewer", request)).status_code == 201
    clock.forward(17 * DAY)
    owner = visit(services)
    await owner.sign_in("owner")
    page = (await owner.client.get("/")).text
    assert "Access that ends soon" in page
    assert 'anew<span class="visually-hidden">: risk.credit-default for risk.nightly<' in page
    path = page.split('action="/grants/')[1].split('"')[0]
    sent = await owner.client.post(f"/grants/{path}", data={"_csrf": await owner.token()})
    assert sent.status_code == 303
    assert "Asked for anew" in (await owner.client.get("/")).text
    member = visit(services)
    await member.sign_in("member")
    assert "risk.nightly" not in (await member.client.get("/")).text
