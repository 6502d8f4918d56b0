"""What was decided is read out of the log's sealed parts, and replayed under another policy."""

import asyncio
import json
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlmodel import select
from uuid_utils.compat import uuid7

from audit import outbox
from audit.event import Event, Outcome, Part, Resource
from audit.events import Action
from audit.models import body, entry
from audit.record import seal
from console.policies import past as past_module
from console.policies.drafts import replay_draft
from console.policies.flips import Found
from console.policies.past import PastReader, Piece
from console.policies.replay_loop import work_off
from console.policies.replaying import add_piece, drop_replay, read_flips, span_of
from console.questions import Origin
from console.sign_in.providers import dev_issuer
from console.trail.queries import Search, search_events
from console.work import UnitOfWork
from policy.bundles import Bundle, read_bundle, revise
from policy.canonical import canonical
from policy.models import PolicyDraft, PolicyFlip, PolicyReplay
from policy.replay import Past
from sso.principal import Authentication, Principal, system_principal
from tests.console.trail.trail import Trail

pytestmark = pytest.mark.slow

SOUND = json.dumps({"problems": [], "failed": [], "passed": 1})


class Stop(asyncio.Event):
    """Set once it was asked about so often, as when a process ends between two pieces."""

    def __init__(self, asked: int) -> None:
        super().__init__()
        self._left = asked

    def is_set(self) -> bool:
        self._left -= 1
        return self._left < 0


def without_auditors() -> Bundle:
    """Rules under which an auditor reads no log."""
    files = dict(read_bundle().files)
    data = json.loads(files["data.json"])
    data["guildhall"]["platform_roles"]["auditor"].remove("audit.read")
    files["data.json"] = json.dumps(data)
    return Bundle(files, revise(files))


def principal(trail: Trail, name: str) -> Principal:
    proof = Authentication(method="bearer", issuer=dev_issuer(trail.services.settings), subject=name)
    return Principal(trail.people[name], "person", name, name, proof)


async def look(trail: Trail, times: int) -> None:
    for _ in range(times):
        work = UnitOfWork(trail.services, principal(trail, "auditor"), Origin("test"))
        await search_events(work, Search(), None)
    await trail.settle()


async def begin(trail: Trail, bundle: Bundle) -> UUID:
    """Make a draft of these rules, and ask that it is replayed."""
    draft = PolicyDraft(
        id=uuid7(),
        author_id=trail.people["admin"],
        base=read_bundle().revision,
        files=canonical(bundle.files).decode(),
        report=SOUND,
        created=1,
        updated=1,
    )
    draft_id = draft.id
    await trail.add(draft)
    await ask(trail, draft_id)
    return draft_id


async def ask(trail: Trail, draft_id: UUID) -> None:
    work = UnitOfWork(trail.services, principal(trail, "admin"), Origin("test"))
    await replay_draft(work, draft_id, 30)


async def found(trail: Trail, draft_id: UUID) -> PolicyReplay:
    async with trail.services.database.read() as session:
        return await session.get_one(PolicyReplay, draft_id)


async def flips_of(trail: Trail, draft_id: UUID) -> list[tuple[str, int, dict[str, Any]]]:
    async with trail.services.database.read() as session:
        rows = await read_flips(session, draft_id)
        return [(row.what, row.times, json.loads(row.said)) for row in rows]


def reader(trail: Trail, since: int = 0) -> PastReader:
    return PastReader(trail.services, since, -1, 10**9)


async def read_all(trail: Trail, size: int, since: int = 0) -> list[Piece]:
    pieces, reading = [], reader(trail, since)
    while (piece := await reading.read(size)) is not None:
        pieces.append(piece)
    return pieces


async def test_each_flip_names_person_action_and_reason(trail: Trail) -> None:
    await look(trail, 3)
    draft_id = await begin(trail, without_auditors())
    assert await work_off(trail.services)
    row = await found(trail, draft_id)
    assert (row.decisions, row.flipped, row.undecided, row.unreadable) == (3, 3, 0, 0)
    ((what, times, said),) = await flips_of(trail, draft_id)
    assert (what, times) == ("newly refused", 3)
    assert said == {
        "person": str(trail.people["auditor"]),
        "action": "audit.read",
        "route": "audit",
        "allowed": True,
        "reasons": [],
        "would_allow": False,
        "would_reasons": ["not_permitted"],
    }
    assert not await work_off(trail.services)


async def test_what_decides_flips_nothing_and_the_log_tells_of_asking_and_of_the_end(trail: Trail) -> None:
    await look(trail, 2)
    draft_id = await begin(trail, read_bundle())
    assert await work_off(trail.services)
    row = await found(trail, draft_id)
    assert (row.decisions, row.flipped, await flips_of(trail, draft_id)) == (2, 0, [])
    assert row.digest is not None
    await trail.settle()
    query = sa.select(entry.c.actor).where(entry.c.action == "policy.replay").order_by(entry.c.index)
    async with trail.services.log.engine.connect() as connection:
        actors = list(await connection.scalars(query))
    assert actors == [trail.people["admin"], system_principal("worker").id]


async def test_another_process_goes_on_where_one_ended(trail: Trail) -> None:
    await look(trail, 5)
    draft_id = await begin(trail, without_auditors())
    assert await work_off(trail.services, Stop(3), size=1)
    half = await found(trail, draft_id)
    assert (half.done, 0 < half.decisions < 5) == (None, True)
    assert half.first < half.position < half.last
    assert await work_off(trail.services, size=2)
    row = await found(trail, draft_id)
    assert (row.decisions, row.flipped, row.done is None) == (5, 5, False)
    ((_, times, _),) = await flips_of(trail, draft_id)
    assert times == 5


async def test_what_was_asked_anew_is_not_mixed_with_what_ran(trail: Trail) -> None:
    await look(trail, 3)
    draft_id = await begin(trail, without_auditors())
    assert await work_off(trail.services, Stop(2), size=1)
    old = await found(trail, draft_id)
    await ask(trail, draft_id)
    async with trail.services.database.write() as session:
        assert not await add_piece(session, old, Piece(9, (), 0, 0), Found({}, 0))
    assert await work_off(trail.services)
    assert (await found(trail, draft_id)).decisions == 3
    async with trail.services.database.write() as session:
        await drop_replay(session, draft_id)
    async with trail.services.database.read() as session:
        assert (await session.exec(select(PolicyFlip))).all() == []


async def test_a_candidate_that_does_not_compile_is_given_up(trail: Trail) -> None:
    await look(trail, 1)
    files = dict(read_bundle().files) | {"guildhall/authz/decision.rego": "package guildhall.authz\n\nx := {"}
    draft_id = await begin(trail, Bundle(files, revise(files)))
    assert await work_off(trail.services)
    row = await found(trail, draft_id)
    assert row.done is not None
    assert "does not compile" in str(row.trouble)
    assert not await work_off(trail.services)


@pytest.mark.parametrize(
    "changed",
    [
        'parts = CAST(replace(CAST(parts AS TEXT), \'"sealed":"\', \'"sealed":"AAAA\') AS BLOB)',
        'parts = CAST(replace(CAST(parts AS TEXT), \'"commitment":"\', \'"commitment":"00\') AS BLOB)',
        "parts = x'00'",
        "parts = CAST('[]' AS BLOB)",
    ],
)
async def test_a_decision_whose_details_were_altered_is_counted_and_the_others_are_replayed(
    trail: Trail, changed: str
) -> None:
    await look(trail, 3)
    (piece,) = await read_all(trail, 10)
    async with trail.services.log.engine.begin() as connection:
        statement = f"UPDATE body SET {changed} WHERE [index] = {piece.position}"  # noqa: S608 - ours
        await connection.exec_driver_sql(statement)
    draft_id = await begin(trail, without_auditors())
    assert await work_off(trail.services)
    row = await found(trail, draft_id)
    assert (row.decisions, row.flipped, row.unreadable, row.altered) == (2, 2, 1, 1)


async def test_an_altered_head_breaks_nothing_either(trail: Trail) -> None:
    await look(trail, 2)
    (piece,) = await read_all(trail, 10)
    async with trail.services.log.engine.begin() as connection:
        triggers = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        for name in (await connection.exec_driver_sql(triggers)).scalars().all():
            await connection.exec_driver_sql(f"DROP TRIGGER {name}")
        await connection.execute(
            sa.update(entry).where(entry.c.index == piece.position).values(head=b'{"v":1}')
        )
    ((again),) = await read_all(trail, 10)
    assert (len(again.pasts), again.unreadable, again.altered) == (1, 1, 1)


async def test_details_that_were_removed_are_unreadable_and_not_altered(trail: Trail) -> None:
    await look(trail, 2)
    (piece,) = await read_all(trail, 10)
    async with trail.services.log.engine.begin() as connection:
        await connection.execute(sa.delete(body).where(body.c.index == piece.position))
    (again,) = await read_all(trail, 10)
    assert (len(again.pasts), again.unreadable, again.altered) == (1, 1, 0)


async def decide(trail: Trail, decision: UUID, *, reuses: UUID | None = None, word: str = "") -> None:
    """Log a call that rests on a decision of its own, or on an earlier one."""
    member, result = (
        trail.people["member"],
        {"allow": True, "reasons": [], "matched": [], "valid_until": None},
    )
    document = {
        "subject": {"id": word},
        "action": "model.invoke",
        "resource": {},
        "grants": [],
        "context": {},
    }
    content = {"input": document, "engine": "embedded", "result": result}
    own = (Part(name="decision", subject=member, content=content),) if reuses is None else ()
    event = Event(
        id=uuid7(),
        action=Action.MODEL_INVOKE,
        actor=member,
        outcome=Outcome.SUCCESS,
        resource=Resource(type="route", id=trail.routes["risk.credit-default"]),
        decision=decision,
        evaluation=reuses,
        parts=own,
    )
    async with trail.services.database.write() as session:
        keys = await trail.services.keys.ensure([None, member])
        await outbox.append(session, seal(event, time=trail.services.clock(), keys=keys))


def words(pieces: list[Piece]) -> list[object]:
    return [_word(past) for piece in pieces for past in piece.pasts]


def _word(past: Past) -> object:
    subject = past.document["subject"]
    return subject["id"] if isinstance(subject, dict) else None


@pytest.mark.parametrize("kept", [0, 1, 100])
@pytest.mark.parametrize("size", [1, 2, 100])
async def test_a_call_that_reused_a_decision_has_its_input_however_far_back(
    trail: Trail, monkeypatch: pytest.MonkeyPatch, kept: int, size: int
) -> None:
    monkeypatch.setattr(past_module, "KEPT", kept)
    first, second = uuid7(), uuid7()
    await decide(trail, first, word="first")
    await decide(trail, second, word="second")
    await trail.settle()
    since = trail.services.clock()
    for reused in (second, first, first, uuid7()):
        await decide(trail, uuid7(), reuses=reused)
    await trail.settle()
    assert words(await read_all(trail, size)) == ["first", "second", "second", "first", "first"]
    late = await read_all(trail, size, since)
    assert (words(late), sum(piece.unreadable for piece in late)) == (["second", "first", "first"], 1)


async def test_only_decisions_of_these_days_are_read(trail: Trail) -> None:
    await look(trail, 2)
    assert await span_of(trail.services, trail.services.clock() + 60_000_000) == (-1, -1)
    first, last = await span_of(trail.services, 0)
    assert (first, last > 0) == (-1, True)
    assert await read_all(trail, 10, trail.services.clock() + 60_000_000) == []
