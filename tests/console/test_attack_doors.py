"""Attack cases 37, 50 and 56: one act by every door, a door named like another, hostile text."""

from typing import Any

import pytest

from console.services import Services
from tests.console.conftest import TokenFor
from tests.console.visitor import Visitor, heads, visit

pytestmark = pytest.mark.slow

ACTS = {
    "team.create": ("/people/teams", "/api/v1/teams", {"name": "night"}),
    "directory.sync": ("/admin/directory/sync", "/api/v1/directory/sync", {"dry_run": "true"}),
}
HTMX = {"hx-request": "true"}


async def refused_by(visitor: Visitor, act: str, bearer: str) -> list[tuple[Any, ...]]:
    """Try one act as a form, as a part of a page and as JSON; return what the log gets of each."""
    page, address, said = ACTS[act]
    form = {**said, "_csrf": await visitor.token()}
    before = len(await heads(visitor.services, act))
    answers = [
        await visitor.client.post(page, data=form),
        await visitor.client.post(page, data=form, headers=HTMX),
        await visitor.client.post(address, json=said, headers={"authorization": f"Bearer {bearer}"}),
    ]
    assert [answer.status_code for answer in answers] == [403, 403, 403]
    kept = (await heads(visitor.services, act))[before:]
    return [(head["outcome"], head["reasons"], head["actor"], head["policy"]) for head in kept]


@pytest.mark.parametrize("act", sorted(ACTS))
async def test_case_50_every_door_to_an_act_refuses_and_records_it_alike(
    act: str, services: Services, people: object, token_for: TokenFor
) -> None:
    member = visit(services)
    await member.sign_in("member")
    kept = await refused_by(member, act, token_for("member"))
    assert len(kept) == len(ACTS[act])
    assert [one for one in kept if one != kept[0]] == []
    assert kept[0][0] == "denied"


@pytest.mark.parametrize(
    "path",
    [
        "/models/sign-in",
        "/models/login",
        "/people/teams/sign-in",
        "/api/v1/routes/health",
        "/api/v1/teams/openapi.json",
    ],
)
async def test_case_56_a_path_that_looks_like_an_open_one_is_not_open(path: str, services: Services) -> None:
    answer = await visit(services).client.get(path)
    unknown = "/api/" in path
    assert (answer.status_code, answer.headers.get("location", "")[:8]) == (
        (401, "") if unknown else (303, "/sign-in")
    )


async def test_case_37_no_page_can_be_framed_sniffed_or_scripted_by_a_name_it_shows(
    services: Services, people: object, catalog: Any
) -> None:
    hostile = '"><script>alert(1)</script>'
    member = visit(services)
    await member.sign_in("member")
    page = await member.client.get("/models", params={"q": hostile})
    assert page.status_code == 200
    assert hostile not in page.text
    assert "<script>alert(1)" not in page.text
    policy = page.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert page.headers["x-content-type-options"] == "nosniff"
