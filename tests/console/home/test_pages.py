"""The first page: answering comes first, then what somebody is here for; the rail holds only what one may."""

import re

import pytest

from console.custody.forms import RetentionAsk
from console.custody.retention import ask_retention
from console.services import Services
from sso.principal import Principal
from tests.console.conftest import Catalog, WorkAs
from tests.console.visitor import Visitor, visit

pytestmark = pytest.mark.slow  # each builds the whole console

RAIL = re.compile(r'class="rail-link"\s+href="([^"]+)"')


async def arrive(services: Services, person: str) -> Visitor:
    visitor = visit(services)
    await visitor.sign_in(person)
    return visitor


@pytest.mark.parametrize(
    ("person", "label", "areas"),
    [
        ("member", "Find a model", {"/models", "/requests", "/me"}),
        ("owner", "Find a model", {"/models", "/requests", "/me", "/reviews", "/people"}),
        ("reviewer", "Find a model", {"/models", "/requests", "/me", "/reviews", "/records"}),
        ("auditor", "Search the audit log", {"/models", "/requests", "/me", "/audit", "/records", "/people"}),
        ("admin", "See the health", {"/models", "/requests", "/me", "/admin", "/records", "/people"}),
    ],
)
async def test_everybody_finds_one_clear_first_action(
    services: Services, teams: object, person: str, label: str, areas: set[str]
) -> None:
    page = (await (await arrive(services, person)).client.get("/")).text
    assert "Nothing waits for you." in page
    assert label in page
    assert set(RAIL.findall(page)) == areas


async def test_a_waiting_request_comes_first_and_is_counted_in_the_rail(
    services: Services, teams: object, catalog: Catalog
) -> None:
    member = await arrive(services, "member")
    typed = {"team": "retail", "purpose": "Monthly review", "duration_days": "30"}
    typed["_csrf"] = await member.token()
    await member.client.post("/models/risk.credit-default/request", data=typed)
    assert "Your request waits for its answers." in (await member.client.get("/")).text
    page = (await (await arrive(services, "owner")).client.get("/")).text
    assert "A request waits for your signed answer." in page
    assert '<span class="rail-count">1' in page


async def test_a_change_that_waits_comes_first_for_those_who_answer_and_is_counted_in_their_rail(
    services: Services, people: dict[str, Principal], work_as: WorkAs
) -> None:
    await ask_retention(await work_as("admin"), RetentionAsk(name="invoke", days=400, reason="Shorter."))
    page = (await (await arrive(services, "reviewer")).client.get("/")).text
    asked = (await (await arrive(services, "admin")).client.get("/")).text
    assert "A change waits for your signed answer." in page
    assert page.count("/records/changes/") == 3
    assert '<span class="rail-count">1' in page
    assert "A change waits" not in asked
    assert '<span class="rail-count">' not in asked


async def test_without_a_session_the_way_leads_to_sign_in(services: Services) -> None:
    for path in ("/", "/models", "/requests", "/audit", "/admin", "/grants", "/me"):
        answer = await visit(services).client.get(path)
        assert answer.status_code == 303, path
        assert answer.headers["location"].startswith("/sign-in")
