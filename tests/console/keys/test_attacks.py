"""Attacks on keys, each by the number of its case in tests/house/attack_cases.py."""

import json
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import col, select

from console.people.leaving import disable_person
from console.questions import Origin
from console.work import UnitOfWork
from policy.programs import PROGRAMS
from sso.keys.form import KeyText, new_key_text, read_key_text
from sso.keys.selves import people_behind
from sso.models import ApiKey, Person, PersonState, RoleAssignment
from sso.principal import system_principal
from tests.console.conftest import MovingClock, WorkAs
from tests.console.keys.conftest import KeyDesk
from tests.console.visitor import heads

pytestmark = pytest.mark.slow  # each builds the whole console


@pytest.mark.parametrize(
    ("scope", "reason"),
    [
        ("audit.read", "scope_beyond_rights:audit.read"),
        ("cluster.sync", "scope_beyond_rights:cluster.sync"),
        ("model.publish", "scope_beyond_rights:model.publish"),
        ("access_request.review", "scope_not_for_keys:access_request.review"),
        ("key.create", "scope_not_for_keys:key.create"),
        ("everything", "scope_not_for_keys:everything"),
    ],
)
async def test_case_39_a_key_has_no_scope_that_its_maker_lacks(
    desk: KeyDesk, scope: str, reason: str
) -> None:
    refused = await desk.create("member", scopes=["model.invoke", scope])
    assert (refused.status_code, refused.json()["reasons"]) == (403, [reason])
    assert [head["reasons"] for head in await heads(desk.services, "key.create")] == [[reason]]


async def test_case_39_a_key_is_bound_to_no_route_that_its_maker_may_not_call(desk: KeyDesk) -> None:
    for route in ("risk.credit-default", "health.tumour-screen", "risk.nothing"):
        refused = await desk.create("member", scopes=["model.invoke"], routes=[route])
        assert refused.json()["reasons"] == ["scope_beyond_rights:model.invoke"], route
    assert (await desk.create("member", scopes=["model.read"], routes=["risk.credit-default"])).is_success


async def test_case_39_a_key_loses_what_its_owner_loses(desk: KeyDesk) -> None:
    made = await desk.made("auditor", scopes=["audit.read"])
    assert (await desk.with_bearer(made["token"], "GET", "/audit/events")).status_code == 200
    async with desk.services.database.write() as session:
        for role in await session.exec(select(RoleAssignment)):
            await session.delete(role)
    assert (await desk.with_bearer(made["token"], "GET", "/audit/events")).status_code == 403


async def test_case_39_scopes_written_into_the_table_do_not_pass_the_floor(
    desk: KeyDesk, work_as: WorkAs
) -> None:
    made = await desk.made("admin", scopes=["self.read"])
    async with desk.services.database.write() as session:
        row = (await session.exec(select(ApiKey))).one()
        row.scopes = json.dumps(["self.read", "mapping_rule.create", "key.create"])
        session.add(row)
    body = {"name": "more", "scopes": ["self.read"], "days": 5}
    refused = await desk.with_bearer(made["token"], "POST", "/keys", json=body)
    assert (refused.status_code, refused.json()["reasons"]) == (403, ["key_scope_missing:key.create"])
    assert not [scope for scope in PROGRAMS if scope.value.startswith(("key.", "mapping_rule."))]


async def test_case_40_a_key_in_the_address_opens_nothing_and_is_not_kept(
    desk: KeyDesk, caplog: pytest.LogCaptureFixture
) -> None:
    made = await desk.made()
    key = made["token"]
    for address in (f"/me?access_token={key}", f"/me?key={key}", f"/me?a=1&api_key=%67{key[1:]}"):
        alone = await desk.client.get(address)
        with_header = await desk.with_bearer(key, "GET", address)
        for answer in (alone, with_header):
            assert (answer.status_code, answer.json()["reasons"]) == (401, ["credential_in_address"])
            assert key not in answer.text
    # What the test's own client writes of its requests is not ours.
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith("httpx")]
    assert not [line for line in ours if key in line]
    assert not [head for head in await heads(desk.services) if key in str(head)]


@pytest.mark.parametrize("how", ["disabled", "ended", "gone"])
async def test_case_40_a_key_does_not_outlive_its_owner_or_its_end(
    desk: KeyDesk, clock: MovingClock, how: str
) -> None:
    made = await desk.made()
    reasons = {"disabled": "key_revoked", "ended": "key_ended", "gone": "key_owner_gone"}
    if how == "ended":
        clock.forward(30 * 86_400)
    else:
        await leave(desk, made["key"]["owner"]["id"], ending=how == "disabled")
    answer = await desk.me(made["token"])
    assert (answer.status_code, answer.json()["reasons"]) == (401, [reasons[how]])


async def test_case_48_a_key_is_in_no_record_no_page_and_no_representation(
    desk: KeyDesk, caplog: pytest.LogCaptureFixture
) -> None:
    made = await desk.made()
    secret = made["token"][24:-6]
    await desk.me(made["token"])
    refused = await desk.me(made["token"][:-1] + "!")
    assert refused.json()["reasons"] == ["key_malformed"]
    async with desk.services.database.read() as session:
        row = (await session.exec(select(ApiKey))).one()
    told = [refused.text, repr(row), str(await heads(desk.services)), caplog.text]
    told += [(await desk.call(who, "GET", "/key-inventory")).text for who in ("admin", "auditor")]
    assert not [text for text in told if secret in text or made["token"] in text]


@pytest.mark.parametrize("unknown", ["id", "secret"])
async def test_case_48_an_unknown_id_and_a_wrong_secret_are_told_the_same(
    desk: KeyDesk, unknown: str
) -> None:
    made, other = await desk.made(), new_key_text()
    known = read_key_text(made["token"])
    assert known is not None
    guess = KeyText(other.id, known.secret) if unknown == "id" else KeyText(known.id, other.secret)
    answer = await desk.me(guess.text)
    assert (answer.status_code, answer.json()["reasons"]) == (401, ["key_refused"])


async def test_case_51_the_key_of_somebody_else_does_not_exist(desk: KeyDesk) -> None:
    key = (await desk.made("owner"))["key"]["id"]
    tried = [("POST", f"/keys/{key}/rotate", {}), ("DELETE", f"/keys/{key}", {"reason": "curious"})]
    for method, path, body in tried:
        assert (await desk.call("member", method, path, json=body)).status_code == 404, path
    account = (await desk.service())["id"]
    disabled = await desk.call(
        "member", "POST", f"/service-accounts/{account}/disable", json={"reason": "curious"}
    )
    listed = await desk.call("member", "GET", f"/service-accounts/{account}/keys")
    assert (disabled.status_code, listed.status_code) == (404, 404)
    assert (await desk.create("member", service=account)).status_code == 404


async def test_case_53_a_body_with_more_than_is_asked_for_is_refused(desk: KeyDesk) -> None:
    more: list[dict[str, Any]] = [{"owner_id": "x"}, {"digest": "0" * 64}, {"id": 1}, {"revoked_at": None}]
    for extra in more:
        assert (await desk.create("member", **extra)).status_code in {400, 422}, extra


async def test_case_59_no_answer_holds_a_digest(desk: KeyDesk) -> None:
    made = await desk.made()
    async with desk.services.database.read() as session:
        row = (await session.exec(select(ApiKey))).one()
    answers = [await desk.call("member", "GET", "/keys"), await desk.call("admin", "GET", "/key-inventory")]
    for answer in answers:
        assert row.digest not in answer.text
        assert not {"digest", "pepper", "made_by"} & answer.json()["items"][0].keys()
    assert row.digest not in str(made)


async def test_case_61_a_key_and_a_service_account_approve_nothing(desk: KeyDesk) -> None:
    body = {"route": "risk.credit-default", "team": "retail", "purpose": "Score shops", "duration_days": 5}
    asked = (await desk.call("member", "POST", "/access-requests", json=body)).json()
    account = await desk.service()
    keys = [await desk.made("owner"), await desk.made("owner", service=account["id"])]
    async with desk.services.database.write() as session:
        for row in await session.exec(select(ApiKey)):
            row.scopes = json.dumps(["access_request.review", "access_request.create"])
            session.add(row)
    answer = {"decision": "approve", "meaning": "ok", "reason": "fine", "content_hash": asked["content_hash"]}
    path = f"/access-requests/{asked['id']}/reviews"
    for made in keys:
        refused = await desk.with_bearer(made["token"], "POST", path, json=answer)
        assert refused.status_code in {403, 404}
        again = await desk.with_bearer(made["token"], "POST", "/access-requests", json=body)
        assert again.status_code in {403, 404}


async def test_case_61_a_service_account_counts_as_the_people_behind_it(
    desk: KeyDesk, people: dict[str, Any]
) -> None:
    account = UUID((await desk.service())["id"])
    async with desk.services.database.read() as session:
        behind = await people_behind(session, account)
        own = await people_behind(session, people["member"].id)
    assert behind == {account, people["owner"].id}
    assert own == {people["member"].id}


async def leave(desk: KeyDesk, person: str, *, ending: bool) -> None:
    """Disable a person, as a directory would; or only the row, as if nothing had ended their keys."""
    if ending:
        work = UnitOfWork(desk.services, system_principal("tests"), Origin("tests"))
        async with work.write() as session:
            await disable_person(work, session, UUID(person), "scim_deactivated")
        return
    async with desk.services.database.write() as session:
        row = (await session.exec(select(Person).where(col(Person.id) == UUID(person)))).one()
        row.state = PersonState.DISABLED
        session.add(row)
