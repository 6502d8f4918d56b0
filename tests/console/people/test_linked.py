"""Two accounts of one human, from a person's page: linked and parted by two people."""

from typing import Any

import pytest

from console.services import Services
from sso.principal import Principal
from tests.console.custody.conftest import Office
from tests.console.visitor import heads, visit

pytestmark = pytest.mark.slow  # each builds an installation
WHY = "Both are hers, says her manager"


@pytest.fixture
def office(api: Any, token_for: Any, services: Services) -> Office:
    return Office(api, token_for, services)


async def approve(office: Office, address: str) -> None:
    """Let the reviewer approve the change at this address."""
    change = await office.get("reviewer", f"/changes/{address.rpartition('/')[2]}")
    await office.approve(change)


async def test_an_admin_links_and_parts_two_accounts(
    office: Office, services: Services, people: dict[str, Principal]
) -> None:
    admin = visit(services)
    await admin.sign_in("admin")
    member, auditor = people["member"].id, people["auditor"].id
    assert f'href="/people/{member}/link"' in (await admin.client.get(f"/people/{member}")).text
    assert (await admin.client.get(f"/people/{member}/link")).status_code == 200
    sent = {"_csrf": await admin.token(), "reason": WHY}
    nobody = await admin.client.post(f"/people/{member}/link", data=sent | {"other": "nobody"})
    assert (nobody.status_code, "There is nobody by that id or handle." in nobody.text) == (422, True)
    asked = await admin.client.post(f"/people/{member}/link", data=sent | {"other": "auditor"})
    await approve(office, asked.headers["location"])
    [linked] = (await office.get("auditor", f"/people/{member}"))["linked"]
    assert linked["account"]["id"] == str(auditor)
    assert f'href="/people/links/{linked["link"]}"' in (await admin.client.get(f"/people/{auditor}")).text
    page = await admin.client.get(f"/people/links/{linked['link']}")
    assert (page.status_code, "Part two accounts" in page.text) == (200, True)
    parting = await admin.client.post(f"/people/links/{linked['link']}", data=sent)
    await approve(office, parting.headers["location"])
    assert (await office.get("auditor", f"/people/{member}"))["linked"] == []


async def test_who_reads_people_and_may_not_ask_is_offered_nothing(
    services: Services, people: dict[str, Principal]
) -> None:
    auditor = visit(services)
    await auditor.sign_in("auditor")
    member = people["member"].id
    assert "/link" not in (await auditor.client.get(f"/people/{member}")).text
    assert (await auditor.client.get(f"/people/{member}/link")).status_code == 403
    assert [head["outcome"] for head in await heads(services, "change.create")] == ["denied"]


async def test_an_account_that_is_not_there_is_not_there(services: Services, people: object) -> None:
    admin = visit(services)
    await admin.sign_in("admin")
    for path in (
        "/people/01890000-0000-4000-8000-000000000000/link",
        "/people/links/01890000-0000-4000-8000-000000000000",
    ):
        assert (await admin.client.get(path)).status_code == 404
