"""No one who would newly gain by a policy counts as its second person, by no account of theirs; others do."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from console.policies.flips import Flip, Found
from console.policies.gainers import _by_replay, policy_gainers
from console.policies.past import Piece
from console.policies.replaying import add_piece, digest_of
from console.services import Services
from policy.bundles import read_bundle
from policy.models import PolicyReplay
from sso.models import IdentityLink
from tests.console.catalog.both import settings  # noqa: F401 - both databases
from tests.console.people.conftest import Desk
from tests.console.people.conftest import desk as people_desk
from tests.console.policies.test_workbench import begun, replayed, save
from tests.console.visitor import visit

__all__ = ["people_desk"]
pytestmark = pytest.mark.slow  # each builds the whole console
GROUNDS = "guildhall/authz/grounds.rego"
FRIEND = """
role_grounds contains "friend" if {
	input.subject.id == "%s"
	input.action == "role.assign"
}
"""


@pytest.fixture
def desk(people_desk: Desk) -> Desk:
    return people_desk


async def proposed_for(desk: Desk, friend: UUID) -> dict[str, Any]:
    """Propose rules that name somebody."""
    draft = await begun(desk)
    sent = await save(desk, draft, GROUNDS, read_bundle().files[GROUNDS] + FRIEND % friend)
    assert (sent.status_code, sent.json()["sound"]) == (200, True), sent.text
    await replayed(desk, draft, 1)
    asked = await desk.post("admin", f"/policies/drafts/{draft['id']}/propose", reason="A friend helps out")
    assert asked.status_code == 201, asked.text
    return asked.json()  # type: ignore[no-any-return]


async def test_whoever_the_candidate_favours_does_not_answer_for_it(
    desk: Desk, people: Any, admit: Any, services: Services
) -> None:
    change = await proposed_for(desk, people["reviewer"].id)
    refused = await desk.approve("reviewer", change)
    assert (refused.status_code, refused.json()["reasons"]) == (403, ["party_may_not_decide"])
    reviewer = visit(services)
    await reviewer.sign_in("reviewer")
    page = (await reviewer.client.get(f"/records/changes/{change['id']}")).text
    assert "you would gain by it" in page
    await admit("auditor", ("guildhall-reviewers",))
    done = await desk.approve("auditor", change)
    assert (done.status_code, done.json()["state"]) == (201, "approved"), done.text


async def test_case_61_who_wrote_a_draft_does_not_answer_for_it_whoever_proposes_it(
    desk: Desk, people: Any, admit: Any, services: Services
) -> None:
    for who in ("reviewer", "member"):
        await admit(who, ("guildhall-admins", "guildhall-reviewers"))
    draft = await begun(desk)
    changed = {"path": GROUNDS, "text": read_bundle().files[GROUNDS] + "# read once more\n"}
    saved = await desk.call("reviewer", "POST", f"/policies/drafts/{draft['id']}/files", json=changed)
    assert saved.status_code == 200, saved.text
    await replayed(desk, draft, 1)
    asked = await desk.post("member", f"/policies/drafts/{draft['id']}/propose", reason="Easier to read")
    assert asked.status_code == 201, asked.text
    refused = await desk.approve("reviewer", asked.json())
    assert (refused.status_code, refused.json()["reasons"]) == (403, ["requester_may_not_decide"])
    told = await desk.get("reviewer", f"/changes/{asked.json()['id']}")
    wrote = {one["label"]: one["text"] for one in told["consequences"]}["Written by"]
    assert (told["party"], told["asked"], wrote.count(",")) == (True, False, 1)
    await admit("auditor", ("guildhall-reviewers",))
    done = await desk.approve("auditor", asked.json())
    assert (done.status_code, done.json()["state"]) == (201, "approved"), done.text


async def test_nor_does_another_account_of_theirs(
    desk: Desk, people: Any, admit: Any, services: Services
) -> None:
    change = await proposed_for(desk, people["reviewer"].id)
    other = await admit("auditor", ("guildhall-reviewers",))
    one, two = sorted((people["reviewer"].id, other.id))
    async with services.database.write() as session:
        link = IdentityLink(id=uuid7(), person_id=one, other_id=two, change_id=uuid7(), created=1)
        session.add(link)
    refused = await desk.approve("auditor", change)
    assert (refused.status_code, refused.json()["reasons"]) == (403, ["party_may_not_decide"])


async def test_who_answers_for_nothing_is_not_looked_at_and_of_an_unkept_revision_nobody_is_cleared(
    desk: Desk, people: Any, services: Services
) -> None:
    change = await proposed_for(desk, people["member"].id)
    content = (await desk.get("auditor", f"/changes/{change['id']}"))["content"]
    everybody = frozenset(one.id for one in people.values())
    async with services.database.read() as session:
        assert await policy_gainers(services, session, content, everybody) == frozenset()
        gone = {**content, "revision": "0" * 64}
        assert await policy_gainers(services, session, gone, everybody) == everybody


async def test_who_was_refused_in_the_days_of_the_replay_and_would_or_may_be_allowed_gains(
    desk: Desk, people: Any, services: Services
) -> None:
    draft, member = (await begun(desk))["id"], people["member"].id
    entry = str(uuid7())
    gained = Flip(str(member), "model.invoke", "risk.x", False, ("no_grant",), True, (), 3, entry)
    lost = Flip(str(people["owner"].id), "route.stop", "risk.x", True, (), False, ("x",), 1, entry)
    unknown = replace(gained, person=str(people["auditor"].id), would_allow=False, answered=False)
    replay = PolicyReplay(draft_id=UUID(draft), asked=1, since=1, first=-1, last=9, position=-1)
    async with services.database.write() as session:
        session.add(replay)
        found = Found({flip.place: flip for flip in (gained, lost, unknown)}, 1)
        assert await add_piece(session, replay, Piece(9, (), 0, 0), found)
        digest = await digest_of(session, replay, "r")
    everybody = frozenset(one.id for one in people.values())
    content = {"draft": draft, "replay": digest, "revision": "r"}
    async with services.database.read() as session:
        assert await _by_replay(session, content, everybody) == {member, people["auditor"].id}
        assert await _by_replay(session, {**content, "replay": "0" * 64}, everybody) == everybody
        assert await _by_replay(session, {**content, "replay": None}, everybody) == frozenset()
