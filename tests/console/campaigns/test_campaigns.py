"""Rounds of access review: what stays was answered for, and silence ends."""

import json
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import select
from uuid_utils.compat import uuid7

from audit.models import entry
from console.campaigns import putting
from console.campaigns.rules import parse_rules, says_how
from console.campaigns.states import campaign_state
from console.campaigns.uses import Use, count_uses, uses_of
from console.models import CampaignItem, ItemState
from console.questions import Origin
from console.services import Services
from console.unexplained.comparison import Comparison
from console.unexplained.findings import keep_findings
from console.web.badges import Tone, badge_of
from console.work import UnitOfWork
from policy.bundles import read_bundle
from policy.canonical import content_hash
from policy.models import Grant
from sso.models import IdentityLink, Membership, Source, TeamRole
from sso.principal import system_principal
from tests.console.campaigns.conftest import DAY, Reviews
from tests.console.conftest import MovingClock

pytestmark = pytest.mark.slow  # each builds the whole console


@pytest.fixture
async def granted(reviews: Reviews) -> dict[str, Any]:
    """Team retail may call risk.credit-default: asked by member, approved by owner and reviewer."""
    return await reviews.desk.approved()


@pytest.fixture
async def campaign(reviews: Reviews, granted: dict[str, Any]) -> dict[str, Any]:
    return await reviews.open(team="risk")


async def test_a_round_shows_what_a_reviewer_needs(
    reviews: Reviews, granted: dict[str, Any], campaign: dict[str, Any]
) -> None:
    assert (campaign["state"], campaign["items"], campaign["open"]) == ("running", 1, 1)
    [item] = await reviews.items(campaign)
    content = item["content"]
    assert item["content_hash"] == content_hash(content)
    assert (content["grant"], content["route"]) == (granted["grant_id"], "risk.credit-default")
    assert (content["tier"], content["data_class"], content["last_used"]) == ("high", "personal", None)
    assert (content["people"], content["peers"], content["calls_30_days"]) == (1, 0, 0)
    assert (item["holder"], item["asked"], item["own"]) == ("retail", True, False)
    assert item["purpose"] == "Score applications of small shops"


async def test_silence_removes_at_the_due_date(
    reviews: Reviews, granted: dict[str, Any], campaign: dict[str, Any]
) -> None:
    await reviews.work()
    assert [one["state"] for one in await reviews.grants()] == ["active"]
    reviews.clock.forward(14 * DAY)
    assert (await reviews.read(campaign))["state"] == "overdue"
    assert (await reviews.work())[1] == 1
    [grant] = await reviews.grants()
    assert grant["state"] == "revoked"
    assert grant["revoke_reason"] == "Nobody answered for it in an access review"
    assert (await reviews.desk.get("member", "/routes", q="credit")).json()["items"][0]["access"] == "none"
    read = await reviews.read(campaign)
    assert (read["state"], read["lapsed"], read["open"]) == ("lapsed", 1, 0)
    [lapse], [revoke], [_] = [
        await reviews.acts(name) for name in ("campaign.lapse", "grant.revoke", "campaign.close")
    ]
    assert lapse["grant"] == revoke["grant"] == granted["grant_id"]
    assert (await reviews.work())[1] == 0


async def test_a_signed_answer_keeps(reviews: Reviews, campaign: dict[str, Any]) -> None:
    [item] = await reviews.items(campaign)
    answered = await reviews.answer("owner", campaign, item)
    assert (answered.status_code, answered.json()["items"][0]["state"]) == (201, "kept")
    [act] = await reviews.acts("campaign.review")
    assert (act["resource"]["id"], act["outcome"]) == (item["id"], "success")
    assert act["decision"]
    assert (await reviews.work())[1] == 1
    assert (await reviews.read(campaign))["state"] == "complete"
    reviews.clock.forward(15 * DAY)
    await reviews.work()
    assert [one["state"] for one in await reviews.grants()] == ["active"]
    found = await Comparison(reviews.desk.services).findings()
    assert {one.kind for one in found} & {"campaign", "campaign_item", "access_grant"} == set()


async def test_a_removal_ends_the_grant_at_once_and_names_the_round(
    reviews: Reviews, granted: dict[str, Any], campaign: dict[str, Any]
) -> None:
    [item] = await reviews.items(campaign)
    assert (await reviews.answer("reviewer", campaign, item, answer="remove")).status_code == 201
    [grant] = await reviews.grants()
    assert (grant["state"], grant["revoke_reason"]) == ("revoked", "No longer needed")
    [revoke] = await reviews.acts("grant.revoke")
    assert revoke["grant"] == granted["grant_id"]
    again = await reviews.answer("owner", campaign, item)
    assert (again.status_code, again.json()["reasons"]) == (409, ["already_reviewed"])


async def test_case_62_an_answer_counts_for_the_content_that_was_seen(
    reviews: Reviews, campaign: dict[str, Any]
) -> None:
    [item] = await reviews.items(campaign)
    stale = await reviews.answer("owner", campaign, {**item, "content_hash": "0" * 64})
    assert (stale.status_code, stale.json()["reasons"]) == (409, ["stale_content"])
    assert await reviews.acts("campaign.review") == []


async def test_case_66_an_answer_takes_a_fresh_sign_in_that_signs_once(
    reviews: Reviews, campaign: dict[str, Any], clock: MovingClock
) -> None:
    [item] = await reviews.items(campaign)
    weak = await reviews.answer("owner", campaign, item, step_up=False)
    assert (weak.status_code, weak.json()["reasons"]) == (403, ["step_up_required"])
    assert 'error="insufficient_user_authentication"' in weak.headers["www-authenticate"]
    token = reviews.desk.token_for("owner", step_up=True)
    other = await reviews.desk.asked()
    used = await reviews.desk.answer("owner", other, token=token)
    assert used.status_code == 201
    spent = await reviews.answer("owner", campaign, item, token=token)
    assert (spent.status_code, spent.json()["reasons"]) == (403, ["sign_in_used"])
    token = reviews.desk.token_for("owner", step_up=True)
    clock.forward(301)
    late = await reviews.answer("owner", campaign, item, token=token)
    assert late.status_code in {401, 403}
    assert [one["state"] for one in await reviews.items(campaign)] == ["open"]


async def test_case_61_whoever_holds_access_does_not_answer_that_it_stays(
    reviews: Reviews, campaign: dict[str, Any], people: Any, teams: Any
) -> None:
    async with reviews.desk.services.database.write() as session:
        row = Membership(
            person_id=people["owner"].id,
            team_id=teams["retail"],
            role=TeamRole.MEMBER,
            managed_by=Source.MANUAL,
        )
        session.add(row)
    [item] = await reviews.items(campaign)
    assert item["own"]
    kept = await reviews.answer("owner", campaign, item)
    assert (kept.status_code, kept.json()["reasons"]) == (403, ["holder_may_not_keep"])
    assert (await reviews.answer("owner", campaign, item, answer="remove")).status_code == 201


async def test_case_61_a_second_account_of_a_holder_does_not_answer_that_it_stays(
    reviews: Reviews, campaign: dict[str, Any], people: Any
) -> None:
    async with reviews.desk.services.database.write() as session:
        link = IdentityLink(
            person_id=people["member"].id, other_id=people["owner"].id, change_id=uuid7(), created=1
        )
        session.add(link)
    [item] = await reviews.items(campaign)
    assert item["own"]
    kept = await reviews.answer("owner", campaign, item)
    assert (kept.status_code, kept.json()["reasons"]) == (403, ["holder_may_not_keep"])


@pytest.mark.parametrize("who", ["member", "admin", "auditor"])
async def test_case_51_nobody_else_answers_or_reads(
    who: str, reviews: Reviews, campaign: dict[str, Any]
) -> None:
    [item] = await reviews.items(campaign)
    refused = await reviews.answer(who, campaign, item)
    assert refused.status_code == (404 if who == "member" else 403)
    read = await reviews.desk.get(who, f"/campaigns/{campaign['id']}")
    assert read.status_code == (404 if who == "member" else 200)
    opened = await reviews.desk.call("owner", "POST", "/campaigns", json={"reason": "Because"})
    assert opened.status_code == 403


async def test_an_answer_put_into_the_table_keeps_nothing(
    reviews: Reviews, campaign: dict[str, Any], services: Services
) -> None:
    system = UnitOfWork(services, system_principal("worker"), Origin("worker"))
    [item] = await reviews.items(campaign)
    async with services.database.write() as session:
        await session.exec(sa.update(CampaignItem).values(state=ItemState.KEPT))
    found = {(one.kind, str(one.row_id)): one for one in await Comparison(services).findings()}
    assert ("campaign_item", item["id"]) in found
    # Its finding alone is kept: the other rows of this test were put there by hand too.
    await keep_findings(system, [found["campaign_item", item["id"]]])
    reviews.clock.forward(14 * DAY)
    await reviews.work()
    assert [one["state"] for one in await reviews.grants()] == ["revoked"]


async def test_an_item_called_lapsed_by_hand_does_not_keep_its_grant(
    reviews: Reviews, campaign: dict[str, Any], services: Services
) -> None:
    async with services.database.write() as session:
        await session.exec(sa.update(CampaignItem).values(state=ItemState.LAPSED))
    reviews.clock.forward(14 * DAY)
    await reviews.work()
    assert [one["state"] for one in await reviews.grants()] == ["revoked"]


async def test_the_schedule_opens_a_round_when_policy_says(reviews: Reviews, services: Services) -> None:
    request = await reviews.desk.asked(duration_days=365)
    await reviews.desk.answer("owner", request)
    await reviews.desk.answer("reviewer", request)
    reviews.clock.forward(89 * DAY)
    assert await reviews.work() == (0, 0)
    reviews.clock.forward(2 * DAY)  # tier high: 90 days
    assert await reviews.work() == (1, 0)
    [found] = (await reviews.desk.get("owner", "/campaigns")).json()["items"]
    assert (found["team"], found["tier"], found["state"]) == ("risk", "high", "running")
    assert await reviews.work() == (0, 0)


async def test_a_scheduled_round_over_more_than_one_transaction_takes_covers_all_of_it(
    reviews: Reviews, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(putting, "MOST_ITEMS", 1)
    await reviews.desk.approved()
    async with services.database.write() as session:
        first = (await session.exec(select(Grant))).one()
        ends = first.ends + 365 * DAY * 1_000_000
        first.ends = ends
        session.add_all(Grant(**{**first.model_dump(), "id": uuid7(), "ends": ends}) for _ in range(2))
    reviews.clock.forward(91 * DAY)
    assert await reviews.work() == (1, 0)
    [found] = (await reviews.desk.get("owner", "/campaigns")).json()["items"]
    items = await reviews.items(found)
    assert (found["items"], len({item["grant"] for item in items})) == (3, 3)
    assert [item["content"]["peers"] for item in items] == [2, 2, 2]
    created = await reviews.acts("campaign.create")
    assert {act["resource"]["id"] for act in created} == {found["id"]}
    assert await reviews.work() == (0, 0)


async def test_two_rounds_over_the_same_do_not_run_at_once(
    reviews: Reviews, campaign: dict[str, Any]
) -> None:
    again = await reviews.desk.call("admin", "POST", "/campaigns", json={"team": "risk", "reason": "Again"})
    assert (again.status_code, again.json()["reasons"]) == (409, ["already_open"])
    empty = await reviews.desk.call("admin", "POST", "/campaigns", json={"team": "vision", "reason": "Why"})
    assert (empty.status_code, empty.json()["reasons"]) == (409, ["nothing_to_review"])


@pytest.mark.parametrize(
    ("closed", "still_open", "lapsed", "now", "expected"),
    [
        (None, 1, 0, 5, "running"),
        (None, 1, 0, 10, "overdue"),
        (None, 0, 0, 11, "overdue"),
        (9, 0, 0, 11, "complete"),
        (11, 0, 1, 12, "lapsed"),
        (11, 1, 0, 12, "lapsed"),
    ],
)
def test_overdue_is_never_shown_green(
    closed: int | None, still_open: int, lapsed: int, now: int, expected: str
) -> None:
    state = campaign_state(due=10, closed=closed, still_open=still_open, lapsed=lapsed, now=now)
    assert state == expected
    assert (badge_of(state).tone is Tone.GOOD) == (state == "complete")


def test_the_shipped_policy_says_how_access_is_reviewed() -> None:
    rules = parse_rules(read_bundle().files["data.json"])
    assert (rules.days, rules.by_tier, rules.calls_factor) == (180, {"high": 90}, 10)


@pytest.mark.parametrize(
    "changed",
    [
        {"days": 0},
        {"days": True},
        {"answer_days": "14"},
        {"remind_days": 10**30},
        {"calls_factor": 1.5},
        {"by_tier": {"highest": 90}},
        {"by_tier": [90]},
        {"card_fields": "data"},
        {"card_fields": ["data", 1]},
    ],
)
def test_rules_that_cannot_be_read_are_none(changed: dict[str, Any]) -> None:
    data = json.loads(read_bundle().files["data.json"])
    assert says_how({"data.json": json.dumps(data)})
    data["guildhall"]["access_review"] |= changed
    assert not says_how({"data.json": json.dumps(data)})


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"guildhall": {"access_review": []}}'])
def test_without_rules_nothing_is_said(text: str) -> None:
    assert not says_how({"data.json": text})
    assert not says_how({})


async def test_uses_are_counted_from_the_log_once(services: Services, people: Any) -> None:
    grant, now = uuid7(), services.clock()
    log = [(grant, "success"), (grant, "failure"), (grant, "denied"), (None, "success")]
    rows = [
        {
            "index": place,
            "id": uuid7(),
            "time": now - place,
            "action": "model.invoke",
            "outcome": outcome,
            "grant_id": held,
            "producer": "p",
            "number": place,
            "retention": "invoke",
            "head": b"",
            "leaf": b"",
        }
        for place, (held, outcome) in enumerate(log)
    ]
    async with services.log.engine.begin() as connection:
        await connection.execute(sa.insert(entry), rows)
    assert await count_uses(services) == 2
    assert await count_uses(services) == 0
    async with services.database.read() as session:
        assert await uses_of(session, [grant], now) == {grant: Use(now, 2)}
        assert await uses_of(session, [grant], now + 31 * DAY * 1_000_000) == {grant: Use(now, 0)}
