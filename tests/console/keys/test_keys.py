"""Keys from their making to their end, over the API."""

import re

import pytest
from sqlmodel import col, select

from audit.models import RowVersion
from console.erasure.person import erase_person
from console.questions import Origin
from console.work import UnitOfWork
from sso.keys.form import PATTERN
from sso.models import ApiKey, ApiKeyUse
from sso.principal import Principal, system_principal
from tests.console.conftest import MovingClock
from tests.console.keys.conftest import KeyDesk
from tests.console.visitor import heads

pytestmark = pytest.mark.slow  # each builds the whole console

DAY = 86_400


async def test_a_key_opens_the_api_as_its_owner_within_its_scopes(desk: KeyDesk) -> None:
    made = await desk.made()
    answer = await desk.me(made["token"])
    assert (answer.status_code, answer.json()["handle"]) == (200, "member")
    refused = await desk.with_bearer(made["token"], "GET", "/routes")
    assert refused.status_code == 200
    assert refused.json()["items"] == []  # a list shows nothing that its scopes do not name


async def test_a_scope_that_is_missing_is_told_by_its_name(desk: KeyDesk) -> None:
    made = await desk.made(scopes=["model.invoke"])
    answer = await desk.me(made["token"])
    assert (answer.status_code, answer.json()["reasons"]) == (403, ["key_scope_missing:self.read"])


async def test_only_the_answer_to_its_making_holds_the_key(desk: KeyDesk) -> None:
    made = await desk.made()
    assert re.fullmatch(PATTERN, made["token"])
    listed = await desk.call("member", "GET", "/keys")
    assert made["token"] not in listed.text
    assert [item["starts_with"] for item in listed.json()["items"]] == [made["token"][:24]]
    async with desk.services.database.read() as session:
        row = (await session.exec(select(ApiKey))).one()
        versions = (await session.exec(select(RowVersion).where(col(RowVersion.kind) == "api_key"))).all()
    secret = made["token"][24:-6]
    kept = [repr(row.model_dump()), *(repr(one.model_dump()) for one in versions)]
    assert not [text for text in kept if secret in text]


async def test_a_key_ends(desk: KeyDesk, clock: MovingClock) -> None:
    made = await desk.made(days=1)
    clock.forward(DAY)
    answer = await desk.me(made["token"])
    assert (answer.status_code, answer.json()["reasons"]) == (401, ["key_ended"])


@pytest.mark.parametrize("days", [0, 366, True, None])
async def test_no_key_lasts_over_a_year_or_for_ever(desk: KeyDesk, days: object) -> None:
    assert (await desk.create(days=days)).status_code in {400, 422}


async def test_a_revoked_key_is_refused_at_once_and_told_why(desk: KeyDesk) -> None:
    made = await desk.made()
    key = made["key"]["id"]
    gone = await desk.call("member", "DELETE", f"/keys/{key}", json={"reason": "not needed any more"})
    assert gone.status_code == 204
    assert (await desk.me(made["token"])).json()["reasons"] == ["key_revoked"]
    listed = (await desk.call("member", "GET", "/keys")).json()["items"][0]
    assert (listed["state"], listed["revoke_reason"]) == ("revoked", "not needed any more")
    again = await desk.call("member", "DELETE", f"/keys/{key}", json={"reason": "once more"})
    assert again.status_code == 409
    assert [head["outcome"] for head in await heads(desk.services, "key.revoke")] == ["success"]


async def test_a_rotated_key_has_two_secrets_until_the_grace_is_over(
    desk: KeyDesk, clock: MovingClock
) -> None:
    made = await desk.made()
    path = f"/keys/{made['key']['id']}/rotate"
    new = (await desk.call("member", "POST", path, json={"grace_hours": 1})).json()
    assert new["token"][:24] == made["token"][:24]
    assert [(await desk.me(key)).status_code for key in (made["token"], new["token"])] == [200, 200]
    clock.forward(3600)
    assert [(await desk.me(key)).status_code for key in (made["token"], new["token"])] == [401, 200]


async def test_a_rotation_without_grace_ends_the_old_secret_at_once(desk: KeyDesk) -> None:
    made = await desk.made()
    path = f"/keys/{made['key']['id']}/rotate"
    await desk.call("member", "POST", path, json={"grace_hours": 0})
    assert (await desk.me(made["token"])).json()["reasons"] == ["key_refused"]
    too_long = await desk.call("member", "POST", path, json={"grace_hours": 169})
    assert too_long.status_code in {400, 422}


async def test_the_last_use_is_written_once_a_minute_and_without_an_event(
    desk: KeyDesk, clock: MovingClock
) -> None:
    made = await desk.made()
    before = len(await heads(desk.services))
    for _ in range(3):
        await desk.me(made["token"])
    await desk.services.key_uses.stop()
    first = await last_use(desk)
    assert (await desk.call("member", "GET", "/keys")).json()["items"][0]["last_used"]
    await desk.me(made["token"])
    await desk.services.key_uses.stop()
    assert await last_use(desk) == first
    clock.forward(60)
    await desk.me(made["token"])
    await desk.services.key_uses.stop()
    assert await last_use(desk) > first
    assert len(await heads(desk.services)) == before


async def test_an_admin_finds_and_ends_keys_of_everybody_and_a_member_none(desk: KeyDesk) -> None:
    made = [await desk.made("member"), await desk.made("owner", name="weekly report")]
    found = await desk.call("admin", "GET", "/key-inventory", params={"q": "weekly"})
    assert [item["owner"]["handle"] for item in found.json()["items"]] == ["owner"]
    start = made[0]["token"][:24]
    found = await desk.call("admin", "GET", "/key-inventory", params={"q": start, "state": "active"})
    assert [item["id"] for item in found.json()["items"]] == [made[0]["key"]["id"]]
    body = {"ids": [one["key"]["id"] for one in made], "reason": "the laptop was stolen"}
    assert (await desk.call("member", "POST", "/key-inventory/revoke", json=body)).status_code == 403
    ended = await desk.call("admin", "POST", "/key-inventory/revoke", json=body)
    assert sorted(ended.json()["revoked"]) == sorted(body["ids"])
    assert [(await desk.me(one["token"])).status_code for one in made] == [401, 401]
    assert (await desk.call("member", "GET", "/key-inventory")).status_code == 403


async def test_unused_and_ending_keys_are_found(desk: KeyDesk, clock: MovingClock) -> None:
    await desk.made(days=40)
    states = {}
    clock.forward(20 * DAY)
    for state in ("active", "ending", "unused", "ended", "revoked"):
        found = await desk.call("admin", "GET", "/key-inventory", params={"state": state})
        states[state] = len(found.json()["items"])
    assert states == {"active": 1, "ending": 1, "unused": 1, "ended": 0, "revoked": 0}


async def last_use(desk: KeyDesk) -> int:
    async with desk.services.database.read() as session:
        return (await session.exec(select(ApiKeyUse))).one().at


async def test_an_erased_person_has_no_key_left_and_none_keeps_its_name(
    desk: KeyDesk, people: dict[str, Principal]
) -> None:
    made = await desk.made(name="notes of Member")
    work = UnitOfWork(desk.services, system_principal("tests"), Origin("tests"))
    async with work.write() as session:
        await erase_person(work, session, people["member"].id)
    assert (await desk.me(made["token"])).status_code == 401
    async with desk.services.database.read() as session:
        row = (await session.exec(select(ApiKey))).one()
    assert (row.name, row.revoke_reason, row.revoked_at is None) == ("erased", "erased", False)
