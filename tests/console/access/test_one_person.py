"""Access for one person of a team: asked for, approved, enforced, explained, reviewed, and its end."""

from typing import Any
from uuid import UUID

import pytest
from sqlmodel import col, select

from console.services import Services
from console.unexplained.comparison import Comparison
from policy.canonical import content_hash
from policy.models import Grant, PrincipalType
from sso.models import Membership, Source, TeamRole
from tests.console.catalog.both import settings  # noqa: F401 - both databases
from tests.console.visitor import visit

pytestmark = pytest.mark.slow  # each builds the whole console
ROUTE = "risk.credit-default"


@pytest.fixture
async def colleague(admit: Any, people: Any) -> Any:
    """Somebody else in team retail."""
    return await admit("auditor", ("guildhall-auditors", "retail"))


async def approved(desk: Any, who: str = "member", **changes: Any) -> dict[str, Any]:
    request = await desk.asked(who, **changes)
    assert (await desk.answer("owner", request)).status_code == 201
    return (await desk.answer("reviewer", request)).json()  # type: ignore[no-any-return]


async def lead_retail(services: Services, person: UUID, teams: dict[str, UUID]) -> None:
    async with services.database.write() as session:
        held = (col(Membership.person_id) == person, col(Membership.team_id) == teams["retail"])
        row = (await session.exec(select(Membership).where(*held))).one()
        row.role = TeamRole.OWNER
        session.add(row)


async def access_of(desk: Any, who: str) -> str:
    [route] = (await desk.get(who, "/routes", q="credit")).json()["items"]
    return str(route["access"])


async def grants_of(services: Services) -> list[Grant]:
    async with services.database.read() as session:
        return list(await session.exec(select(Grant)))


async def test_a_member_asks_for_themselves_and_has_it_alone(
    desk: Any, people: Any, colleague: Any, services: Services
) -> None:
    member = str(people["member"].id)
    request = await desk.asked(person="member")
    shown = (await desk.get("owner", f"/access-requests/{request['id']}")).json()
    assert (shown["content"]["person"], shown["content"]["team"]) == ({"id": member}, "retail")
    assert (shown["person"]["handle"], shown["stale"]) == ("member", False)
    assert content_hash(shown["content"]) == request["content_hash"]
    for who in ("owner", "reviewer"):
        assert (await desk.answer(who, request)).status_code == 201
    [grant] = await grants_of(services)
    assert (grant.principal_type, str(grant.principal_id)) == (PrincipalType.PERSON, member)
    assert [await access_of(desk, who) for who in ("member", "auditor")] == ["granted", "none"]
    [listed] = (await desk.get("owner", "/grants")).json()["items"]
    assert (listed["principal_type"], listed["principal"]) == ("person", "member")
    found = await Comparison(services).findings()
    assert {one.kind for one in found} & {"change", "review", "access_grant"} == set()


async def test_only_an_owner_of_the_team_asks_for_another_and_hears_who_is_there(
    desk: Any, people: Any, teams: Any, colleague: Any, services: Services
) -> None:
    for typed in ("auditor", "nobody-by-this-name"):
        refused = await desk.ask(person=typed)
        assert (refused.status_code, refused.json()["reasons"]) == (403, ["only_owner_asks_for_others"])
    await lead_retail(services, people["member"].id, teams)
    for typed in ("nobody-by-this-name", "reviewer", str(teams["retail"])):
        unknown = await desk.ask(person=typed)
        assert (unknown.status_code, unknown.json()["reasons"]) == (422, ["not_a_member_of_the_team"])
    await approved(desk, person="auditor")
    assert [await access_of(desk, who) for who in ("member", "auditor")] == ["none", "granted"]


async def test_who_would_have_it_does_not_answer(
    desk: Any, people: Any, teams: Any, admit: Any, services: Services
) -> None:
    await admit("reviewer", ("guildhall-reviewers", "retail"))
    await lead_retail(services, people["member"].id, teams)
    request = await desk.asked(person="reviewer")
    refused = await desk.answer("reviewer", request)
    assert (refused.status_code, refused.json()["reasons"]) == (403, ["party_may_not_decide"])


async def test_of_an_own_model_too_whoever_would_call_it_does_not_answer(desk: Any, people: Any) -> None:
    """That the whole team's request is answered by its owner holds for no single person."""
    request = await desk.asked("owner", team="risk", person="owner")
    refused = await desk.answer("owner", request)
    assert (refused.status_code, refused.json()["reasons"]) == (403, ["requester_may_not_decide"])


async def test_for_the_team_for_oneself_and_for_another_are_different_requests(
    desk: Any, people: Any
) -> None:
    await desk.asked()
    await desk.asked(person="member")
    assert (await desk.ask(person=str(people["member"].id))).json()["reasons"] == ["already_pending"]
    both = await desk.ask(person="member", service=str(people["member"].id))
    assert both.status_code == 422


async def test_it_ends_when_the_person_leaves(desk: Any, people: Any, services: Services) -> None:
    await approved(desk, person="member")
    path = f"/people/{people['member'].id}/disable"
    assert (await desk.call("admin", "POST", path)).status_code == 204
    [grant] = await grants_of(services)
    assert (grant.revoked_at is not None, grant.revoke_reason is not None) == (True, True)


async def test_who_left_the_team_before_the_last_answer_gets_nothing(
    desk: Any, people: Any, services: Services
) -> None:
    request = await desk.asked(person="member")
    assert (await desk.answer("owner", request)).status_code == 201
    async with services.database.write() as session:
        held = select(Membership).where(col(Membership.person_id) == people["member"].id)
        for row in await session.exec(held):
            await session.delete(row)
    late = await desk.answer("reviewer", request)
    assert (late.status_code, late.json()["reasons"]) == (409, ["stale_content"])
    assert await grants_of(services) == []


async def test_a_round_of_review_shows_the_person_and_takes_no_word_of_theirs(
    desk: Any, people: Any, teams: Any, services: Services
) -> None:
    await approved(desk, person="member")
    member = {"person_id": people["member"].id, "team_id": teams["risk"], "managed_by": Source.MANUAL}
    async with services.database.write() as session:
        session.add(Membership(**member, role=TeamRole.OWNER))
    opened = await desk.call("admin", "POST", "/campaigns", json={"reason": "Yearly review"})
    path = f"/campaigns/{opened.json()['id']}"
    [item] = (await desk.get("owner", f"{path}/items")).json()["items"]
    assert item["content"]["holder"] == {"type": "person", "id": str(people["member"].id)}
    assert item["content"]["people"] == 1
    answer = {"id": item["id"], "answer": "keep", "content_hash": item["content_hash"]}
    body = {"answers": [answer], "meaning": "I need it", "reason": "It is mine"}
    kept = await desk.call("member", "POST", f"{path}/answers", json=body, step_up=True)
    assert (kept.status_code, kept.json()["reasons"]) == (403, ["holder_may_not_keep"])
    others = await desk.call("owner", "POST", f"{path}/answers", json=body, step_up=True)
    assert others.status_code == 201, others.text


async def test_they_ask_for_it_anew_in_one_act(desk: Any, people: Any, colleague: Any) -> None:
    granted = await approved(desk, person="member")
    path = f"/grants/{granted['grant_id']}/renewals"
    refused = await desk.call("auditor", "POST", path)
    assert (refused.status_code, refused.json()["reasons"]) == (403, ["only_owner_asks_for_others"])
    renewed = await desk.call("member", "POST", path)
    assert renewed.status_code == 201, renewed.text
    shown = (await desk.get("member", f"/access-requests/{renewed.json()['id']}")).json()
    assert shown["content"]["person"] == {"id": str(people["member"].id)}


async def test_the_form_offers_only_me_and_the_pages_name_whom(desk: Any, people: Any) -> None:
    member = visit(desk.services)
    await member.sign_in("member")
    page = (await member.client.get(f"/models/{ROUTE}/request")).text
    assert ('value="me"' in page, 'name="person"' in page) == (True, False)
    typed = {"team": "retail", "service": "me", "purpose": "Score small shops", "duration_days": "30"}
    wrong = await member.client.post(
        f"/models/{ROUTE}/request", data=typed | {"purpose": "x", "_csrf": await member.token()}
    )
    assert (wrong.status_code, 'value="me" selected' in " ".join(wrong.text.split())) == (422, True)
    sent = await member.client.post(f"/models/{ROUTE}/request", data=typed | {"_csrf": await member.token()})
    page = (await member.client.get(sent.headers["location"])).text
    assert "for Demo member, of team retail" in page
    owner = visit(desk.services)
    await owner.sign_in("owner")
    review = (await owner.client.get(sent.headers["location"].replace("requests", "reviews"))).text
    assert "Only this person of it" in review
    assert 'name="person"' in (await owner.client.get(f"/models/{ROUTE}/request")).text
