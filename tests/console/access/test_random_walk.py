"""Five people over the real tables: whatever they try, what is granted had two other humans of both groups.

The same question as tests/console/changes asks in memory, of far fewer steps, with every query of ours.
"""

import random
from typing import Any, Final
from uuid import UUID

import pytest
from sqlmodel import col, select
from uuid_utils.compat import uuid7

from policy.models import Change, ChangeState, Delegation, Review
from sso.models import IdentityLink, PlatformRole
from sso.rights import PersonRights, rights_of

pytestmark = pytest.mark.slow  # hundreds of requests
PEOPLE: Final = ("member", "owner", "reviewer", "admin", "auditor")
OWNS, REVIEWS = "risk-owners", "guildhall-reviewers"
GROUPS: Final = ((), ("retail",), (OWNS,), (REVIEWS,), (OWNS, REVIEWS))
STEPS: Final = 120


@pytest.mark.parametrize("seed", [1, 2])
async def test_nothing_is_granted_without_two_others(
    desk: Any, admit: Any, people: Any, clock: Any, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 -- the same walk in every run
    granted = 0
    for _ in range(STEPS):
        who, other = chance.choice(PEOPLE), chance.choice(PEOPLE)
        move = chance.choices(("ask", "answer", "groups", "deputy", "link", "time"), (6, 24, 4, 2, 1, 2))[0]
        if move == "ask":
            await desk.ask("member", purpose=f"Score shops {chance.random()}")
        elif move == "groups" and who != "member":
            await admit(who, chance.choice(GROUPS))
        elif move == "deputy" and who != other:
            await name(desk, who, other)
        elif move == "link":
            await flip_link(desk.services, people[who].id, people[other].id)
        elif move == "time":
            clock.forward(chance.choice((60, 90_000)))
        elif move == "answer":
            granted += await answer(desk, who)
    assert granted  # else nothing was tried


async def name(desk: Any, who: str, other: str) -> None:
    """Let somebody name a deputy who accepts; of a linked account nobody is one."""
    body = {"deputy": other, "days": 1, "reason": "On leave"}
    named = await desk.call(who, "POST", "/delegations", json=body)
    if named.status_code == 201:
        await desk.call(other, "POST", f"/delegations/{named.json()['id']}/accept")


async def answer(desk: Any, who: str) -> int:
    """Let somebody answer what is pending; judge what is granted by it."""
    async with desk.services.database.read() as session:
        pending = (await session.exec(select(Change).where(col(Change.state) == ChangeState.PENDING))).first()
    if pending is None:
        return 0
    request = {"id": str(pending.id), "content_hash": pending.content_hash}
    answered = await desk.answer(who, request)
    if answered.status_code != 201 or answered.json()["state"] != "approved":
        return 0
    await judge(desk.services, pending.id, desk.services.clock())
    return 1


async def judge(services: Any, change_id: UUID, now: int) -> None:
    """Look at the tables as they are, and at nothing that the product says of them."""
    async with services.database.read() as session:
        change = await session.get_one(Change, change_id)
        reviews = [one for one in await session.exec(select(Review)) if one.change_id == change_id]
        pairs = [{one.person_id, one.other_id} for one in await session.exec(select(IdentityLink))]
        running = [
            one
            for one in await session.exec(select(Delegation))
            if one.accepted and one.starts <= now < one.ends
        ]
        bearers = [one.stands_for or one.reviewer_id for one in reviews]
        rights = [await rights_of(session, bearer) for bearer in bearers]
    asked = human(pairs, change.requester_id)
    for one in running:
        asked |= human(pairs, one.deputy_id) if one.person_id in human(pairs, change.requester_id) else set()
    speakers = [
        human(pairs, one.reviewer_id) | (human(pairs, one.stands_for) if one.stands_for else set())
        for one in reviews
    ]
    able = [
        (held(right), voice)
        for one, right, voice in zip(reviews, rights, speakers, strict=True)
        if not voice & asked
        and (one.stands_for is None or (one.stands_for, one.reviewer_id) in deputies(running))
    ]
    assert any(
        "owner" in first and "reviewer" in second and not one & two
        for first, one in able
        for second, two in able
    ), "granted without a quorum"


def held(right: PersonRights) -> set[str]:
    owns = {"owner"} if "risk" in right.owner_of else set()
    return owns | ({"reviewer"} if PlatformRole.REVIEWER in dict(right.roles) else set())


def deputies(running: list[Delegation]) -> set[tuple[UUID, UUID | None]]:
    return {(one.person_id, one.deputy_id) for one in running}


def human(pairs: list[set[UUID]], account: UUID | None) -> set[UUID]:
    found = {account} if account else set()
    for _ in pairs:
        for pair in pairs:
            found |= pair if pair & found else set()
    return found


async def flip_link(services: Any, one: UUID, other: UUID) -> None:
    """Link two accounts, or part them; as two people would, without their signatures."""
    if one == other:
        return
    first, second = sorted((one, other))
    async with services.database.write() as session:
        found = [
            row
            for row in await session.exec(select(IdentityLink))
            if (row.person_id, row.other_id) == (first, second)
        ]
        for row in found:
            await session.delete(row)
        if not found:
            session.add(IdentityLink(person_id=first, other_id=second, change_id=uuid7(), created=1))
