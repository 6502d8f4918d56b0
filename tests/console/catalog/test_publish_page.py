"""The page on which an owner asks that a model is published: what it offers, whom, and where it leads."""

import json
import re
from typing import Any
from uuid import UUID, uuid4

import pytest

from console.catalog.discovery import sync_cluster
from console.catalog.drafts import Draft, list_drafts
from console.catalog.forms import ModelPublish
from console.catalog.publishing import publish_model
from console.catalog.version_form import VersionForm
from console.errors import InvalidInputError
from console.services import Services
from console.work import UnitOfWork
from policy.models import Change
from sso.models import Membership, Source, TeamRole
from sso.principal import Principal
from tests.console.catalog.both import settings  # noqa: F401 - both databases
from tests.console.catalog.conftest import bound, publication, rows_of
from tests.console.catalog.v2_cluster import V2Cluster
from tests.console.visitor import Visitor, visit

pytestmark = pytest.mark.slow  # each builds an installation
PAGE = "/models/publish"
SAID = {
    "team": "risk",
    "name": "fraud",
    "title": "Fraud in payments",
    "summary": "Says which payments are looked at again.",
    "task": "classification",
    "purpose": "payment-review",
    "visibility": "listed",
    "tier": "medium",
    "data_class": "personal",
    "intended_use": "Orders payments for review.\r\n\r\n- It **refuses** none.",
    "limits": "",
    "data": "One year of payments.",
    "label": "",
    "evidence_kind": "served",
    "reason": "The payments team waits for it",
}


@pytest.fixture
async def listed(system: UnitOfWork, registered: V2Cluster, people: object) -> V2Cluster:
    """Version 1 of churn is published; version 2 of it and fraud are drafts."""
    registered.serve(("churn", "1"), ("churn", "2"), ("fraud", "1"))
    await sync_cluster(system, "main")
    await publish_model(system, ModelPublish(**publication(versions=[bound("1", weight=100)])))
    return registered


async def arrive(services: Services, who: str) -> Visitor:
    visitor = visit(services)
    await visitor.sign_in(who)
    return visitor


async def fraud_of(services: Services) -> str:
    async with services.database.read() as session:
        [found] = [one for one in await list_drafts(session) if one.upstream_name == "fraud"]
    return str(found.id)


async def sent(visitor: Visitor, **typed: str) -> Any:
    return await visitor.client.post(PAGE, data={"_csrf": await visitor.token(), **SAID, **typed})


def faulty(page: str) -> set[str]:
    return set(re.findall(r'href="#field-(\w+)"', page))


@pytest.mark.usefixtures("listed")
async def test_an_owner_asks_and_is_led_to_the_change(services: Services) -> None:
    owner = await arrive(services, "owner")
    assert f'href="{PAGE}"' in (await owner.client.get("/models")).text
    page = (await owner.client.get(PAGE)).text
    assert re.findall(r">([^<]+) on main</option>", page) == ["fraud 1", "churn 2"]
    assert '<option value="retention">' in page
    asked = await sent(owner, deployment=await fraud_of(services))
    [change] = await rows_of(services, Change)
    assert asked.headers["location"] == f"/records/changes/{change.id}"
    shown = (await owner.client.get(asked.headers["location"])).text
    assert [text for text in ("Publish risk.fraud", SAID["reason"]) if text not in shown] == []
    content = json.loads(change.content)
    card = {"intended_use": "Orders payments for review.\n\n- It **refuses** none.", "data": SAID["data"]}
    assert json.loads(content["card"]) == card
    [version] = content["versions"]
    assert (version["label"], version["weight"], version["evidence_kind"]) == ("1", 100, "served")


@pytest.mark.usefixtures("listed")
async def test_mistakes_are_shown_beside_their_fields_and_nothing_typed_is_lost(services: Services) -> None:
    owner = await arrive(services, "owner")
    wrong = await sent(owner, deployment="", name="Fraud!", card="{", tier="", evidence="zz", reason="x")
    assert wrong.status_code == 422
    assert faulty(wrong.text) == {"deployment", "name", "card", "tier", "evidence", "reason"}
    typed = ("Fraud!", "Fraud in payments", "It **refuses** none.", "One year of payments.", "payment-review")
    assert [text for text in typed if text not in wrong.text] == []
    assert re.search(r'value="personal"\s+selected', wrong.text)
    assert await rows_of(services, Change) == []


@pytest.mark.usefixtures("listed")
@pytest.mark.parametrize(
    ("typed", "field", "sentence"),
    [
        ({"team": "retail"}, "team", "Choose a team that you own."),
        ({"name": "churn"}, "name", "names are never reused"),
        ({"tier": "high"}, "evidence_kind", "needs an artifact"),
        ({"evidence_kind": "artifact", "artifact": "fraud/1"}, "artifact", "No folder of artifacts"),
        ({"evidence_kind": "declared"}, "evidence", "Say the SHA-256"),
        ({"evidence": "0" * 64}, "evidence", "reports something else"),
        ({"deployment": "01890000-0000-4000-8000-000000000000"}, "deployment", "serves no such draft"),
        ({"limits": "é" * 15_000}, "limits", "at most 64 KiB"),
    ],
)
async def test_what_the_action_refuses_is_told_of_the_field_it_is_about(
    services: Services, typed: dict[str, str], field: str, sentence: str
) -> None:
    owner = await arrive(services, "owner")
    wrong = await sent(owner, **{"deployment": await fraud_of(services), **typed})
    assert (wrong.status_code, faulty(wrong.text)) == (422, {field})
    assert sentence in wrong.text
    assert await rows_of(services, Change) == []


@pytest.mark.usefixtures("listed")
async def test_who_comes_from_a_draft_finds_it_chosen(services: Services) -> None:
    owner = await arrive(services, "owner")
    page = (await owner.client.get(f"{PAGE}?cluster=main&served=churn&version=2")).text
    assert re.findall(r"selected>([^<]+) on main</option>", page) == ["churn 2"]
    none = (await owner.client.get(f"{PAGE}?cluster=main&served=churn&version=1")).text
    assert re.findall(r"selected>([^<]+) on main</option>", none) == []


@pytest.mark.usefixtures("listed")
async def test_a_draft_on_its_clusters_page_leads_there_whoever_owns_a_team(
    services: Services, people: dict[str, Principal], teams: dict[str, UUID]
) -> None:
    admin = await arrive(services, "admin")
    assert PAGE not in (await admin.client.get("/admin/clusters")).text
    async with services.database.write() as session:
        joined = Membership(
            person_id=people["admin"].id,
            team_id=teams["risk"],
            role=TeamRole.OWNER,
            managed_by=Source.MANUAL,
        )
        session.add(joined)
    page = (await admin.client.get("/admin/clusters")).text
    ways = re.findall(rf'href="({PAGE}[^"]+)"', page)
    assert len(ways) == 2
    found = [(await admin.client.get(way.replace("&amp;", "&"))).text for way in ways]
    chosen = [re.findall(r"selected>([^<]+) on main</option>", text) for text in found]
    assert sorted(chosen) == [["churn 2"], ["fraud 1"]]


@pytest.mark.usefixtures("listed")
async def test_what_was_asked_for_already_is_said(services: Services) -> None:
    owner = await arrive(services, "owner")
    draft = await fraud_of(services)
    assert (await sent(owner, deployment=draft)).status_code == 303
    again = await sent(owner, deployment=draft)
    assert (again.status_code, "has been asked for already" in again.text) == (422, True)
    assert len(await rows_of(services, Change)) == 1


@pytest.mark.usefixtures("listed")
@pytest.mark.parametrize("who", ["member", "reviewer", "admin"])
async def test_nobody_else_is_offered_it(services: Services, who: str) -> None:
    visitor = await arrive(services, who)
    assert PAGE not in (await visitor.client.get("/models")).text
    assert (await visitor.client.get(PAGE)).status_code == 403
    assert (await sent(visitor, deployment=await fraud_of(services))).status_code == 403
    assert await rows_of(services, Change) == []


def test_a_version_whose_own_name_is_no_label_needs_one() -> None:
    chosen = VersionForm(deployment=uuid4(), reason="It is needed")
    with pytest.raises(InvalidInputError) as refused:
        chosen.served_as(Draft(chosen.deployment, "main", "fraud", "2:b"))
    assert refused.value.fields.keys() == {"label"}
    named = chosen.model_copy(update={"label": "2b"}).served_as(
        Draft(chosen.deployment, "main", "fraud", "2:b")
    )
    assert (named["label"], named["upstream_version"]) == ("2b", "2:b")


@pytest.mark.usefixtures("people")
async def test_where_nothing_is_left_to_publish_the_page_says_so(services: Services) -> None:
    owner = await arrive(services, "owner")
    assert "Nothing waits to be published" in (await owner.client.get(PAGE)).text
