"""What is kept changes by two people: who asks, who answers, and every refusal by its name."""

import asyncio
from typing import Any

import pytest
from sqlmodel import col, select
from uuid_utils.compat import uuid7

from audit.models import RetentionRow, RowVersion
from tests.console.conftest import MovingClock
from tests.console.custody.conftest import Office
from tests.console.visitor import heads

pytestmark = pytest.mark.slow


async def asked(office: Office, **changes: Any) -> dict[str, Any]:
    return await office.ask("admin", "/retention", **{"name": "invoke", "days": 200} | changes)


async def test_a_retention_takes_two_people_and_each_step_is_an_event(office: Office) -> None:
    change = await asked(office)
    assert (change["state"], change["required"]) == ("pending", [{"group": "reviewer", "count": 1}])
    await office.approve(change)
    kept = {one["name"]: one for one in (await office.get("auditor", "/retention"))["items"]}
    assert (kept["invoke"]["days"], kept["invoke"]["change"]) == (200, change["id"])
    assert (kept["audit"]["days"], kept["audit"]["default_days"]) == (None, 2557)
    assert await office.acts(change) == [
        "change.create", "change.review", "retention.update", "change.execute"
    ]  # fmt: skip


async def test_history_keeps_the_retention_with_its_change(office: Office) -> None:
    change = await asked(office)
    await office.approve(change)
    async with office.services.database.read() as session:
        query = select(RowVersion).where(col(RowVersion.kind) == "retention")
        (version,) = (await session.exec(query)).all()
    assert version.row == f'{{"change_id":"{change["id"]}","days":200,"name":"invoke"}}'


async def test_the_requester_may_not_answer(office: Office) -> None:
    change = await asked(office)
    answered = await office.answer("admin", change)
    assert (answered.status_code, answered.json()["reasons"]) == (403, ["requester_may_not_decide"])


@pytest.mark.parametrize("who", ["owner", "auditor", "member"])
async def test_who_is_not_asked_may_not_answer(office: Office, who: str) -> None:
    answered = await office.answer(who, await asked(office))
    assert answered.status_code in {403, 404}
    async with office.services.database.read() as session:
        assert (await session.exec(select(RetentionRow))).all() == []


async def test_without_step_up_it_is_a_challenge(office: Office) -> None:
    answered = await office.answer("reviewer", await asked(office), step_up=False)
    assert (answered.status_code, answered.json()["reasons"]) == (403, ["step_up_required"])
    assert "insufficient_user_authentication" in answered.headers["www-authenticate"]


async def test_one_sign_in_signs_once(office: Office) -> None:
    token = office.token_for("reviewer", step_up=True)
    first, second = await asked(office), await asked(office, name="auth", days=300)
    assert (await office.answer("reviewer", first, token=token)).status_code == 201
    again = await office.answer("reviewer", second, token=token)
    assert (again.status_code, again.json()["reasons"]) == (403, ["sign_in_used"])


async def test_a_stale_hash_is_a_conflict(office: Office) -> None:
    answered = await office.answer("reviewer", await asked(office), content_hash="0" * 64)
    assert (answered.status_code, answered.json()["reasons"]) == (409, ["stale_content"])


async def test_the_same_person_does_not_answer_twice(office: Office) -> None:
    change = await asked(office)
    await office.approve(change)
    again = await office.answer("reviewer", change)
    assert again.status_code == 409
    assert again.json()["reasons"] in (["already_reviewed"], ["change_closed"])


async def test_a_refusal_ends_it_and_changes_nothing(office: Office) -> None:
    change = await asked(office)
    answered = await office.answer("reviewer", change, decision="refuse", reason="Too short for the auditors")
    assert answered.json()["state"] == "refused"
    assert {one["days"] for one in (await office.get("admin", "/retention"))["items"]} == {None}


@pytest.mark.parametrize(("days", "reason"), [(183, "below_the_floor"), (1, "below_the_floor")])
async def test_below_the_floor_is_refused_at_the_door(office: Office, days: int, reason: str) -> None:
    assert await office.refused("admin", "/retention", name="invoke", days=days) == (409, [reason])


async def test_a_removal_of_what_is_younger_than_the_floor_is_refused(office: Office) -> None:
    assert await office.refused("admin", "/removals", name="invoke", before="2026-12-01") == (
        409,
        ["below_the_floor"],
    )


@pytest.mark.parametrize("who", ["auditor", "reviewer", "owner", "member"])
async def test_only_an_admin_asks_for_a_retention(office: Office, who: str) -> None:
    assert await office.refused(who, "/retention", name="invoke", days=200) == (403, ["may_not_ask"])


async def test_what_is_pending_is_not_asked_for_twice(office: Office) -> None:
    await office.approve(await asked(office))
    await asked(office, days=300)
    assert await office.refused("admin", "/retention", name="invoke", days=400) == (409, ["already_pending"])


async def test_two_changes_of_one_class_do_not_overwrite_each_other_unseen(office: Office) -> None:
    first, second = await asked(office, days=200), await asked(office, days=300)
    await office.approve(first)
    late = await office.answer("reviewer", second)
    assert (late.status_code, late.json()["reasons"]) == (409, ["stale_content"])
    detail = await office.get("reviewer", f"/changes/{second['id']}")
    assert detail["stale"] == "The retention has changed since this was asked; ask anew."


async def test_two_answers_at_one_moment_carry_it_out_once(office: Office) -> None:
    change = await asked(office)
    answers = await asyncio.gather(*(office.answer("reviewer", change) for _ in range(2)))
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    assert (await office.acts(change)).count("retention.update") == 1


async def test_only_who_asked_withdraws(office: Office) -> None:
    change = await asked(office)
    other = await office.call("reviewer", "POST", f"/changes/{change['id']}/withdraw")
    assert (other.status_code, other.json()["reasons"]) == (403, ["only_requester_may_withdraw"])
    assert (await office.call("admin", "POST", f"/changes/{change['id']}/withdraw")).status_code == 204
    late = await office.answer("reviewer", change)
    assert (late.status_code, late.json()["reasons"]) == (409, ["change_closed"])


async def test_it_expires_after_thirty_days(office: Office, clock: MovingClock) -> None:
    change = await asked(office)
    clock.forward(30 * 86_400 + 1)
    (item,) = (await office.get("admin", "/changes"))["items"]
    assert (item["id"], item["state"]) == (change["id"], "expired")


async def test_a_stranger_does_not_learn_that_it_exists(office: Office) -> None:
    change = await asked(office)
    assert (await office.call("member", "GET", f"/changes/{change['id']}")).status_code == 404
    assert (await office.get("member", "/changes"))["items"] == []


async def test_who_answers_sees_what_it_would_do_and_the_reading_is_recorded(office: Office) -> None:
    change = await asked(office)
    detail = await office.get("reviewer", f"/changes/{change['id']}")
    assert detail["asked"]
    assert [one["label"] for one in detail["consequences"]] == ["Until now", "At once", "From then on"]
    assert detail["content"]["days"] == 200
    assert [head["outcome"] for head in await heads(office.services, "change.read")] == ["success"]


async def test_what_is_no_such_change_is_not_found(office: Office) -> None:
    assert (await office.call("admin", "GET", f"/changes/{uuid7()}")).status_code == 404
