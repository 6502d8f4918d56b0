"""An approval goes stale when what it rests on has changed, and the notice names the answers to repeat."""

import json
from typing import Any
from uuid import UUID

import pytest

from console.access.basis import changed_since, make_basis, to_repeat
from console.models import DataClass, GrantUse, Model, Tier, Visibility
from policy.grants import MICROSECONDS_A_DAY
from tests.console.campaigns.conftest import Reviews

FIELDS = ("data", "intended_use", "limits")
CARD = {"data": "a table", "intended_use": "support", "limits": "few rows", "authors": "A"}


def model(**changes: Any) -> Model:
    given: dict[str, Any] = {"team_id": UUID(int=1), "card": json.dumps(CARD)} | changes
    return Model(
        namespace="risk",
        name="churn",
        title="Churn",
        summary="x",
        task="x",
        purpose="x",
        visibility=Visibility.LISTED,
        tier=Tier.LOW,
        data_class=DataClass.PUBLIC,
        created=0,
        **given,
    )


def changed(now: Model, *, revision: str = "r", calls: int = 0) -> tuple[str, ...]:
    basis = make_basis(now.id, model(), {"monthly_calls": 100}, "r")
    return changed_since(basis, now, fields=FIELDS, revision=revision, calls=calls, factor=10)


@pytest.mark.parametrize("name", [*FIELDS, "authors"])
def test_the_fields_that_policy_names_count_and_no_other(name: str) -> None:
    found = changed(model(card=json.dumps(CARD | {name: "another"})))
    assert found == ((f"card:{name}",) if name in FIELDS else ())
    removed = {key: value for key, value in CARD.items() if key != name}
    assert changed(model(card=json.dumps(removed))) == found


def test_owner_policy_and_tenfold_calls_count() -> None:
    assert changed(model()) == ()
    assert changed(model(team_id=UUID(int=2))) == ("owner",)
    assert changed(model(), revision="s") == ("policy",)
    assert changed(model(), calls=999) == ()
    assert changed(model(), calls=1000) == ("volume",)


def test_a_new_owner_answers_what_the_old_one_did_and_everybody_the_rest() -> None:
    assert to_repeat(["owner"], ["owner:risk"])
    assert not to_repeat(["owner"], ["reviewer"])
    assert to_repeat(["card:limits"], ["reviewer"])
    assert not to_repeat([], ["owner:risk"])


@pytest.mark.slow
async def test_the_notice_names_the_answers_to_repeat(reviews: Reviews, teams: Any) -> None:
    granted = await reviews.desk.approved()
    await reviews.work()
    assert await reviews.acts("approval.stale") == []
    said = {"card": {"limits": "Not for small shops."}, "reason": "Found in use"}
    changed = await reviews.desk.call("owner", "PUT", "/models/risk.credit-default", json=said)
    assert changed.status_code == 200, changed.text
    await reviews.work()
    [act] = await reviews.acts("approval.stale")
    assert (act["request"], act["grant"]) == (granted["id"], granted["grant_id"])
    read = (await reviews.desk.get("member", f"/access-requests/{granted['id']}")).json()
    assert read["changed"] == ["limits on the card"]
    assert {one["reviewer"]["handle"] for one in read["repeat"]} == {"owner", "reviewer"}
    [grant] = await reviews.grants()
    assert (grant["state"], grant["stale"]) == ("active", ["limits on the card"])
    await reviews.work()
    assert len(await reviews.acts("approval.stale")) == 1


@pytest.mark.slow
async def test_ten_times_the_calls_that_were_asked_for(reviews: Reviews) -> None:
    request = await reviews.desk.asked(monthly_calls=7)
    await reviews.desk.answer("owner", request)
    granted = (await reviews.desk.answer("reviewer", request)).json()
    services = reviews.desk.services
    async with services.database.write() as session:
        now = services.clock()
        use = GrantUse(grant_id=UUID(granted["grant_id"]), day=now // MICROSECONDS_A_DAY, calls=70, last=now)
        session.add(use)
    await reviews.work()
    [grant] = await reviews.grants()
    assert grant["stale"] == ["how much it is called"]
