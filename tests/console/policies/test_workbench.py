"""From a draft to a revision that decides: checked, replayed, voted on under the policy that decides now."""

import json
from typing import Any
from uuid import UUID

import httpx2
import pytest
from uuid_utils.compat import uuid7

from console.policies.flips import Flip, Found
from console.policies.keys import signing_key
from console.policies.past import Piece
from console.policies.replay_loop import work_off
from console.policies.replaying import add_piece
from console.policies.signing import sign_active
from console.services import Services
from policy.bundles import Bundle, read_bundle, revise
from policy.models import PolicyReplay
from policy.recovery import UNPLANNED
from sso.models import PlatformRole, RoleAssignment, Source
from tests.console.people.conftest import Desk
from tests.console.policies.conftest import put_in_force
from tests.console.visitor import heads, visit

pytestmark = pytest.mark.slow  # each builds the whole console


@pytest.fixture
def desk(api: httpx2.AsyncClient, token_for: Any, services: Services) -> Desk:
    return Desk(api, token_for, services)


async def begun(desk: Desk) -> dict[str, Any]:
    made = await desk.post("admin", "/policies/drafts")
    assert made.status_code == 201, made.text
    return made.json()  # type: ignore[no-any-return]


async def save(desk: Desk, draft: dict[str, Any], path: str, text: str) -> httpx2.Response:
    changed = {"path": path, "text": text}
    return await desk.call("admin", "POST", f"/policies/drafts/{draft['id']}/files", json=changed)


async def with_data(desk: Desk, draft: dict[str, Any], **changed: Any) -> dict[str, Any]:
    data = json.loads(read_bundle().files["data.json"])
    data["guildhall"] |= changed
    sent = await save(desk, draft, "data.json", json.dumps(data, indent=1))
    assert sent.status_code == 200, sent.text
    return sent.json()  # type: ignore[no-any-return]


async def replayed(desk: Desk, draft: dict[str, Any], days: int) -> dict[str, Any]:
    """Ask for a replay, and let the worker do it."""
    asked = await desk.post("admin", f"/policies/drafts/{draft['id']}/replay", days=days)
    assert (asked.status_code, asked.json()["replay"]["state"]) == (200, "waiting"), asked.text
    early = await desk.post("admin", f"/policies/drafts/{draft['id']}/propose", reason="Let us see")
    assert (early.status_code, early.json()["reasons"]) == (409, ["replay_running"])
    assert await work_off(desk.services)
    found: dict[str, Any] = (await desk.get("admin", f"/policies/drafts/{draft['id']}"))["replay"]
    assert (found["state"], found["progress"], found["trouble"]) == ("done", 100, None)
    return found


async def proposed(desk: Desk) -> tuple[dict[str, Any], dict[str, Any]]:
    """A longer life for a step-up, proposed after a replay."""
    draft = await with_data(desk, await begun(desk), note="A word that no rule reads")
    if not draft["sound"]:
        raise AssertionError(draft["failed"])
    await replayed(desk, draft, 30)
    asked = await desk.post("admin", f"/policies/drafts/{draft['id']}/propose", reason="Owners stay")
    assert asked.status_code == 201, asked.text
    return draft, asked.json()


async def test_a_draft_begins_sound_and_says_what_is_wrong_when_it_is_not(desk: Desk, people: Any) -> None:
    draft = await begun(desk)
    assert (draft["sound"], draft["passed"] > 100, draft["replay"]) == (True, True, None)
    assert draft["revision"] == draft["base"] == read_bundle().revision
    broken = await with_data(desk, draft, shared=[])
    assert not broken["sound"]
    assert any("everybody calls what is shared" in one["file"] for one in broken["failed"])
    early = await desk.post("admin", f"/policies/drafts/{draft['id']}/propose", reason="Let us see")
    assert (early.status_code, early.json()["reasons"]) == (409, ["unsound"])


async def test_a_draft_that_ends_reviews_of_access_is_told(desk: Desk, people: Any) -> None:
    never = await with_data(desk, await begun(desk), access_review={"days": 0})
    assert (never["sound"], [one["file"] for one in never["problems"]]) == (False, ["data.json"])
    assert "how access is reviewed" in never["problems"][0]["text"]


async def test_what_would_end_reviews_of_access_is_not_brought_back(desk: Desk, people: Any) -> None:
    """A revision from before it was looked for, or one whose draft was checked before."""
    files = dict(read_bundle().files)
    data = json.loads(files["data.json"])
    del data["guildhall"]["access_review"]
    files["data.json"] = json.dumps(data)
    await put_in_force(desk.services, Bundle(files, revise(files)))
    await put_in_force(desk.services, read_bundle())
    refused = await desk.post("admin", "/policies/rollback", reason="Back to what decided before")
    assert (refused.status_code, refused.json()["reasons"]) == (409, ["access_unreviewed"])


async def test_it_decides_once_somebody_else_agreed_and_goes_back_the_same_way(
    desk: Desk, people: Any, services: Services
) -> None:
    draft, change = await proposed(desk)
    assert change["required"] == [{"group": "reviewer", "count": 1}]
    own = await desk.approve("admin", change)
    assert own.status_code == 403
    done = await desk.approve("reviewer", change)
    assert (done.status_code, done.json()["state"]) == (201, "approved"), done.text
    await sign_active(services, signing_key(services.policies.keys))
    now = await desk.get("auditor", "/policies")
    assert (now["active"], now["previous"]) == (draft["revision"], draft["base"])
    assert now["reported"] == draft["revision"]
    back = await desk.post("admin", "/policies/rollback", reason="Nobody could leave any more")
    assert back.status_code == 201, back.text
    assert (await desk.approve("reviewer", back.json())).status_code == 201
    assert (await desk.get("auditor", "/policies"))["active"] == draft["base"]
    assert len(await heads(services, "policy.activate")) == 2


async def test_what_was_replayed_is_what_is_voted_on(desk: Desk, people: Any) -> None:
    draft, _ = await proposed(desk)
    late = await save(desk, draft, "data.json", "{}")
    assert (late.status_code, late.json()["reasons"]) == (409, ["already_proposed"])
    fresh = await begun(desk)
    early = await desk.post("admin", f"/policies/drafts/{fresh['id']}/propose", reason="Let us see")
    assert early.json()["reasons"] == ["not_replayed"]


async def test_a_draft_that_none_could_follow_is_not_sound(desk: Desk, people: Any) -> None:
    data = json.loads(read_bundle().files["data.json"])["guildhall"]
    answers = [{"group": "admin", "count": 1}]  # the rules know no such group
    changes = data["changes"] | {"policy": {"asks": ["admin"], "answers": answers}}
    draft = await with_data(desk, await begun(desk), changes=changes)
    assert (draft["sound"], [one["text"] for one in draft["problems"]]) == (False, [UNPLANNED])


async def test_case_68_a_candidate_has_no_say_in_its_own_approval(desk: Desk, people: Any) -> None:
    """A draft under which its author's team alone answers for policies is answered as today."""
    data = json.loads(read_bundle().files["data.json"])["guildhall"]
    answers = [{"group": "owner:platform", "count": 1}]
    changes = data["changes"] | {"policy": {"asks": ["admin"], "answers": answers}}
    draft = await with_data(desk, await begun(desk), changes=changes)
    assert draft["sound"], draft
    await replayed(desk, draft, 1)
    asked = await desk.post("admin", f"/policies/drafts/{draft['id']}/propose", reason="Less waiting for us")
    assert asked.json()["required"] == [{"group": "reviewer", "count": 1}]
    own = await desk.approve("admin", asked.json())
    assert own.status_code == 403
    assert (await desk.get("auditor", "/policies"))["active"] == draft["base"]


@pytest.mark.parametrize(
    "rule",
    [
        "allow if sum(numbers.range(1, 300000000)) > 0",
        "allow if count([x | some x in numbers.range(1, 300000000)]) > 0",
    ],
)
async def test_case_73_a_draft_that_loops_or_allocates_leaves_the_console_up(
    desk: Desk, people: Any, rule: str
) -> None:
    draft = await begun(desk)
    text = (
        read_bundle()
        .files["guildhall/authz/decision.rego"]
        .replace("default allow := false", f"default allow := false\n\n{rule}")
    )
    sent = await save(desk, draft, "guildhall/authz/decision.rego", text)
    assert (sent.status_code, sent.json()["sound"]) == (200, False)
    assert (await desk.get("auditor", "/policies"))["active"] == draft["base"]


async def test_who_writes_no_policies_is_refused_and_names_are_names(desk: Desk, people: Any) -> None:
    for who in ("member", "reviewer", "auditor", "owner"):
        assert (await desk.post(who, "/policies/drafts")).status_code == 403
    for path in ("../data.json", "/etc/passwd.rego", "a b.rego", "x.py"):
        sent = await desk.post("admin", "/policies/drafts", files={path: "package x"})
        assert (sent.status_code, sent.json()["reasons"]) == (422, ["invalid_files"])


async def flipping(services: Services, draft_id: str, person: UUID, routes: int) -> None:
    """Leave what a replay would have found: one decision on each of so many routes."""
    flips = [
        Flip(str(person), "model.invoke", f"risk.m{number}", True, (), False, ("no_grant",), 2, str(uuid7()))
        for number in range(routes)
    ]
    found, piece = Found({flip.place: flip for flip in flips}, 0), Piece(5, (), 0, 0)
    async with services.database.write() as session:
        row = await session.get_one(PolicyReplay, UUID(draft_id))
        assert await add_piece(session, row, piece, found)


async def test_flips_are_listed_and_admins_are_not_told_whose(
    desk: Desk, people: Any, services: Services
) -> None:
    draft = await with_data(desk, await begun(desk), note="A word that no rule reads")
    await desk.post("admin", f"/policies/drafts/{draft['id']}/replay", days=30)
    await flipping(services, draft["id"], people["member"].id, 60)
    seen = await desk.get("reviewer", f"/policies/drafts/{draft['id']}/flips")
    rest = await desk.get("reviewer", f"/policies/drafts/{draft['id']}/flips", after=seen["next"])
    assert (len(seen["items"]), len(rest["items"]), rest["next"]) == (50, 10, None)
    assert len({one["route"] for one in (*seen["items"], *rest["items"])}) == 60
    assert {one["person"]["handle"] for one in seen["items"]} == {"member"}
    assert {(one["what"], one["times"]) for one in seen["items"]} == {("newly refused", 2)}
    hidden = await desk.get("admin", f"/policies/drafts/{draft['id']}/flips")
    assert {one["person"] for one in hidden["items"]} == {None}
    assert (await desk.call("member", "GET", f"/policies/drafts/{draft['id']}/flips")).status_code == 403
    saved = await save(desk, draft, "data.json", read_bundle().files["data.json"])
    assert saved.json()["replay"] is None
    assert (await desk.get("reviewer", f"/policies/drafts/{draft['id']}/flips"))["items"] == []


async def given(services: Services, person: UUID, roles: list[tuple[str, str]]) -> None:
    rows = [
        RoleAssignment(person_id=person, role=PlatformRole(role), scope=scope, managed_by=Source.MANUAL)
        for role, scope in roles
    ]
    async with services.database.write() as session:
        session.add_all(rows)


RISK = '["risk"]'
PLACES = ("risk.credit-default", "health.tumour-screen", "policy")


@pytest.mark.usefixtures("catalog")
@pytest.mark.parametrize(
    ("roles", "told"),
    [
        ([("auditor", RISK)], PLACES[:1]),
        ([("reviewer", RISK)], PLACES[:1]),
        ([("auditor", "all")], PLACES),
        ([("auditor", "all"), ("admin", "all")], ()),
    ],
)
async def test_whose_a_flip_is_keeps_to_the_readers_scope(
    desk: Desk, people: Any, admit: Any, roles: list[tuple[str, str]], told: tuple[str, ...]
) -> None:
    services, member = desk.services, str(people["member"].id)
    await given(services, (await admit("auditor", ())).id, roles)
    draft = await with_data(desk, await begun(desk), note="A word that no rule reads")
    await desk.post("admin", f"/policies/drafts/{draft['id']}/replay", days=30)
    flips = [Flip(member, "x.read", place, True, (), False, ("y",), 1, str(uuid7())) for place in PLACES]
    async with services.database.write() as session:
        row = await session.get_one(PolicyReplay, UUID(draft["id"]))
        found = Found({flip.place: flip for flip in flips}, 0)
        assert await add_piece(session, row, Piece(5, (), 0, 0), found)
    seen = (await desk.get("auditor", f"/policies/drafts/{draft['id']}/flips"))["items"]
    assert {one["route"] for one in seen} == set(PLACES)
    assert {one["route"] for one in seen if one["person"]} == set(told)


async def test_the_page_looks_again_until_the_replay_is_done(
    services: Services, desk: Desk, people: Any
) -> None:
    draft = await with_data(desk, await begun(desk), note="A word that no rule reads")
    await desk.post("admin", f"/policies/drafts/{draft['id']}/replay", days=30)
    reviewer = visit(services)
    await reviewer.sign_in("reviewer")
    path, htmx = f"/policies/drafts/{draft['id']}", {"hx-request": "true"}
    waiting = await reviewer.client.get(path, headers=htmx)
    assert "It waits for the worker." in waiting.text
    assert 'hx-trigger="load delay:1s"' in waiting.text
    assert "<html" not in waiting.text
    await flipping(services, draft["id"], people["member"].id, 60)
    running = await reviewer.client.get(path, headers=htmx)
    assert "It goes on beside everything else" in running.text
    assert await work_off(services)
    done = await reviewer.client.get(path, headers=htmx)
    assert 'hx-get="' + path + '"' not in done.text
    assert (done.text.count("Newly refused"), "Load more" in done.text) == (50, True)


async def test_the_pages_show_it(services: Services, desk: Desk, people: Any) -> None:
    draft, _ = await proposed(desk)
    reviewer = visit(services)
    await reviewer.sign_in("reviewer")
    page = await reviewer.client.get(f"/policies/drafts/{draft['id']}")
    assert "<strong>none</strong> would come out differently" in page.text
    assert "This draft was proposed" in page.text
    text = await reviewer.client.get(f"/policies/revisions/{draft['base']}")
    assert "May the subject do the action on the resource?" in text.text
    assert (await reviewer.client.get("/policies")).status_code == 200
