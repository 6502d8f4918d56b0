"""Why somebody may call a model, hop by hop, and why not: over the API, by whoever may ask."""

from typing import Any

import pytest

from console.clock import to_text
from console.services import Services
from sso.principal import Principal
from tests.console.conftest import MovingClock
from tests.console.visitor import heads, visit

pytestmark = pytest.mark.slow  # each builds the whole console

ROUTE = "risk.credit-default"
People = dict[str, Principal]


async def look(desk: Any, caller: str, what: str, **asked: str) -> Any:
    return await desk.call(caller, "GET", f"/access/{what}", params=asked)


async def why(desk: Any, caller: str, **asked: str) -> dict[str, Any]:
    answer = await look(desk, caller, "explain", **{"model": ROUTE, **asked})
    assert answer.status_code == 200, answer.text
    return answer.json()  # type: ignore[no-any-return]


async def could(desk: Any, caller: str, **asked: str) -> list[tuple[str, str]]:
    answer = await look(desk, caller, "as-of", **asked)
    assert answer.status_code == 200, answer.text
    return [(item["person"]["handle"], item["route"]) for item in answer.json()["items"]]


async def test_a_no_names_the_line_that_refuses_and_who_could_grant_it(desk: Any, recorded: People) -> None:
    told = await why(desk, "auditor", who="member")
    assert (told["allow"], told["reasons"]) == (False, ["no_grant"])
    assert [(line["file"], '"no_grant"' in line["text"]) for line in told["refused_by"]] == [
        ("guildhall/authz/reasons.rego", True)
    ]
    asked = {entry["group"]: [one["handle"] for one in entry["people"]] for entry in told["could_grant"]}
    assert asked == {"owner:risk": ["owner"], "reviewer": ["reviewer"]}


async def test_a_yes_leads_from_the_person_to_the_line_of_the_policy(desk: Any, recorded: People) -> None:
    grant = (await desk.approved())["grant_id"]
    told = await why(desk, "auditor", who="member")
    (way,) = told["ways"]
    assert (told["allow"], way["ground"]) == (True, f"grant:{grant}")
    kinds = [hop["kind"] for hop in way["hops"]]
    assert kinds == [
        "person", "group", "membership", "team", "grant", "request", "approval", "approval", "policy",
    ]  # fmt: skip
    acts = {hop["kind"]: hop["event"] for hop in way["hops"]}
    assert all(event for kind, event in acts.items() if kind != "policy")
    made = {head["id"]: head["action"] for head in await heads(desk.services)}
    assert made[acts["grant"]] == "grant.create"
    assert made[acts["approval"]] == "access_request.review"
    assert "Approved by reviewer" in [hop["title"] for hop in way["hops"]]


async def test_what_if_there_were_another_group_or_another_date(
    desk: Any, recorded: People, clock: MovingClock
) -> None:
    before = to_text(clock())
    await desk.approved()
    assert not (await why(desk, "auditor", who="owner"))["allow"]
    supposed = await why(desk, "auditor", who="owner", group="retail")
    assert (supposed["allow"], supposed["supposed"]) == (True, "retail")
    assert not (await why(desk, "auditor", who="member", at=before))["allow"]
    later = await why(desk, "auditor", who="member", at=to_text(clock() + 31 * 86_400_000_000))
    assert (later["allow"], later["reasons"]) == (False, ["no_grant"])
    wrong = await look(desk, "auditor", "explain", who="member", model=ROUTE, revision="0" * 64)
    assert wrong.status_code == 404


async def test_who_is_kept_out_may_do_nothing(desk: Any, recorded: People) -> None:
    await desk.approved()
    path = f"/people/{recorded['member'].id}/disable"
    ended = await desk.call("admin", "POST", path)
    assert ended.status_code < 300, ended.text
    told = await why(desk, "auditor", who="member")
    assert (told["allow"], told["reasons"]) == (False, ["person_disabled"])


async def test_everybody_asks_about_themselves_owners_about_their_models(desk: Any, recorded: People) -> None:
    assert (await why(desk, "member", who="me"))["could_grant"][0]["people"] == []
    assert (await why(desk, "owner", who="member"))["reasons"] == ["no_grant"]
    other = await look(desk, "member", "explain", who="owner", model=ROUTE)
    nobody = await look(desk, "member", "explain", who="nobody-here", model=ROUTE)
    assert (other.status_code, other.json()["reasons"]) == (nobody.status_code, nobody.json()["reasons"])
    assert other.status_code == 403
    for model in ("health.tumour-screen", "health.no-such"):  # hidden, and not there: the same
        mine = await look(desk, "member", "explain", who="me", model=model)
        theirs = await look(desk, "member", "explain", who="owner", model=model)
        assert (mine.status_code, theirs.status_code) == (404, 403)


async def test_each_question_is_recorded(desk: Any, recorded: People) -> None:
    await why(desk, "auditor", who="member")
    await could(desk, "auditor")
    acts = await heads(desk.services, "access.explain")
    assert [act["outcome"] for act in acts] == ["success", "success"]


async def test_who_could_then_as_known_then_or_now(desk: Any, recorded: People, clock: MovingClock) -> None:
    await desk.approved()
    then = to_text(clock())
    assert await could(desk, "auditor", model=ROUTE) == [("member", ROUTE)]
    clock.forward(60)
    path = f"/people/{recorded['member'].id}/disable"
    await desk.call("admin", "POST", path)
    assert await could(desk, "auditor", model=ROUTE) == []
    assert await could(desk, "auditor", model=ROUTE, at=then) == [("member", ROUTE)]
    assert await could(desk, "auditor", model=ROUTE, at=then, known="then") == [("member", ROUTE)]
    assert await could(desk, "owner", model=ROUTE, at=then) == [("member", ROUTE)]
    assert await could(desk, "reviewer", who="me", at=then) == []


async def test_a_list_goes_on_where_it_stopped(desk: Any, recorded: People) -> None:
    seen: list[tuple[str, str]] = []
    after = ""
    while len(seen) < 100:
        answer = (await look(desk, "auditor", "as-of", verb="read", limit="2", after=after)).json()
        seen += [(item["route"], item["person"]["id"]) for item in answer["items"]]
        if (after := answer["next"]) is None:
            break
    assert len(seen) > 5
    assert seen == sorted(set(seen))


@pytest.mark.parametrize(
    ("field", "asked"),
    [
        ("at", {"at": "4th of May"}),
        ("verb", {"verb": "dance"}),
        ("who", {"who": ""}),
        ("group", {"group": "x"}),
    ],
)
async def test_a_mistake_is_told_beside_its_field(
    desk: Any, recorded: People, field: str, asked: dict[str, str]
) -> None:
    answer = await look(desk, "auditor", "explain", **{"who": "member", "model": ROUTE, **asked})
    assert answer.status_code == 422
    assert field in answer.json()["fields"]


async def test_the_pages_show_the_same(services: Services, desk: Any, recorded: People) -> None:
    await desk.approved()
    auditor = visit(services)
    await auditor.sign_in("auditor")
    page = await auditor.client.get("/access/explain", params={"who": "member", "model": ROUTE})
    assert "Yes: member may" in page.text
    assert "guildhall/authz/grounds.rego" in page.text
    listed = await auditor.client.get("/access/as-of", params={"model": ROUTE})
    assert "member" in listed.text
    assert (await auditor.client.get("/access/explain")).status_code == 200
    wrong = await auditor.client.get("/access/as-of", params={"at": "never"})
    assert wrong.status_code == 422
    assert "Write a day such as" in wrong.text
