"""Service accounts of teams, and keys that somebody found."""

import pytest
from sqlalchemy import text
from sqlmodel import select

from console.report_limit import FROM_ONE
from console.unexplained.comparison import Comparison
from sso.keys.form import new_key_text
from sso.models import Membership
from tests.console.conftest import MovingClock
from tests.console.keys.conftest import KeyDesk
from tests.console.visitor import heads

pytestmark = pytest.mark.slow  # each builds the whole console


async def test_a_teams_owner_runs_a_service_account_and_its_keys(desk: KeyDesk) -> None:
    account = await desk.service()
    assert (account["handle"], account["team"], account["orphaned"]) == ("risk.nightly", "risk", False)
    made = await desk.made("owner", service=account["id"], scopes=["self.read"])
    me = (await desk.me(made["token"])).json()
    assert (me["handle"], me["teams"], me["roles"]) == ("risk.nightly", [], [])
    keys = await desk.call("owner", "GET", f"/service-accounts/{account['id']}/keys")
    assert [key["owner_kind"] for key in keys.json()["items"]] == ["service"]


async def test_nobody_else_makes_one(desk: KeyDesk) -> None:
    body = {"team": "risk", "name": "mine", "purpose": "Scores something"}
    assert (await desk.call("member", "POST", "/service-accounts", json=body)).status_code == 404
    body["team"] = "retail"
    assert (await desk.call("member", "POST", "/service-accounts", json=body)).status_code == 403
    assert (await desk.call("member", "GET", "/service-accounts")).json()["items"] == []


async def test_a_disabled_service_account_has_no_keys_left(desk: KeyDesk) -> None:
    account = await desk.service()
    made = await desk.made("owner", service=account["id"])
    path = f"/service-accounts/{account['id']}/disable"
    assert (await desk.call("owner", "POST", path, json={"reason": "replaced"})).status_code == 204
    assert (await desk.me(made["token"])).json()["reasons"] == ["key_revoked"]
    assert (await desk.create("owner", service=account["id"])).status_code == 409
    assert (await desk.call("owner", "POST", path, json={"reason": "again"})).status_code == 409


async def test_a_service_account_of_a_team_without_owner_shows_as_orphaned(desk: KeyDesk) -> None:
    await desk.service()
    async with desk.services.database.write() as session:
        for row in await session.exec(select(Membership)):
            await session.delete(row)
    listed = (await desk.call("admin", "GET", "/service-accounts")).json()["items"]
    assert [(item["handle"], item["orphaned"]) for item in listed] == [("risk.nightly", True)]


async def test_every_row_of_keys_and_services_is_explained_by_its_event(desk: KeyDesk) -> None:
    known = {"api_key", "service_account"}
    account = await desk.service()
    first = await desk.made("owner", service=account["id"])
    await desk.made("member")
    await desk.call("owner", "POST", f"/keys/{first['key']['id']}/rotate", json={})
    await desk.call("owner", "DELETE", f"/keys/{first['key']['id']}", json={"reason": "no need"})
    found = await Comparison(desk.services).findings()
    assert [one for one in found if one.kind in known] == []
    async with desk.services.database.write() as session:
        await (await session.connection()).execute(text("UPDATE api_key SET revoked_at = NULL"))
    found = await Comparison(desk.services).findings()
    assert [one.kind for one in found if one.kind in known] == ["api_key"]


async def test_a_reported_key_is_revoked_and_its_owner_reads_why(desk: KeyDesk) -> None:
    made = await desk.made()
    texts = [made["token"], new_key_text().text, "nonsense"]
    answers = [await desk.client.post("/key-leaks", json={"tokens": [one]}) for one in texts]
    assert {(answer.status_code, answer.text) for answer in answers} == {(202, '{"received":true}')}
    assert (await desk.me(made["token"])).json()["reasons"] == ["key_revoked"]
    listed = (await desk.call("member", "GET", "/keys")).json()["items"][0]
    assert (listed["state"], listed["revoke_reason"]) == ("revoked", "leaked")
    assert [head["reasons"] for head in await heads(desk.services, "key.leak")] == [["leaked"]]


async def test_the_start_of_a_key_alone_revokes_nothing(desk: KeyDesk) -> None:
    made = await desk.made()
    for part in (made["token"][:24], made["token"][:-1], made["key"]["id"]):
        await desk.client.post("/key-leaks", json={"tokens": [part]})
    assert (await desk.me(made["token"])).status_code == 200


async def test_reports_are_limited(desk: KeyDesk, clock: MovingClock) -> None:
    statuses = [
        (await desk.client.post("/key-leaks", json={"tokens": ["x"]})).status_code
        for _ in range(FROM_ONE + 1)
    ]
    assert statuses == [202] * FROM_ONE + [429]
    clock.forward(60)
    assert (await desk.client.post("/key-leaks", json={"tokens": ["x"]})).status_code == 202
