"""What the company has agreed to goes without an answer, and is recorded as such; high risk never does."""

from typing import Any

import pytest
from sqlmodel import col, select

from console.access import requesting
from console.models import DataClass, Model, Tier
from policy.approvals import may_be_automatic
from policy.decision import GroupCount
from policy.plan import Plan
from tests.console.access.conftest import Desk


async def by_itself(work: Any, _change: Any) -> Plan:
    required = (GroupCount("owner:risk", 1), GroupCount("reviewer", 1))
    return Plan(required, required, ("tier:low",), work.services.policy_revision, automatic=True)


@pytest.fixture
def agreed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A policy that would let everything go by itself."""
    monkeypatch.setattr(requesting, "plan_for", by_itself)


async def be(services: Any, tier: Tier, data_class: DataClass) -> None:
    async with services.database.write() as session:
        model = (await session.exec(select(Model).where(col(Model.name) == "credit-default"))).one()
        model.tier, model.data_class = tier, data_class
        session.add(model)


@pytest.mark.usefixtures("agreed")
async def test_agreed_low_risk_is_granted_at_once_and_recorded_as_such(desk: Desk, services: Any) -> None:
    await be(services, Tier.LOW, DataClass.INTERNAL)
    request = await desk.asked()
    assert (request["state"], request["grant_id"] is None) == ("approved", False)
    acts = [head["action"] for head in await desk.heads(request["id"])]
    assert acts == ["access_request.create", "access_request.automatic", "grant.create"]
    read = (await desk.get("member", f"/access-requests/{request['id']}")).json()
    assert (read["automatic"], read["reviews"], read["missing"]) == (True, [], [])
    grants = (await desk.get("owner", "/grants")).json()["items"]
    assert [grant["id"] for grant in grants] == [request["grant_id"]]


@pytest.mark.usefixtures("agreed")
@pytest.mark.parametrize(
    ("tier", "data_class"), [(Tier.HIGH, DataClass.PUBLIC), (Tier.LOW, DataClass.PERSONAL)]
)
async def test_high_risk_waits_whatever_a_policy_says(
    desk: Desk, services: Any, tier: Tier, data_class: DataClass
) -> None:
    await be(services, tier, data_class)
    request = await desk.asked()
    assert (request["state"], request["grant_id"]) == ("pending", None)


async def test_a_model_that_became_high_meanwhile_is_not_granted(
    desk: Desk, services: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await be(services, Tier.LOW, DataClass.INTERNAL)

    async def while_it_is_raised(work: Any, change: Any) -> Plan:
        await be(services, Tier.HIGH, DataClass.INTERNAL)
        return await by_itself(work, change)

    monkeypatch.setattr(requesting, "plan_for", while_it_is_raised)
    refused = await desk.ask()
    assert (refused.status_code, refused.json()["reasons"]) == (409, ["stale_content"])
    assert (await desk.get("owner", "/grants")).json()["items"] == []


@pytest.mark.parametrize(
    ("tier", "data_class", "may"),
    [
        ("low", "public", True),
        ("medium", "confidential", True),
        ("high", "public", False),
        ("low", "personal", False),
        ("low", "special", False),
    ],
)
def test_the_floor(tier: str, data_class: str, may: bool) -> None:
    assert may_be_automatic(tier, data_class) is may
