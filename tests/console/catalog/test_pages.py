"""The marketplace and a model's page: the address is the state, and what is hidden is not there."""

import json

import pytest

from console.catalog.forms import VersionRead
from console.catalog.marketplace import read_filter
from console.catalog.model_page import read_metrics
from console.catalog.snippets import write_snippets
from console.models import DataClass, Tier
from console.services import Services
from console.settings import load_settings
from tests.console.catalog.shelf import Shelf
from tests.console.visitor import Visitor, visit

pytestmark = pytest.mark.slow  # each builds the whole console


@pytest.fixture
async def member(services: Services, teams: object) -> Visitor:
    visitor = visit(services)
    await visitor.sign_in("member")
    return visitor


def test_an_address_keeps_what_it_knows_and_ignores_the_rest() -> None:
    wanted = read_filter([("q", " credit "), ("tier", "high"), ("tier", ""), ("nonsense", "x")])
    assert (wanted.text, wanted.chosen) == ("credit", (("tier", "high"),))


async def test_facets_count_and_lead_to_what_they_say(member: Visitor, shelf: Shelf) -> None:
    await shelf.put("risk.one", "risk.two", tier=Tier.HIGH, data_class=DataClass.PERSONAL)
    await shelf.put("vision.three")
    page = (await member.client.get("/models?tier=high")).text
    assert "2 models" in page
    assert "/models/risk.one" in page
    assert "/models/vision.three" not in page
    assert 'href="/models?tier=high&amp;team=risk"' in page
    assert 'href="/models"' in page


async def test_more_than_a_page_is_loaded_as_rows_alone(member: Visitor, shelf: Shelf) -> None:
    await shelf.put(*(f"risk.model-{number:03}" for number in range(60)))
    page = (await member.client.get("/models")).text
    assert "60 models" in page
    more = page.split('hx-get="')[1].split('"')[0].replace("&amp;", "&")
    rest = await member.client.get(more, headers={"HX-Request": "true"})
    assert rest.text.strip().startswith("<li")
    assert rest.text.count('class="result"') == 10
    assert "<html" not in rest.text


async def test_a_marker_of_nobodys_making_is_refused(member: Visitor) -> None:
    assert (await member.client.get("/models?after=AAAA")).status_code == 422


async def test_a_model_says_who_would_decide_and_offers_to_ask(member: Visitor, shelf: Shelf) -> None:
    await shelf.put("risk.one")
    page = (await member.client.get("/models/risk.one")).text
    assert "an owner of team risk and a reviewer must approve" in page
    assert 'href="/models/risk.one/request"' in page
    assert "Stop route" not in page


async def test_only_who_may_stop_is_offered_it(services: Services, teams: object, shelf: Shelf) -> None:
    await shelf.put("risk.one")
    for person, offered in (("owner", True), ("admin", True), ("reviewer", True), ("auditor", False)):
        visitor = visit(services)
        await visitor.sign_in(person)
        page = (await visitor.client.get("/models/risk.one")).text
        assert ("Stop route" in page) is offered, person


def version(label: str, **card: object) -> VersionRead:
    tensor = {"name": "rows", "datatype": "FP64", "shape": [-1, 3]}
    answer = {"name": "predict", "datatype": "INT64", "shape": [-1, 1]}
    return VersionRead(
        label=label,
        weight=0,
        state="ready",
        evidence_kind="declared",
        evidence="",
        inputs=[tensor],
        outputs=[answer],
        card=card,
    )


def test_metrics_stand_side_by_side_and_say_what_was_not_measured() -> None:
    first = version("2", metrics=[{"name": "accuracy", "basis_points": 9712}])
    rows = read_metrics([first, version("1", metrics="broken")])
    assert [(row.name, list(row.values)) for row in rows] == [("Accuracy", ["97.12 %", None])]


def test_the_snippet_is_what_the_protocol_takes() -> None:
    curl, python = write_snippets(load_settings(), "risk.one", "member", [version("1")])
    body = json.loads(curl.text.split("-d '")[1].removesuffix("'"))
    assert body == {"inputs": [{"name": "rows", "datatype": "FP64", "shape": [1, 3], "data": [0, 0, 0]}]}
    compile(python.text, "snippet", "exec")
    assert write_snippets(load_settings(), "risk.one", "member", []) == []
