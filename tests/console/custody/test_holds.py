"""A hold counts at once, made by one person; its end takes two, and it wins over an erasure."""

from typing import Any

import pytest
from uuid_utils.compat import uuid7

from tests.console.conftest import Admit, WorkAs
from tests.console.custody.conftest import Office

pytestmark = pytest.mark.slow


async def held(office: Office, who: str = "auditor", **conditions: Any) -> dict[str, Any]:
    return await office.ask(who, "/holds", **conditions or {"actor": "member"})


@pytest.mark.parametrize("who", ["auditor", "admin"])
async def test_one_person_makes_a_hold(office: Office, who: str) -> None:
    hold = await held(office, who, first_index=3, last_index=9)
    assert hold["covers"] == "entries from 3, entries up to 9"
    (listed,) = (await office.get("reviewer", "/holds"))["items"]
    assert (listed["id"], listed["released"]) == (hold["id"], None)


@pytest.mark.parametrize("who", ["reviewer", "owner", "member"])
async def test_nobody_else_does(office: Office, who: str) -> None:
    status, reasons = await office.refused(who, "/holds", first_index=3)
    assert (status, reasons) == (403, ["role_missing:admin", "role_missing:auditor"])


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, ""),
        ({"first_index": 9, "last_index": 3}, ""),
        ({"since": "2026-05-04", "until": "2026-05-04"}, ""),
        ({"actor": "nobody-here"}, "actor"),
        ({"first_index": -1}, "first_index"),
        ({"colour": "red"}, "colour"),
    ],
)
async def test_bad_conditions_are_a_sentence(office: Office, body: dict[str, Any], field: str) -> None:
    answer = await office.call("auditor", "POST", "/holds", json={"reason": "A matter"} | body)
    assert answer.status_code in {400, 422}
    assert answer.json()["detail"]
    assert not field or field in str(answer.json()["fields"])


async def test_release_by_one_person_is_refused(office: Office) -> None:
    hold = await held(office)
    change = await office.ask("auditor", f"/holds/{hold['id']}/release")
    for who in ("auditor", "admin"):
        answered = await office.answer(who, change)
        assert answered.status_code == 403
    assert (await office.get("auditor", "/holds"))["items"][0]["released"] is None
    await office.approve(change)
    assert (await office.get("auditor", "/holds"))["items"] == []
    (ended,) = (await office.get("auditor", "/holds", all=True))["items"]
    assert ended["released_by"] == change["id"]
    assert await office.acts(change) == ["change.create", "change.review", "hold.release", "change.execute"]


async def test_a_released_hold_is_not_released_again(office: Office) -> None:
    hold = await held(office)
    change = await office.ask("admin", f"/holds/{hold['id']}/release")
    assert await office.refused("auditor", f"/holds/{hold['id']}/release") == (409, ["already_pending"])
    await office.approve(change)
    assert await office.refused("auditor", f"/holds/{hold['id']}/release") == (409, ["hold_released"])
    assert (await office.refused("auditor", f"/holds/{uuid7()}/release"))[0] == 404


async def test_the_hold_wins_over_an_erasure_and_the_asker_is_told(office: Office) -> None:
    await held(office, actor="member")
    answer = await office.call(
        "admin", "POST", "/erasures", json={"person": "member", "reason": "They asked us to"}
    )
    assert (answer.status_code, answer.json()["reasons"]) == (409, ["under_hold"])
    assert "ask for its release first" in answer.json()["detail"]


async def test_a_hold_made_after_the_asking_wins_too(office: Office) -> None:
    change = await office.ask("admin", "/erasures", person="member")
    await held(office, actor="member")
    answered = await office.answer("reviewer", change)
    assert (answered.status_code, answered.json()["reasons"]) == (409, ["stale_content"])
    assert "legal hold" in answered.json()["detail"]


async def test_an_erasure_takes_two_people_and_leaves_nothing_that_names(
    office: Office, work_as: WorkAs, admit: Admit
) -> None:
    gone = await admit("leaver", ())
    change = await office.ask("admin", "/erasures", person="leaver", reason="Leaver asked us to, in case 9")
    detail = await office.get("reviewer", f"/changes/{change['id']}")
    assert detail["consequences"][0]["text"] == "Leaver (leaver)"
    await office.approve(change)
    assert await office.acts(change) == [
        "change.create", "change.read", "change.review", "subject.erase", "change.execute"
    ]  # fmt: skip
    assert gone.id in await office.services.keys.erased()
    after = await office.get("reviewer", f"/changes/{change['id']}")
    assert "leaver" not in str(after).lower()
    status, reasons = await office.refused("admin", "/erasures", person="leaver")
    assert (status, reasons) == (422, ["unknown_person"])
    assert await office.refused("admin", "/erasures", person=str(gone.id)) == (409, ["erased"])


async def test_nobody_answers_their_own_erasure(office: Office) -> None:
    change = await office.ask("admin", "/erasures", person="reviewer")
    answered = await office.answer("reviewer", change)
    assert (answered.status_code, answered.json()["reasons"]) == (403, ["party_may_not_decide"])
    assert [one["asked"] for one in (await office.get("reviewer", "/changes"))["items"]] == [False]


async def test_whose_acts_are_held_does_not_answer_the_release(office: Office) -> None:
    hold = await held(office, actor="reviewer")
    change = await office.ask("admin", f"/holds/{hold['id']}/release")
    answered = await office.answer("reviewer", change)
    assert (answered.status_code, answered.json()["reasons"]) == (403, ["party_may_not_decide"])
    assert (await office.get("auditor", "/holds"))["items"][0]["released"] is None
