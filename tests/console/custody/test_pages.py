"""The records pages without a browser: asked by one, answered by another, every form with its sentences."""

import re

import pytest

from audit.custody.keeper import RETENTION
from audit.heads.state import write_state
from console.services import Services
from console.vouching import read_vouchers
from sso.principal import Principal
from tests.console.visitor import Visitor, visit

pytestmark = pytest.mark.slow
HASH = re.compile(r'name="content_hash" value="([0-9a-f]{64})"')


async def post(visitor: Visitor, path: str, **form: str) -> tuple[int, str]:
    answer = await visitor.client.post(path, data={"_csrf": await visitor.token(), **form})
    return answer.status_code, answer.headers.get("location", answer.text)


async def test_two_people_change_a_retention_on_the_pages(
    services: Services, people: dict[str, Principal]
) -> None:
    admin, reviewer = visit(services), visit(services)
    await admin.sign_in("admin")
    status, place = await post(
        admin, "/records/ask/retention", name="invoke", days="200", reason="As our policy says"
    )
    assert status == 303
    mine = await admin.client.get(place)
    assert "whoever asks may not decide" in mine.text
    await reviewer.sign_in("reviewer")
    weak = await reviewer.client.get(place)
    assert "Confirm it is you" in weak.text
    assert "Nothing of this class is removed." in weak.text
    await reviewer.sign_in("reviewer", "/step-up", next_path=place)
    found = HASH.search((await reviewer.client.get(place)).text)
    assert found
    answer = {"decision": "approve", "meaning": "It may go", "content_hash": found[1]}
    assert await post(reviewer, place, **answer) == (303, place)
    shown = (await reviewer.client.get("/records")).text
    assert "200 days" in shown
    assert "Keep the details of calls for 200 days" in shown
    for visitor in (admin, reviewer):
        await visitor.client.aclose()


async def test_a_hold_is_made_and_its_release_is_asked_for(
    services: Services, people: dict[str, Principal]
) -> None:
    auditor = visit(services)
    await auditor.sign_in("auditor")
    status, text = await post(auditor, "/records/hold", reason="A matter of ours")
    assert (status, "at least one condition" in text) == (422, True)
    assert await post(auditor, "/records/hold", actor="member", reason="A matter of ours") == (
        303,
        "/records",
    )
    page = (await auditor.client.get("/records")).text
    link = re.search(r'href="(/records/ask/release\?hold=[0-9a-f-]+)"', page)
    assert link
    assert link[1].split("=")[1] in (await auditor.client.get(link[1])).text
    await auditor.client.aclose()


@pytest.mark.parametrize(
    ("what", "form", "sentence"),
    [
        ("retention", {"name": "invoke", "days": "100"}, "at least 184 days"),
        ("retention", {"name": "odd", "days": "300"}, "Choose one of the options."),
        ("removal", {"name": "invoke", "before": "2027-01-01"}, "younger than 184 days"),
        ("erasure", {"person": "nobody-here"}, "There is nobody by that id or handle."),
    ],
)
async def test_what_cannot_be_asked_is_said_beside_the_form(
    services: Services, people: dict[str, Principal], what: str, form: dict[str, str], sentence: str
) -> None:
    admin = visit(services)
    await admin.sign_in("admin")
    status, text = await post(admin, f"/records/ask/{what}", reason="Because we have to", **form)
    assert (status, sentence in text) == (422, True)
    await admin.client.aclose()


async def test_who_may_not_see_it_is_told_so(services: Services, people: dict[str, Principal]) -> None:
    member = visit(services)
    await member.sign_in("member")
    for path in ("/records", "/records/hold", "/records/ask/erasure"):
        assert (await member.client.get(path)).status_code == 403
    assert (await member.client.get("/records/ask/nothing")).status_code == 404
    assert "/records" not in (await member.client.get("/models")).text
    await member.client.aclose()


async def test_a_retention_that_cannot_be_kept_to_is_told_on_the_health_page(
    services: Services, people: dict[str, Principal]
) -> None:
    trouble = "Details past their retention are not removed: HeadError."
    await write_state(services.log.engine, RETENTION, RETENTION, services.clock(), trouble=trouble)
    visitor = visit(services)
    await visitor.sign_in("admin")
    assert trouble in (await visitor.client.get("/admin")).text
    await write_state(services.log.engine, RETENTION, RETENTION, services.clock())
    assert trouble not in (await visitor.client.get("/admin")).text
    assert [one.kind for one in await read_vouchers(services)] == [], "it vouches for nothing"
