"""The pages of keys, as a browser meets them."""

import re

import pytest
from sqlmodel import select

from console.services import Services
from sso.keys.form import PATTERN
from sso.models import ApiKey
from tests.console.conftest import Catalog
from tests.console.visitor import Visitor, visit

pytestmark = pytest.mark.slow  # each builds the whole console

FORM = {"name": "nightly scoring", "use": "call", "routes": "", "days": "30"}


async def signed_in(services: Services, person: str) -> Visitor:
    visitor = visit(services)
    await visitor.sign_in(person)
    return visitor


async def send(visitor: Visitor, path: str, **form: str) -> tuple[int, str]:
    answer = await visitor.client.post(path, data={"_csrf": await visitor.token(), **form})
    return answer.status_code, answer.text


async def test_a_key_is_shown_once_and_by_no_cache_kept(
    services: Services, people: object, catalog: Catalog
) -> None:
    member = await signed_in(services, "member")
    answer = await member.client.post("/me/keys", data={"_csrf": await member.token(), **FORM})
    shown = re.findall(PATTERN, answer.text)
    assert (answer.status_code, len(shown)) == (200, 1)
    assert answer.headers["cache-control"] == "no-store"
    assert "call models" in answer.text
    again = (await member.client.get("/me/keys")).text
    assert "nightly scoring" in again
    assert re.findall(PATTERN, again) == []


async def test_what_is_wrong_with_a_key_is_said_beside_its_field(
    services: Services, people: object, catalog: Catalog
) -> None:
    member = await signed_in(services, "member")
    for wrong, sentence in (
        ({"days": "400"}, "Enter 365 or less."),
        ({"name": ""}, "Write at least 1 characters."),
        ({"use": "audit"}, "A key may do no more than you"),
        ({"routes": "risk.credit-default"}, "A key may do no more than you"),
        ({"routes": "not a name!"}, "Write names of models"),
    ):
        status, text = await send(member, "/me/keys", **(FORM | wrong))
        assert (status, sentence in text) == (422, True), wrong


async def test_a_key_is_rotated_and_revoked_on_its_page(
    services: Services, people: object, catalog: Catalog
) -> None:
    member = await signed_in(services, "member")
    await send(member, "/me/keys", **FORM)
    async with services.database.read() as session:
        key = (await session.exec(select(ApiKey))).one()
    status, text = await send(member, f"/keys/{key.id}/rotate", grace_hours="1")
    assert (status, len(re.findall(PATTERN, text))) == (200, 1)
    status, _ = await send(member, f"/keys/{key.id}/revoke", reason="replaced")
    assert status == 303
    assert "replaced" in (await member.client.get("/me/keys")).text


async def test_an_owner_runs_a_service_account_by_pages_alone(
    services: Services, people: object, catalog: Catalog
) -> None:
    owner = await signed_in(services, "owner")
    form = {"team": "risk", "name": "nightly", "purpose": "Scores the day"}
    made = await owner.client.post("/service-accounts", data={"_csrf": await owner.token(), **form})
    place = made.headers["location"]
    status, text = await send(owner, f"{place}/keys", **FORM)
    assert (status, len(re.findall(PATTERN, text))) == (200, 1)
    assert "risk.nightly" in (await owner.client.get("/service-accounts")).text
    assert (await send(owner, f"{place}/disable", reason="not needed"))[0] == 303
    page = (await owner.client.get(place)).text
    assert "Disabled" in page
    assert "Make a key" not in page


async def test_an_admin_revokes_what_was_chosen(services: Services, people: object, catalog: Catalog) -> None:
    member, admin = await signed_in(services, "member"), await signed_in(services, "admin")
    await send(member, "/me/keys", **FORM)
    async with services.database.read() as session:
        key = (await session.exec(select(ApiKey))).one()
    found = await admin.client.get("/people/keys", params={"q": "nightly"})
    assert str(key.id) in found.text
    status, text = await send(admin, "/people/keys/revoke", key=str(key.id), reason="a stolen laptop")
    assert (status, "1 key revoked" in text) == (200, True)
    assert (await send(admin, "/people/keys/revoke", reason="nothing chosen"))[0] == 422
    assert (await member.client.get("/people/keys")).status_code == 403
