"""What a model is, and where a cluster is: what is stricter at once, what is weaker by two people."""

import json
from typing import Any

import pytest
from sqlmodel import col, select

from console.catalog.forms import card_hash
from console.catalog.model_change import takes_two
from console.models import Cluster, Model
from tests.console.catalog.conftest import opened, parts_of
from tests.console.custody.conftest import Office
from tests.console.visitor import heads, visit

pytestmark = pytest.mark.slow  # each builds an installation
CREDIT = "/models/risk.credit-default"
NOW = {"team": "risk", "tier": "medium", "data_class": "internal", "visibility": "listed"}


@pytest.fixture
def office(api: Any, token_for: Any, services: Any, catalog: object) -> Office:
    return Office(api, token_for, services)


async def put(office: Office, who: str, path: str, **body: Any) -> Any:
    return await office.call(who, "PUT", path, json={"reason": "Because of case 4711"} | body)


async def model(office: Office) -> Model:
    async with office.services.database.read() as session:
        return (await session.exec(select(Model).where(col(Model.name) == "credit-default"))).one()


@pytest.mark.parametrize(
    ("then", "two"),
    [
        ({"tier": "low"}, True),
        ({"tier": "high"}, False),
        ({"data_class": "public"}, True),
        ({"data_class": "special"}, False),
        ({"visibility": "shared"}, True),
        ({"visibility": "hidden"}, False),
        ({"team": "health"}, True),
        ({"tier": "high", "visibility": "shared"}, True),
        ({}, False),
    ],
)
def test_what_is_weaker_takes_two(then: dict[str, str], two: bool) -> None:
    assert takes_two(NOW, NOW | then) is two


async def test_stricter_counts_at_once_and_is_recorded(office: Office) -> None:
    answer = await put(office, "owner", CREDIT, visibility="hidden")
    assert (answer.status_code, answer.json()["state"]) == (200, "done")
    assert (await model(office)).visibility.value == "hidden"
    assert [head["outcome"] for head in await heads(office.services, "model.update")] == ["success"]


async def test_an_owner_says_more_on_the_card_at_once(office: Office) -> None:
    card = {"limits": "Not for shops.", "metrics": [{"name": "accuracy", "basis_points": 9100}]}
    answer = await put(office, "owner", CREDIT, card=card)
    assert (answer.status_code, answer.json()["state"]) == (200, "done")
    shown = await office.get("member", "/routes/risk.credit-default")
    assert shown["card"] == card
    [part] = [one for one in await parts_of(office.services, "model.update") if one.name == "model"]
    assert (await opened(office.services, part))["card"] == card_hash((await model(office)).card)
    assert (await put(office, "owner", CREDIT, card=card)).json()["reasons"] == ["nothing_changes"]
    assert (await put(office, "member", CREDIT, card={})).status_code == 403


async def test_a_card_that_changed_meanwhile_is_not_overwritten(office: Office) -> None:
    both = {"card": {"limits": "Few rows."}, "visibility": "shared"}
    change = (await put(office, "owner", CREDIT, **both)).json()["change"]
    told = await office.get("reviewer", f"/changes/{change['id']}")
    assert [one["label"] for one in told["consequences"]] == ["Visibility", "At once", "Model card"]
    assert (await put(office, "owner", CREDIT, card={"limits": "Other rows."})).status_code == 200
    answered = await office.answer("reviewer", change)
    assert (answered.status_code, answered.json()["reasons"]) == (409, ["stale_content"])
    assert (await office.call("owner", "POST", f"/changes/{change['id']}/withdraw")).status_code == 204
    await office.approve((await put(office, "owner", CREDIT, **both)).json()["change"])
    assert json.loads((await model(office)).card) == both["card"]


async def test_a_lower_tier_waits_for_a_reviewer(office: Office) -> None:
    answer = await put(office, "owner", CREDIT, tier="low")
    change = answer.json()["change"]
    assert (answer.status_code, change["required"]) == (202, [{"group": "reviewer", "count": 1}])
    assert (await model(office)).tier.value == "high"
    detail = await office.get("reviewer", f"/changes/{change['id']}")
    assert [one["text"] for one in detail["consequences"]] == ["high, then low."]
    assert (detail["why"], detail["due"] is None) == (["kind:model"], False)
    answered = await office.answer("owner", change)
    assert (answered.status_code, answered.json()["reasons"]) == (403, ["requester_may_not_decide"])
    await office.approve(change)
    assert (await model(office)).tier.value == "low"
    acts = await office.acts(change)
    assert acts == ["change.create", "change.read", "change.review", "model.update", "change.execute"]


async def test_who_would_own_it_does_not_answer(office: Office, admit: Any) -> None:
    await admit("auditor", ("guildhall-reviewers", "retail"))
    change = (await put(office, "owner", CREDIT, team="retail")).json()["change"]
    answered = await office.answer("auditor", change)
    assert (answered.status_code, answered.json()["reasons"]) == (403, ["party_may_not_decide"])
    await office.approve(change)
    assert await office.acts(change) == ["change.create", "change.review", "model.update", "change.execute"]


async def test_what_changed_meanwhile_is_asked_for_anew(office: Office) -> None:
    change = (await put(office, "owner", CREDIT, visibility="shared")).json()["change"]
    assert (await put(office, "owner", CREDIT, visibility="hidden")).status_code == 200
    answered = await office.answer("reviewer", change)
    assert (answered.status_code, answered.json()["reasons"]) == (409, ["stale_content"])


@pytest.mark.parametrize("who", ["member", "reviewer", "admin", "auditor"])
async def test_only_an_owner_says_what_a_model_is(office: Office, who: str) -> None:
    assert (await put(office, who, CREDIT, tier="low")).status_code == 403
    assert (await put(office, "owner", CREDIT, team="nobody")).json()["reasons"] == ["unknown_team"]
    assert (await put(office, "owner", CREDIT, tier="high")).json()["reasons"] == ["nothing_changes"]


async def second_admin(office: Office, admit: Any, services: Any) -> None:
    """Let another admin have signed in by a browser: the first days are over."""
    await admit("deputy-admin", ("guildhall-admins",))


async def test_a_cluster_is_added_and_moved_by_two_once_the_first_days_are_over(
    office: Office, admit: Any, services: Any
) -> None:
    body = {"name": "main", "url": "http://127.0.0.1:9901/"}
    assert (await office.call("admin", "POST", "/clusters", json=body)).status_code == 201
    await second_admin(office, admit, services)
    moved = await put(office, "admin", "/clusters/main", url="http://127.0.0.1:9902/")
    change = moved.json()["change"]
    assert moved.status_code == 202
    await office.approve(change)
    async with services.database.read() as session:
        cluster = (await session.exec(select(Cluster))).one()
    assert cluster.url.startswith("http://127.0.0.1:9902")
    assert await office.acts(change) == ["change.create", "change.review", "cluster.update", "change.execute"]
    added = await office.call("admin", "POST", "/clusters", json=body | {"name": "night"})
    assert (added.status_code, added.json()["state"]) == (202, "pending")


async def test_accounts_are_linked_and_parted_by_two(office: Office, people: Any) -> None:
    pair = {"person": "member", "other": "auditor"}
    change = await office.ask("admin", "/identity-links", **pair)
    assert await office.refused("owner", "/identity-links", **pair) == (403, ["may_not_ask"])
    assert await office.refused("admin", "/identity-links", **pair | {"other": "member"}) == (
        422,
        ["same_account"],
    )
    await office.approve(change)
    [linked] = (await office.get("auditor", "/identity-links"))["items"]
    assert {linked["person"]["handle"], linked["other"]["handle"]} == {"member", "auditor"}
    assert await office.refused("admin", "/identity-links", **pair) == (409, ["linked"])
    parting = await office.ask("admin", f"/identity-links/{linked['id']}/part")
    await office.approve(parting)
    assert (await office.get("auditor", "/identity-links"))["items"] == []
    assert "identity_link.delete" in await office.acts(parting)


async def test_whose_accounts_they_are_does_not_answer(office: Office, people: Any) -> None:
    change = await office.ask("admin", "/identity-links", person="member", other="reviewer")
    answered = await office.answer("reviewer", change)
    assert (answered.status_code, answered.json()["reasons"]) == (403, ["party_may_not_decide"])


async def test_the_owner_is_led_to_a_form_that_does_or_asks(office: Office) -> None:
    visitor = visit(office.services)
    await visitor.sign_in("owner")
    assert f'href="{CREDIT}/change"' in (await visitor.client.get(CREDIT)).text
    shown = (await visitor.client.get(f"{CREDIT}/change")).text
    assert 'value="risk"' in shown
    now = {"tier": "high", "data_class": "personal", "visibility": "listed", "team": "risk"}
    sent = now | {"_csrf": await visitor.token(), "reason": "Because of case 4711"}
    same = await visitor.client.post(f"{CREDIT}/change", data=sent)
    assert (same.status_code, "The model is what you say already." in same.text) == (422, True)
    stricter = await visitor.client.post(f"{CREDIT}/change", data=sent | {"visibility": "hidden"})
    assert stricter.headers["location"] == CREDIT
    assert (await model(office)).visibility.value == "hidden"
    said = sent | {"visibility": "hidden", "limits": "Not for shops.\r\nNor for farms.", "data": ""}
    assert (await visitor.client.post(f"{CREDIT}/change", data=said)).headers["location"] == CREDIT
    assert json.loads((await model(office)).card) == {"limits": "Not for shops.\nNor for farms."}
    weaker = await visitor.client.post(f"{CREDIT}/change", data=sent | {"visibility": "shared"})
    assert weaker.headers["location"].startswith("/records/changes/")
    assert (await model(office)).visibility.value == "hidden"


async def test_nobody_else_is_offered_the_form(office: Office) -> None:
    for who in ("member", "admin"):
        visitor = visit(office.services)
        await visitor.sign_in(who)
        assert "/change" not in (await visitor.client.get(CREDIT)).text
        assert (await visitor.client.get(f"{CREDIT}/change")).status_code == 403
