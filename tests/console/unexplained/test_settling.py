"""An admin ends what no act explains: by an act, with a reason, and only what is a finding."""

import httpx2
import pytest
from uuid_utils.compat import uuid7

from audit.custody.holds import active_holds
from audit.models import LegalHold
from console.models import Model
from policy.models import Grant
from sso.models import RoleAssignment
from tests.console.conftest import TokenFor
from tests.console.unexplained.conftest import Place, a_grant, a_hold
from tests.console.unexplained.test_unexplained import insert, rows
from tests.console.visitor import heads

pytestmark = pytest.mark.slow
SAID = {"reason": "Inserted by hand during the night."}


async def test_an_admin_ends_what_was_inserted_and_what_is_missing(
    place: Place, api: httpx2.AsyncClient, token_for: TokenFor
) -> None:
    change, grant = a_grant(place.people["member"].id, place.route.id)
    role = (await place.read(RoleAssignment))[0]
    table = rows(RoleAssignment)
    await place.do(insert(change), insert(grant), table.delete().where(table.c.id == role.id))
    assert await place.look() == 3
    admin = {"authorization": f"Bearer {token_for('admin')}"}
    listed = (await api.get("/unexplained", headers=admin)).json()["items"]
    assert {(one["kind"], one["why"]) for one in listed} == {
        ("access_grant", "row_without_event"),
        ("change", "row_without_event"),
        ("role_assignment", "event_without_row"),
    }
    for one in sorted(listed, key=lambda item: str(item["kind"])):
        path = f"/unexplained/{one['kind']}/{one['id']}/settle"
        assert (await api.post(path, headers=admin, json=SAID)).status_code == 204
    assert await place.look() == 0
    assert await place.found() == set()
    assert [head["actor"] for head in await heads(place.services, "state.settle")] == [
        str(place.people["admin"].id)
    ] * 3
    async with place.services.database.read() as session:
        assert await session.get(Grant, grant.id) is None


async def test_only_an_admin_ends_a_row_and_only_a_finding(
    place: Place, api: httpx2.AsyncClient, token_for: TokenFor
) -> None:
    role = (await place.read(RoleAssignment))[0]
    path = f"/unexplained/role_assignment/{role.id}/settle"
    for person, status in (("auditor", 403), ("member", 403), ("admin", 404)):
        headers = {"authorization": f"Bearer {token_for(person)}"}
        assert (await api.post(path, headers=headers, json=SAID)).status_code == status
    admin = {"authorization": f"Bearer {token_for('admin')}"}
    assert (await api.post(f"/unexplained/x/{uuid7()}/settle", headers=admin, json=SAID)).status_code == 404
    assert role.id in {row.id for row in await place.read(RoleAssignment)}


async def test_what_others_need_cannot_end(
    place: Place, api: httpx2.AsyncClient, token_for: TokenFor
) -> None:
    await place.do(rows(Model).update().values(purpose="something else"))
    assert await place.look() == 1
    ((model_id,),) = [(one["id"],) for one in await unexplained(api, token_for)]
    headers = {"authorization": f"Bearer {token_for('admin')}"}
    answer = await api.post(f"/unexplained/model/{model_id}/settle", headers=headers, json=SAID)
    assert (answer.status_code, answer.json()["reasons"]) == (409, ["row_needed"])
    assert await place.look() == 0
    assert await place.found() == {("model", "row_differs")}


async def unexplained(api: httpx2.AsyncClient, token_for: TokenFor) -> list[dict[str, object]]:
    headers = {"authorization": f"Bearer {token_for('admin')}"}
    found: list[dict[str, object]] = (await api.get("/unexplained", headers=headers)).json()["items"]
    return found


async def test_one_person_does_not_end_a_hold_by_settling_it(
    place: Place, api: httpx2.AsyncClient, token_for: TokenFor
) -> None:
    hold, table = await a_hold(place), rows(LegalHold)
    await place.do(table.delete().where(table.c.id == hold.id))
    assert await place.look() == 1
    admin = {"authorization": f"Bearer {token_for('admin')}"}
    answer = await api.post(f"/unexplained/legal_hold/{hold.id}/settle", headers=admin, json=SAID)
    assert (answer.status_code, answer.json()["reasons"]) == (409, ["hold_needs_release"])
    async with place.services.database.read() as session:
        assert {
            one.id for one in await active_holds(session, place.services.log, place.services.clock())
        } == {hold.id}
